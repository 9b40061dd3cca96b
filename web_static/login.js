/** Login: the one-time ticket stands in the address after '#', and is gone from it before anything else happens. */

import * as api from './api.js';

/** Return the ticket in the address and take it out, or null. */
function takeTicket() {
  const ticket = new URLSearchParams(location.hash.slice(1)).get('login');
  if (ticket !== null) history.replaceState(null, '', location.pathname + location.search);
  return ticket;
}

/** Log in by the address if it says so. Returns null when this tab holds a key, else the line that says why not. */
export async function login() {
  const ticket = takeTicket();
  if (ticket !== null) {
    try {
      const { key } = await api.call('POST', '/login', { ticket });
      api.setKey(key);
    } catch (error) {
      if (!api.hasKey()) return error instanceof Error ? error.message : String(error);
    }
  }
  return api.hasKey() ? null : '';
}

/** A new address pasted into this tab changes only what is after '#': start again with it. */
export function watchAddress() {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#login=')) location.reload();
  });
}
