/** Coming in: what the address brings stands behind '#', and is gone from it before anything else happens. */

import * as api from './api.js';
import { arriveHere, keepSession, sessionIn, sessionKey } from './here.js';

/** What an address may bring: a one-time ticket, an invitation, a link to choose a password, one that shows that a mail address is somebody's. */
const BROUGHT = /** @type {const} */ (['login', 'invite', 'reset', 'verify']);
/** @typedef {{what: 'login'|'invite'|'reset'|'verify', secret: string}} Brought */

/** Return what an address brings, and the rest of it. Pure. @param {string} hash @returns {{brought: Brought|null, rest: string}} */
export function parted(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const what = BROUGHT.find((name) => parts.has(name));
  if (!what) return { brought: null, rest: hash.replace(/^#/, '') };
  const secret = parts.get(what) ?? '';
  for (const name of BROUGHT) parts.delete(name);
  return { brought: { what, secret }, rest: parts.toString().replaceAll('%2C', ',') };
}

/** Take what the address brings out of it. */
export function takeBrought() {
  const { brought, rest } = parted(location.hash);
  if (brought) history.replaceState(null, '', `${location.pathname}${location.search}${rest && `#${rest}`}`);
  return brought;
}

/** Take the key of a login; it begins in the session that the address names, if any. @param {{key: string}} answer */
function enter({ key }) {
  api.setKey(key);
  keepSession(sessionIn(location.hash));
}

/**
 * Log in by a one-time ticket, or as the portal says by itself. Returns null when this tab holds a key, else the line that says why not.
 * @param {string|null} ticket
 */
export async function login(ticket) {
  arriveHere();
  if (ticket !== null) {
    const problem = await problemOf(() => loginBy({ ticket }));
    if (problem !== '' && !api.hasKey()) return problem;
  }
  if (api.hasKey()) return null;
  if ((await loginWay()).way !== 'proxy') return '';
  return (await problemOf(() => loginBy({ fields: {} }))) || null;
}

/** @typedef {{way: string, title: string, fields: {name: string, title: string, secret: boolean}[], registration?: 'no'|'approval'|'open', mail?: boolean}} Way */

/** @type {Promise<Way>|null} */
let way = null;

/** Return how one logs in here: by one-time addresses alone, unless it is set otherwise. @returns {Promise<Way>} */
export function loginWay() {
  way ??= api.call('GET', '/login-way').catch(() => ({ way: 'token', title: '', fields: [] }));
  return way;
}

/** Log in with a ticket, or with what was typed. Throws ApiError. @param {{ticket: string}|{fields: Record<string, string>}} given */
export async function loginBy(given) {
  enter(await api.call('POST', '/login', given));
}

/** Come in as a guest. Throws ApiError. @param {string} secret @param {string} name */
export async function accept(secret, name) {
  enter(await api.call('POST', '/invitations/accept', { secret, name }));
}

/** @param {{name: string, password: string, display?: string, mail?: string}} what @returns {Promise<{state: string}>} */
export const register = (what) => api.call('POST', '/account/register', what);
/** @param {string} secret @returns {Promise<{state: string, name: string}>} */
export const verify = (secret) => api.call('POST', '/account/verify', { secret });
/** @param {string} name */
export const forgot = (name) => api.call('POST', '/account/forgot', { name });
/** @param {string} secret @param {string} password @returns {Promise<{name: string}>} */
export const reset = (secret, password) => api.call('POST', '/account/reset', { secret, password });

/** Do something; return the line that says what went wrong, '' when nothing did. @param {() => Promise<unknown>} does */
export async function problemOf(does) {
  try {
    await does();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** An address pasted into this tab changes only what is after '#': start again with it when it brings something, or leads to another session. */
export function watchAddress() {
  addEventListener('hashchange', () => {
    const wanted = sessionIn(location.hash);
    if (parted(location.hash).brought || (wanted !== '' && wanted !== sessionKey())) location.reload();
  });
}
