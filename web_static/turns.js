/**
 * Work on many things, a few at a time: what has not begun can be cancelled, and each result is told as it comes. Pure.
 *
 * @template I, R
 */
export class Turns {
  #cancelled = false;
  #begun = 0;
  done = 0;

  /**
   * @param {I[]} items @param {(item: I) => Promise<R>} work never rejects
   * @param {{atOnce: number, told: (item: I, result: R) => void}} how
   */
  constructor(items, work, how) {
    this.items = items;
    this.work = work;
    this.how = how;
  }

  /** Return how many were not begun, and will not be. */
  get left() {
    return this.#cancelled ? this.items.length - this.#begun : 0;
  }

  /** Begin nothing more; what has begun ends as it does. */
  cancel() {
    this.#cancelled = true;
  }

  /** Do it; ends when nothing is under way any more. */
  async run() {
    const lane = async () => {
      while (!this.#cancelled && this.#begun < this.items.length) {
        const item = this.items[this.#begun++];
        const result = await this.work(item);
        this.done += 1;
        this.how.told(item, result);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.how.atOnce, this.items.length) }, lane));
  }
}
