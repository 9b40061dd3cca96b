/**
 * How many members stand in each pair of bins of two columns, of all and of those that pass: what is drawn where there are too many
 * members for a line each. Kept up with every member that begins to pass, or no longer does. Pure.
 *
 * M. Novotný, H. Hauser, "Outlier-Preserving Focus+Context Visualization in Parallel Coordinates", IEEE TVCG 12(5), 2006.
 */

export const BINS = 128;
export const NONE = BINS; // the bin of what has no place on its axis

/** Return the bin of each member. @param {Float64Array} values @param {import('./axis-scale.js').Scale} scale */
export function binsOf(values, scale) {
  const bins = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const place = scale.place(values[i]);
    bins[i] = Number.isNaN(place) ? NONE : Math.max(0, Math.min(BINS - 1, Math.floor(place * BINS)));
  }
  return bins;
}

export class Tallies {
  /** @type {Int32Array} by pair, bin of its first column, bin of its second */ all;
  /** @type {Int32Array} */ passing;
  /** @type {Int32Array} what was told of each place since it was last asked */ #delta;
  /** @type {Int32Array} places of which something was told */ #told;
  #count = 0;
  /** @type {Uint8Array} */ #marked;

  /**
   * @param {Uint8Array[]} bins by column, of each member @param {[number, number][]} pairs of columns
   * @param {number} [shift] by how many bits bins are coarser here
   */
  constructor(bins, pairs, shift = 0) {
    this.bins = bins;
    this.pairs = pairs;
    this.shift = shift;
    /** bins of a column, the one of those without a place among them */ this.side = (NONE >> shift) + 1;
    const places = pairs.length * this.side * this.side;
    this.all = new Int32Array(places);
    this.passing = new Int32Array(places);
    this.#delta = new Int32Array(places);
    this.#told = new Int32Array(places);
    this.#marked = new Uint8Array(places);
    this.#fill(this.all, null);
  }

  /** @param {Int32Array} into @param {Uint16Array|null} fails only members that fail nothing; null: all */
  #fill(into, fails) {
    const { shift, side } = this;
    this.pairs.forEach(([a, b], pair) => {
      const [one, other] = [this.bins[a], this.bins[b]];
      const offset = pair * side * side;
      for (let member = 0; member < one.length; member += 1) {
        if (fails === null || fails[member] === 0) into[offset + (one[member] >> shift) * side + (other[member] >> shift)] += 1;
      }
    });
  }

  /** A member passes from now on, or no longer. @param {number} member @param {1|-1} by */
  add(member, by) {
    const { shift, side, pairs, bins } = this;
    for (let pair = 0; pair < pairs.length; pair += 1) {
      const [a, b] = pairs[pair];
      const place = pair * side * side + (bins[a][member] >> shift) * side + (bins[b][member] >> shift);
      this.passing[place] += by;
      this.#tell(place, by);
    }
  }

  /** Count anew who passes. @param {Uint16Array} fails by member */
  recount(fails) {
    const before = this.passing;
    this.passing = new Int32Array(before.length);
    this.#fill(this.passing, fails);
    for (let place = 0; place < before.length; place += 1) {
      const by = this.passing[place] - before[place];
      if (by !== 0) this.#tell(place, by);
    }
  }

  /** @param {number} place @param {number} by */
  #tell(place, by) {
    this.#delta[place] += by;
    if (this.#marked[place] === 1) return;
    this.#marked[place] = 1;
    this.#told[this.#count++] = place;
  }

  /** In how many places something may have changed since `drain` was called last. */
  get told() {
    return this.#count;
  }

  /** In how many places anybody is who passes. */
  get filled() {
    let filled = 0;
    for (const count of this.passing) if (count !== 0) filled += 1;
    return filled;
  }

  /** Tell what has changed since this was called last. @param {(pair: number, one: number, other: number, by: number) => void} take */
  drain(take) {
    const { side } = this;
    for (let i = 0; i < this.#count; i += 1) {
      const place = this.#told[i];
      const by = this.#delta[place];
      this.#delta[place] = 0;
      this.#marked[place] = 0;
      if (by === 0) continue;
      const within = place % (side * side);
      take((place - within) / (side * side), (within - (within % side)) / side, within % side, by);
    }
    this.#count = 0;
  }
}
