/**
 * One doing of an action: how far it is, tile by tile, its end, and its cancelling.
 *
 * @typedef {import('./api.js').Far} Far
 * @typedef {import('./api.js').Result} Result
 */

import { actCancel, caseAct } from './api.js';
import { newRequest, pause, whileUnderWay } from './under-way.js';

export class Act {
  #request = newRequest();
  #over = false;
  cancelled = false;

  /** @param {(far: Far[]) => void} told */
  constructor(told) {
    this.told = told;
  }

  /**
   * Do it; ends when all is done. Raises ApiError when nothing was.
   * @param {number[]} tiles a leader first @param {string} name @param {Record<string, unknown>} given
   * @returns {Promise<Result[]>}
   */
  async run(tiles, name, given) {
    try {
      return await whileUnderWay(`/acts/${this.#request}`, () => caseAct(tiles, name, given, this.#request), (far) => this.told(far.tiles));
    } finally {
      this.#over = true;
    }
  }

  /** End what runs; what was done stays done. It may not have begun yet: then it is asked for once more. */
  async cancel() {
    this.cancelled = true;
    while (!this.#over) {
      if (await actCancel(this.#request).then(() => true, () => false)) return;
      await pause();
    }
  }
}
