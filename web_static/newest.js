/**
 * What changes more quickly than it can be sent: one request is on its way, and after it goes the newest; what was in between is left out.
 * Pure.
 *
 * @template K, V
 */
export class Newest {
  /** @type {Map<K, V>} the newest of each */ #waiting = new Map();
  busy = false;

  /** @param {(of: K, value: V) => Promise<void>} send never rejects */
  constructor(send) {
    this.send = send;
  }

  /** Send a value of something, in its turn; ends when nothing is on its way any more. @param {K} of @param {V} value */
  async put(of, value) {
    this.#waiting.set(of, value);
    if (this.busy) return;
    this.busy = true;
    for (const [next, newest] of this.#waiting) {
      this.#waiting.delete(next);
      await this.send(next, newest);
    }
    this.busy = false;
  }
}
