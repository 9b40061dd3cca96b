/**
 * How soon after a frame the next one is drawn, when just pictures changed: drawing and handing a frame over takes at
 * most half of the worker's time, so that pictures that come one by one share frames where drawing is slow, as it is
 * on a large screen without a GPU, and on a busy machine. Pure; times in ms.
 */

const REST = 1; // times as long as a frame took
const LONGEST_MS = 40; // then still more frames than most tiles have
const NEWEST = 0.25; // weight of the last frame in the mean

export class Pace {
  #began = -Infinity;
  #takes = 0;

  /** A frame begins. @param {number} now */
  begin(now) {
    this.#began = now;
  }

  /** The frame that began is drawn and handed over. @param {number} now */
  end(now) {
    this.#takes += (now - this.#began - this.#takes) * NEWEST;
  }

  /** Return how long to wait until the next; 0 or less: not at all. @param {number} now */
  wait(now) {
    return this.#began + Math.min(LONGEST_MS, this.#takes * (1 + REST)) - now;
  }
}
