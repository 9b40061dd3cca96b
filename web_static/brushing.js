/**
 * Brushes: what of a column's values is looked at, and which members pass all of them. Pure.
 *
 * Within one column the ranges, or words, of a brush are alternatives; a member passes that passes the brush of every brushed column. One
 * without a value passes no brush of that column.
 *
 * @typedef {[number|null, number|null]} Range  both ends belong to it; null: no end
 * @typedef {{ranges: Range[]}|{values: string[]}} Brush  of the register `brush/BY`
 */

import { wordOf } from './columns.js';

export const FOLDER = 'brush/';
const BUCKETS = 1 << 16;

/** Return the path of a column's brush. @param {string} by */
export const brushPath = (by) => `${FOLDER}${encodeURIComponent(by)}`;

/** Return the brushes of a document by their columns. @param {import('./document.js').Document} document @returns {Map<string, Brush>} */
export function brushesIn(document) {
  return new Map(document.below(FOLDER).flatMap(([name, brush]) => {
    try {
      return [/** @type {[string, Brush]} */ ([decodeURIComponent(name), brush])];
    } catch {
      return []; // no page writes such a name
    }
  }));
}

/** Return whether a value passes a brush. @param {unknown} value @param {Brush} brush */
export function passes(value, brush) {
  if ('values' in brush) {
    const word = wordOf(value);
    return word !== null && brush.values.includes(word);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return brush.ranges.some(([low, high]) => (low === null || value >= low) && (high === null || value <= high));
}

/** Return ranges in their order, those that touch or overlap as one. @param {Range[]} ranges @returns {Range[]} */
export function merged(ranges) {
  const closed = ranges.map(([low, high]) => /** @type {[number, number]} */ ([low ?? -Infinity, high ?? Infinity])).filter(([low, high]) => low <= high);
  closed.sort((a, b) => a[0] - b[0]);
  /** @type {[number, number][]} */
  const found = [];
  for (const [low, high] of closed) {
    const last = found.at(-1);
    if (last && low <= last[1]) last[1] = Math.max(last[1], high);
    else found.push([low, high]);
  }
  return found.map(([low, high]) => [low === -Infinity ? null : low, high === Infinity ? null : high]);
}

/**
 * Return what a brush takes of a column as intervals of its numbers (of words: of their places), or null where it says nothing of it.
 * @param {Brush|undefined} brush @param {Pick<import('./columns.js').Column, 'kind'|'words'>} column @returns {[number, number][]|null}
 */
export function intervalsOf(brush, { kind, words }) {
  if (!brush) return null;
  if ('values' in brush) {
    // A column of numbers brushed by words: it was one of words when that was done.
    if (kind === 'number') return merged(brush.values.map(Number).filter(Number.isFinite).map((value) => [value, value])).map(([low, high]) => [Number(low), Number(high)]);
    const wanted = new Set(brush.values);
    return words.flatMap((word, i) => (wanted.has(word) ? [/** @type {[number, number]} */ ([i, i])] : []));
  }
  if (kind === 'words') return [];
  return merged(brush.ranges).map(([low, high]) => [low ?? -Infinity, high ?? Infinity]);
}

/** @typedef {{order: Uint32Array, sorted: Float64Array, missing: Uint32Array}} Sorted  members by their values; those without one */

/**
 * Sort a column's members by value: into buckets by their place between the ends, then each of these.
 * @param {Float64Array} values NaN: none @returns {Sorted}
 */
export function sortedBy(values) {
  let [low, high, count] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count += 1;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const order = new Uint32Array(count);
  const missing = new Uint32Array(values.length - count);
  const factor = high > low ? BUCKETS / 2 / (high / 2 - low / 2) : 0;
  const bucketOf = (/** @type {number} */ value) => Math.max(0, Math.min(BUCKETS - 1, Math.floor((value / 2 - low / 2) * factor * 2) || 0)) >> 0;
  const starts = new Uint32Array(BUCKETS + 1);
  for (const value of values) if (!Number.isNaN(value)) starts[bucketOf(value) + 1] += 1;
  for (let i = 0; i < BUCKETS; i += 1) starts[i + 1] += starts[i];
  const next = starts.slice();
  let none = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i])) missing[none++] = i;
    else order[next[bucketOf(values[i])]++] = i;
  }
  for (let b = 0; b < BUCKETS; b += 1) {
    if (starts[b + 1] - starts[b] > 1) sortPart(order, values, starts[b], starts[b + 1]);
  }
  return { order, sorted: Float64Array.from(order, (member) => values[member]), missing };
}

