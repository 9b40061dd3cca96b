/** Long work at the portal: how far it is is asked while the call that does it is open, by a name that the page makes up. */

import { ApiError, call } from './api.js';

export const ASK_MS = 300;

/** Return a name for a piece of work. */
export const newRequest = () => crypto.randomUUID?.() ?? madeUp(); // that is there in a secure context alone

const madeUp = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const pause = () => new Promise((done) => setTimeout(done, ASK_MS));

/**
 * Do some work, and tell how far it is.
 * @template R
 * @param {string} path where that is asked @param {() => Promise<R>} work @param {(far: any) => void} told
 * @returns {Promise<R>}
 */
export async function whileUnderWay(path, work, told) {
  let over = false;
  const watch = async () => {
    while (!over) {
      await pause();
      if (over) return;
      try {
        const far = await call('GET', path);
        if (!over) told(far);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // not begun yet, or the portal is away: its end will say
      }
    }
  };
  void watch();
  try {
    return await work();
  } finally {
    over = true;
  }
}
