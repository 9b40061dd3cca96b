/**
 * The connection to one tile's display: a socket of ours, noVNC on it, and again after a loss.
 *
 * @typedef {EventTarget & {scaleViewport: boolean, resizeSession: boolean, showDotCursor: boolean, background: string,
 *   qualityLevel: number, compressionLevel: number, viewOnly: boolean, focusOnClick: boolean,
 *   focus(options?: FocusOptions): void, disconnect(): void, sendKey(keysym: number, code: string): void,
 *   clipboardPasteFrom(text: string): void}} Rfb
 *   what we use of noVNC's RFB (its docs/API.md)
 * @typedef {new (target: HTMLElement, channel: WebSocket, options?: {shared?: boolean}) => Rfb} RfbClass
 */

import { ApiError, streamTicket } from './api.js';
import { t } from './text.js';

const NOVNC = new URL('./vendor/novnc/core/rfb.js', import.meta.url).href;
const ESCAPE_KEYSYM = 0xff1b;
const SLOW_MS = 500; // what is quicker needs no words
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Have the viewer's modules ready, so that the first tile opens at once. */
export const preload = () => void import(NOVNC).catch(() => undefined);

export class Remote {
  /** @type {Rfb|null} */ #rfb = null;
  #stopped = false;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #slow = 0;
  #looking = false;
  #resizing = false;
  /** @type {string|null} what the tile copied last, since it was opened: nothing of it goes further by itself */ copied = null;

  /**
   * @param {number} tile id @param {HTMLElement} target
   * @param {{say: (text: string) => void, lost: () => void}} does
   */
  constructor(tile, target, does) {
    this.tile = tile;
    this.target = target;
    this.does = does;
    void this.#open();
  }

  async #open() {
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => this.#stopped || this.does.say(t('remote.connecting')), SLOW_MS);
    try {
      const [module, { url, protocols }] = await Promise.all([import(NOVNC), streamTicket('rfb', this.tile)]);
      if (this.#stopped) return;
      this.#attach(/** @type {RfbClass} */ (module.default), new WebSocket(url, protocols));
    } catch (error) {
      this.#lost(error instanceof ApiError ? error.message : t('remote.no-viewer'));
    }
  }

  /** @param {RfbClass} RFB @param {WebSocket} socket */
  #attach(RFB, socket) {
    const rfb = new RFB(this.target, socket, { shared: true });
    this.#rfb = rfb;
    rfb.scaleViewport = true;
    rfb.background = 'transparent'; // the wall's last picture lies below until the first of the tile's own
    rfb.qualityLevel = 9;
    rfb.compressionLevel = 1;
    rfb.viewOnly = this.#looking;
    rfb.resizeSession = this.#resizing;
    rfb.addEventListener('clipboard', (event) => {
      this.copied = /** @type {CustomEvent<{text: string}>} */ (event).detail.text;
    });
    rfb.addEventListener('connect', () => {
      clearTimeout(this.#slow);
      this.#wait = FIRST_WAIT_MS;
      this.does.say('');
      rfb.focus({ preventScroll: true });
    });
    rfb.addEventListener('disconnect', () => {
      if (this.#rfb !== rfb) return;
      this.#rfb = null;
      this.#lost(t('remote.lost'));
    });
    rfb.addEventListener('securityfailure', (event) => {
      const { reason } = /** @type {CustomEvent<{reason?: string}>} */ (event).detail;
      this.does.say(t('remote.refuses', { why: reason ?? t('remote.no-reason') }));
    });
  }

  /** @param {string} reason */
  #lost(reason) {
    clearTimeout(this.#slow);
    if (this.#stopped) return;
    this.does.lost();
    this.does.say(t('remote.again', { why: `${reason[0].toUpperCase()}${reason.slice(1)}` }));
    this.#timer = setTimeout(() => void this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  /** Fill the target again: noVNC measures it with its transform, and hears of no change of that. */
  fit() {
    if (this.#rfb) this.#rfb.scaleViewport = true;
  }

  sendEscape() {
    this.#rfb?.sendKey(ESCAPE_KEYSYM, 'Escape');
    this.focus();
  }

  /** Give the tile what it then can paste. @param {string} text */
  paste(text) {
    this.#rfb?.clipboardPasteFrom(text);
    this.focus();
  }

  focus() {
    this.#rfb?.focus({ preventScroll: true });
  }

  /** Only look, or work too. @param {boolean} yes */
  look(yes) {
    if (this.#looking === yes) return;
    this.#looking = yes;
    if (this.#rfb && !this.#stopped) this.#rfb.viewOnly = yes;
  }

  /** Let the display have the window's size, now and when that changes. @param {boolean} yes */
  resize(yes) {
    this.#resizing = yes;
    if (this.#rfb) this.#rfb.resizeSession = yes;
  }

  /** Let go of every key: noVNC does so when the window loses the keyboard, and at no other word. */
  release() {
    if (this.#rfb) dispatchEvent(new Event('blur'));
  }

  /** Take no more input, but keep the picture: the tile is on its way back to the wall. */
  hold() {
    this.release();
    this.#stopped = true;
    if (this.#rfb) this.#rfb.viewOnly = true;
  }

  /** End for good. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#slow);
    this.#rfb?.disconnect();
    this.#rfb = null;
  }
}
