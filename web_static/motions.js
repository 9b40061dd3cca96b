/**
 * The camera's motions one after another: one that begins later waits, and until then the one before counts. Pure.
 *
 * @typedef {import('./camera.js').Motion} Motion
 */

import { cameraAt } from './camera.js';

const DRAWN_MOST = 64;

export class Motions {
  #now;
  /** @type {{start: number, drawn: number}[]} of the last motions: when they were to begin, and when the first frame of each was drawn */ drawn = [];
  /** @type {Motion[]} those that have not begun, the first first */ #next = [];

  /** @param {Motion} motion */
  constructor(motion) {
    this.#now = motion;
  }

  /** Take a motion; those that were to begin after it do not. @param {Motion} motion */
  add(motion) {
    this.#next = [...this.#next.filter(({ start }) => start < motion.start), motion];
  }

  /** Return the camera at a time, which never goes back. @param {number} now */
  at(now) {
    while (this.#next.length > 0 && this.#next[0].start <= now) this.#now = /** @type {Motion} */ (this.#next.shift());
    return cameraAt(this.#now, now);
  }

  /** When the motion that counts began. */
  get began() {
    return this.#now.start;
  }

  /** Take note that a frame was drawn at a time. @param {number} now */
  drew(now) {
    const { start } = this.#now;
    if (this.drawn.at(-1)?.start !== start) this.drawn = [...this.drawn.slice(1 - DRAWN_MOST), { start, drawn: now }];
  }

  /** Return whether the camera moves at a time. @param {number} now */
  moving(now) {
    return now < this.#now.start + this.#now.duration;
  }

  /** When the next motion begins, Infinity when there is none. */
  get nextStart() {
    return this.#next[0]?.start ?? Infinity;
  }
}
