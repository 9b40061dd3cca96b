/**
 * Values as people read them, in their language. Pure.
 *
 * @typedef {import('./model.js').Value} Value
 * @typedef {{low: number, high: number, counts: number[], mark: number|null}} Histogram  mark: the bin of the value
 */

import { decimalOf, t } from './text.js';

const MINUS = '\u2212';

/** Return a number with at most five significant digits, never more zeros than help; others as words. */
export function formatValue(/** @type {Value|undefined} */ value) {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no');
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? t('value.nan') : `${value < 0 ? MINUS : ''}∞`;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value).replace('-', MINUS);
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e6)
      ? exponent(value)
      : String(Number(value.toPrecision(5)));
  return text.replace(/^-/, MINUS).replace('.', decimalOf());
}

/** @param {number} value */
function exponent(value) {
  const [digits, power] = value.toExponential(3).split('e');
  return `${Number(digits)}\u202f×\u202f10${superscript(Number(power))}`;
}

/** @param {number} power */
function superscript(power) {
  return [...String(power)].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('');
}

/** Return a whole number with thin spaces between thousands. */
export function formatCount(/** @type {number} */ count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** Return the histogram of the finite numbers among `values`, or null when fewer than three differ. */
export function histogramOf(/** @type {Value[]} */ values, /** @type {Value|undefined} */ value, bins = 12) {
  const numbers = /** @type {number[]} */ (values.filter((v) => typeof v === 'number' && Number.isFinite(v)));
  if (new Set(numbers).size < 3) return null;
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const bin = (/** @type {number} */ v) => Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins));
  const counts = Array.from({ length: bins }, () => 0);
  for (const number of numbers) counts[bin(number)] += 1;
  const mark = typeof value === 'number' && Number.isFinite(value) ? bin(value) : null;
  return { low, high, counts, mark };
}

/** Return the query cut where an error points: what is right, the character, the rest. `at` counts code points. */
export function pointAt(/** @type {string} */ query, /** @type {number|null|undefined} */ at) {
  const points = [...query];
  if (at === null || at === undefined || at < 0) return { before: query, mark: '', after: '' };
  return {
    before: points.slice(0, at).join(''),
    mark: points[at] ?? '\u00a0', // past the end: something is missing there
    after: points.slice(at + 1).join(''),
  };
}
