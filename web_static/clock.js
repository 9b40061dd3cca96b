/**
 * By how much another clock differs from this one, estimated from questions and answers as in RFC 5905 (section 8): of each answer, offset
 * and delay; of the last eight the one that was under way for the shortest time counts, since at most half of that can be the error. Pure.
 *
 * @typedef {{offset: number, delay: number, at: number}} Sample  all in ms; at: this clock, when the answer came
 */

const KEPT = 8; // RFC 5905's clock filter (section 10)
const DRIFT = 50e-6; // by which two clocks of plain computers may differ in rate: an old sample is worth less by that

/**
 * Return what an answer tells: asked at `t1` of this clock, heard at `t2` and answered at `t3` of the other one, come back at `t4` of this one.
 * @param {number} t1 @param {number} t2 @param {number} t3 @param {number} t4 @returns {Sample}
 */
export const sampleOf = (t1, t2, t3, t4) => ({ offset: (t2 - t1 + (t3 - t4)) / 2, delay: t4 - t1 - (t3 - t2), at: t4 });

/** Return by how much a sample's offset can be wrong at a time of this clock, at most. @param {Sample} sample @param {number} now */
export const errorOf = ({ delay, at }, now) => Math.max(delay, 0) / 2 + DRIFT * Math.max(now - at, 0);

export class ClockFilter {
  /** @type {Sample[]} the last is last */ #samples = [];

  /** @param {Sample} sample */
  add(sample) {
    this.#samples = [...this.#samples.slice(1 - KEPT), sample];
  }

  /** Forget all: it may be another clock from now on. */
  forget() {
    this.#samples = [];
  }

  /** How many samples there are, eight at most. */
  get count() {
    return this.#samples.length;
  }

  /** Return the sample that is to be believed at a time of this clock, or null. @param {number} now */
  best(now) {
    /** @type {Sample|null} */
    let best = null;
    for (const sample of this.#samples) if (!best || errorOf(sample, now) <= errorOf(best, now)) best = sample;
    return best;
  }

  /** Return by how much the other clock is ahead of this one, 0 as long as that is not known. @param {number} now */
  offset(now) {
    return this.best(now)?.offset ?? 0;
  }
}
