/**
 * Where the values of a column stand along an axis, 0 to 1, and what stands at a place. Pure.
 *
 * @typedef {object} Scale
 * @property {boolean} log       whether it is one: a column without numbers above zero has none
 * @property {(value: number) => number} place  NaN: it has none (no value; on a log scale zero and below)
 * @property {(place: number) => number} value  of words: which
 * @property {() => {place: number, value: number}[]} ticks
 */

import { ticksOf } from './scales.js';

const DECADES_MOST = 6; // more of them: not each has a tick

/** @param {Pick<import('./columns.js').Column, 'kind'|'low'|'high'|'positive'|'words'>} column @param {{flipped?: boolean, log?: boolean}} [way] @returns {Scale} */
export function scaleOf(column, { flipped = false, log: wanted = false } = {}) {
  const turned = (/** @type {number} */ place) => (flipped ? 1 - place : place);
  if (column.kind === 'words') {
    const count = Math.max(1, column.words.length);
    const place = (/** @type {number} */ value) => turned((value + 0.5) / count);
    const value = (/** @type {number} */ at) => Math.max(0, Math.min(count - 1, Math.floor(turned(at) * count)));
    return { log: false, place, value, ticks: () => column.words.map((_, i) => ({ place: place(i), value: i })) };
  }
  const log = wanted && column.high > 0 && Number.isFinite(column.positive);
  const to = (/** @type {number} */ value) => (log ? (value > 0 ? Math.log10(value) : NaN) : value);
  const [from, end] = [to(log ? column.positive : column.low), to(column.high)];
  const length = end - from;
  // Halved first: the ends of doubles are further apart than a double can say.
  const share = Number.isFinite(length) ? (/** @type {number} */ x) => (x - from) / length : (/** @type {number} */ x) => (x / 2 - from / 2) / (end / 2 - from / 2);
  const at = Number.isFinite(length) ? (/** @type {number} */ p) => from + p * length : (/** @type {number} */ p) => 2 * (from / 2 + p * (end / 2 - from / 2));
  const place = (/** @type {number} */ value) => {
    const x = to(value);
    return length === 0 ? (Number.isNaN(x) ? NaN : 0.5) : turned(share(x));
  };
  const value = (/** @type {number} */ p) => {
    const x = length === 0 ? from : at(Math.max(0, Math.min(1, turned(p))));
    return log ? 10 ** x : x;
  };
  const ticks = () => (log ? decades(column.positive, column.high) : ticksOf(column.low, column.high)).map((each) => ({ place: place(each), value: each }));
  return { log, place, value, ticks };
}

/** Return round numbers on a log scale. @param {number} from @param {number} to */
function decades(from, to) {
  const [first, last] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / DECADES_MOST));
  const tens = Array.from({ length: Math.max(0, Math.floor((last - first) / step) + 1) }, (_, i) => Number(`1e${first + i * step}`));
  if (tens.length > 2) return tens;
  const between = [first - 1, ...Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  const inside = between.filter((each) => each >= from * (1 - 1e-9) && each <= to * (1 + 1e-9));
  return inside.length > 0 ? inside : [from];
}
