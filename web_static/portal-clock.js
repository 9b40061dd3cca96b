/**
 * The portal's time, as this page knows it: asked over the wall stream, more often at first (clock.js: how it is worked out).
 *
 * Fires `known` when it is known for the first time on a line.
 */

import { ClockFilter, sampleOf } from './clock.js';

const FIRST = 6; // questions, one right after another
const FIRST_MS = 40;
const LATER_MS = 4000;

/** This page's own time, in ms since the epoch, which goes on evenly whatever is done to the machine's clock. */
const ownTime = () => performance.timeOrigin + performance.now();

export class PortalClock extends EventTarget {
  #filter = new ClockFilter();
  #timer = 0;

  /** @param {import('./connection.js').Connection} connection */
  constructor(connection) {
    super();
    this.connection = connection;
    connection.addEventListener('status', () => this.#begin());
    connection.addEventListener('event', (event) => {
      const { detail } = /** @type {CustomEvent<any>} */ (event);
      if (detail.event === 'clock') this.#take(detail);
    });
    this.#begin();
  }

  #begin() {
    clearTimeout(this.#timer);
    if (this.connection.status.state !== 'open') return;
    this.#filter.forget(); // it may be another portal
    this.#ask();
  }

  #ask() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), LATER_MS); // if no answer comes
    this.connection.tell({ type: 'say', message: { clock: ownTime() } });
  }

  /** @param {{t1: number, t2: number, t3: number}} answer */
  #take({ t1, t2, t3 }) {
    const first = this.#filter.count === 0;
    this.#filter.add(sampleOf(t1, t2, t3, ownTime()));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), this.#filter.count < FIRST ? FIRST_MS : LATER_MS);
    if (first) this.dispatchEvent(new Event('known'));
  }

  get known() {
    return this.#filter.count > 0;
  }

  /** By how much the portal's clock is ahead of what `Date.now()` says here, in ms. */
  get ahead() {
    const own = ownTime();
    return this.#filter.offset(own) + own - Date.now();
  }

  /** Return a moment of the portal's as `Date.now()` has it here. @param {number} at */
  localOf(at) {
    return at - this.ahead;
  }
}
