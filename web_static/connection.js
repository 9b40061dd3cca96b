/**
 * The wall stream's life as the page sees it: tickets, the worker that holds the socket, coming back after a loss.
 *
 * Fires `event` (detail: what the portal says) and `status` (detail: Status).
 *
 * @typedef {{state: 'connecting'|'open'|'lost'|'expired'|'gone'|'outdated', reason: string, lostAt: Date|null}} Status  expired: no login any
 *   more; gone: no way into this session any more, or there is none
 * @typedef {import('./wall-worker.js').ToWorker} ToWorker
 * @typedef {import('./wall-worker.js').FromWorker} FromWorker
 */

import { ApiError, streamTicket } from './api.js';
import { languageOf, t } from './text.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const HEALTHY_MS = 5000; // open for so long, the next loss starts with the first wait again

export class Connection extends EventTarget {
  /** @type {Status} */ status = { state: 'connecting', reason: '', lostAt: null };
  #worker = new Worker(new URL(`./wall-worker.js?lang=${languageOf()}`, import.meta.url), { type: 'module', name: 'wall' });
  /** @type {Map<number, (value: any) => void>} */ #waiting = new Map();
  #requests = 0;
  #wait = FIRST_WAIT_MS;
  #openedAt = 0;
  #timer = 0;
  #trying = false;
  #out = ''; // why the portal ended the stream, where it did so on purpose

  constructor() {
    super();
    this.#worker.addEventListener('message', ({ data }) => this.#hear(data));
    this.#worker.addEventListener('error', (event) => event instanceof ErrorEvent || dispatchEvent(new Event('incomplete'))); // it did not come
    addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => document.hidden || this.retryNow());
  }

  /** Tell the worker something. @param {ToWorker} message @param {Transferable[]} [transfer] */
  tell(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** Ask the worker for a tile's last picture; null when it has none. @param {number} id @returns {Promise<ImageBitmap|null>} */
  snapshot(id) {
    return this.#ask((request) => ({ type: 'snapshot', id, request }));
  }

  /** Ask the worker what it drew. @returns {Promise<{frames: number, tiles: Record<number, number>}>} */
  drawn() {
    return this.#ask((request) => ({ type: 'drawn', request }));
  }

  /** Have the worker record a movie of the wall, or of one tile; return whether it does. @param {number|null} tile @returns {Promise<boolean>} */
  film(tile) {
    return this.#ask((request) => ({ type: 'film', tile, request }));
  }

  /** End the movie and have it. @returns {Promise<{movie: Blob|null, problem: string}>} */
  filmed() {
    return this.#ask((request) => ({ type: 'filmed', request }));
  }

  /** @param {(request: number) => ToWorker} make @returns {Promise<any>} */
  #ask(make) {
    this.#requests += 1;
    const request = this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve);
      this.tell(make(request));
    });
  }

  /** Open the stream: a ticket first, then the socket in the worker. */
  async open() {
    if (this.#trying || ['expired', 'gone', 'outdated'].includes(this.status.state)) return;
    this.#trying = true;
    clearTimeout(this.#timer);
    try {
      this.tell({ type: 'connect', ...(await streamTicket('wall')) });
    } catch (error) {
      this.#trying = false;
      const status = error instanceof ApiError ? error.status : 0;
      if (status === 401) this.#say('expired', this.#out || String(/** @type {Error} */ (error).message));
      else if (status === 403 || status === 404) this.#say('gone', this.#out || String(/** @type {Error} */ (error).message));
      else this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  /** Try again now if the stream is lost. */
  retryNow() {
    if (this.status.state === 'lost') void this.open();
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#say('lost', reason);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.open(), this.#wait * (0.8 + 0.4 * Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  /** @param {FromWorker} message */
  #hear(message) {
    if (message.type === 'open') {
      this.#trying = false;
      this.#openedAt = Date.now();
      this.#out = '';
      this.#say('open', '');
    } else if (message.type === 'outdated') {
      this.#trying = false;
      this.#say('outdated', '');
    } else if (message.type === 'closed') {
      this.#trying = false;
      if (this.#openedAt > 0 && Date.now() - this.#openedAt > HEALTHY_MS) this.#wait = FIRST_WAIT_MS;
      this.#openedAt = 0;
      this.#out = message.out ? message.reason : '';
      this.#lost(message.reason || t('status.broke-off'));
    } else if (message.type === 'event') {
      this.dispatchEvent(new CustomEvent('event', { detail: message.event }));
    } else {
      this.#waiting.get(message.request)?.(message.value);
      this.#waiting.delete(message.request);
    }
  }

  /** @param {Status['state']} state @param {string} reason */
  #say(state, reason) {
    const lostAt = state === 'open' ? null : (this.status.lostAt ?? new Date());
    this.status = { state, reason, lostAt };
    this.dispatchEvent(new CustomEvent('status', { detail: this.status }));
  }
}