/** @param {Uint32Array} order @param {Float64Array} values @param {number} from @param {number} to */
function sortPart(order, values, from, to) {
  if (to - from > 24) return void order.subarray(from, to).sort((a, b) => values[a] - values[b]);
  for (let i = from + 1; i < to; i += 1) {
    const member = order[i];
    const value = values[member];
    let at = i - 1;
    while (at >= from && values[order[at]] > value) {
      order[at + 1] = order[at];
      at -= 1;
    }
    order[at + 1] = member;
  }
}

/** Return the first place whose value is not below (`above`: is above) a limit. @param {Float64Array} sorted @param {number} limit @param {boolean} above */
function bound(sorted, limit, above) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (above ? sorted[middle] <= limit : sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which members pass, kept up with every change of a brush: only those whose passing of that column changes are touched. */
export class Brushing {
  /** @type {Uint16Array} by member: how many columns it fails */ fails;
  passing;
  /** @type {(Sorted|null)[]} */ #sorted;
  /** @type {([number, number][]|null)[]} by column: what passes, as places of the sorted members; null: not brushed */ #taken;

  /** @param {Float64Array[]} columns @param {number} size how many members there are */
  constructor(columns, size) {
    this.columns = columns;
    this.size = size;
    this.passing = size;
    this.fails = new Uint16Array(size);
    this.#sorted = columns.map(() => null);
    this.#taken = columns.map(() => null);
  }

  /** Sort a column's members, as its first brush would. @param {number} column @returns {Sorted} */
  prepare(column) {
    return (this.#sorted[column] ??= sortedBy(this.columns[column]));
  }

  /** Whether any column is brushed. */
  get brushed() {
    return this.#taken.some((taken) => taken !== null);
  }

  /** Return how many members another brush of a column would touch. @param {number} column @param {[number, number][]|null} intervals */
  cost(column, intervals) {
    return this.#differences(column, this.#placesOf(column, intervals)).reduce((sum, [from, to]) => sum + to - from, 0);
  }

  /**
   * Brush a column otherwise.
   * @param {number} column @param {[number, number][]|null} intervals of values, apart and in order; null: not at all
   * @param {(member: number, by: 1|-1) => void} [tell] of each member that begins to pass all, or no longer does
   */
  set(column, intervals, tell) {
    const wanted = this.#placesOf(column, intervals);
    const before = this.#taken[column];
    const { order, missing } = this.prepare(column);
    for (const [from, to, step] of this.#differences(column, wanted)) for (let i = from; i < to; i += 1) this.#step(order[i], step, tell);
    if ((before === null) !== (wanted === null)) for (const member of missing) this.#step(member, wanted === null ? -1 : 1, tell);
    this.#taken[column] = wanted;
  }

  /** @param {number} member @param {1|-1} step @param {((member: number, by: 1|-1) => void)|undefined} tell */
  #step(member, step, tell) {
    const fails = (this.fails[member] += step);
    if (step > 0 ? fails !== 1 : fails !== 0) return;
    this.passing -= step;
    tell?.(member, step > 0 ? -1 : 1);
  }

  /** @param {number} column @param {[number, number][]|null} intervals @returns {[number, number][]|null} */
  #placesOf(column, intervals) {
    if (intervals === null) return null;
    const { sorted } = this.prepare(column);
    return intervals.map(([low, high]) => /** @type {[number, number]} */ ([bound(sorted, low, false), bound(sorted, high, true)])).filter(([from, to]) => from < to);
  }

  /** Return where what passes now and what would differ, and by how much members would fail more. @param {number} column @param {[number, number][]|null} wanted @returns {[number, number, 1|-1][]} */
  #differences(column, wanted) {
    const whole = /** @type {[number, number][]} */ ([[0, this.prepare(column).order.length]]);
    return difference(this.#taken[column] ?? whole, wanted ?? whole);
  }
}

/**
 * Return where two lists of intervals, each apart and in order, differ: what is in the first alone has 1, in the second alone -1.
 * @param {[number, number][]} one @param {[number, number][]} other @returns {[number, number, 1|-1][]}
 */
export function difference(one, other) {
  const edges = [...new Set([...one, ...other].flat())].sort((a, b) => a - b);
  const within = (/** @type {[number, number][]} */ list, /** @type {number} */ at) => list.some(([from, to]) => from <= at && at < to);
  /** @type {[number, number, 1|-1][]} */
  const found = [];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [a, b] = [within(one, edges[i]), within(other, edges[i])];
    if (a !== b) found.push([edges[i], edges[i + 1], a ? 1 : -1]);
  }
  return found;
}
