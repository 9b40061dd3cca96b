/**
 * The columns that the linked views show, and their values over the tiles of the wall. Pure.
 *
 * @typedef {'number'|'words'} Kind
 * @typedef {object} Column
 * @property {string} by      'column:NAME' or 'tag:NAME'
 * @property {string} label   with its unit
 * @property {Kind} kind
 * @property {Float64Array} values  by member: a finite number, or NaN where there is none; of words their place in `words`
 * @property {string[]} words       of a column of words: its values, in order; of numbers none
 * @property {number} low           the least number; of words 0
 * @property {number} high          the greatest; of words how many there are
 * @property {number} positive      the least number above zero: where a log scale begins; Infinity if there is none
 * @property {number} missing       members without a value
 * @typedef {{by: string, flipped: boolean, log: boolean}} Axis  of the register `axes`
 */

import { propertiesOf } from './colouring.js';
import { valueBy } from './tags.js';

export const AXES_MOST = 8; // that are there by themselves
const WORDS_MOST = 12; // of a column that is there by itself
const words = new Intl.Collator(undefined, { numeric: true });

/** Return a value as a word of a column of words, or null where there is none. @param {unknown} value @returns {string|null} */
export function wordOf(value) {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value))) return String(value);
  return null;
}

/** Return a column of these values, one for each member. @param {string} by @param {string} label @param {unknown[]} raw @returns {Column} */
export function columnOf(by, label, raw) {
  const numbers = raw.every((value) => typeof value === 'number' || value === null || value === undefined || value === '');
  return numbers ? ofNumbers(by, label, Float64Array.from(raw, (value) => (typeof value === 'number' && Number.isFinite(value) ? value : NaN))) : ofWords(by, label, raw);
}

/** Return a column of numbers; what is not finite is missing. @param {string} by @param {string} label @param {Float64Array} values @returns {Column} */
export function ofNumbers(by, label, values) {
  let [low, high, positive, missing] = [Infinity, -Infinity, Infinity, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (!Number.isFinite(value)) {
      values[i] = NaN;
      missing += 1;
      continue;
    }
    if (value < low) low = value;
    if (value > high) high = value;
    if (value > 0 && value < positive) positive = value;
  }
  if (low > high) [low, high] = [0, 1];
  return { by, label, kind: 'number', values, words: [], low, high, positive, missing };
}

/** @param {string} by @param {string} label @param {unknown[]} raw @returns {Column} */
function ofWords(by, label, raw) {
  const said = raw.map(wordOf);
  const all = [...new Set(said)].filter((word) => word !== null).sort((a, b) => words.compare(a, b) || (a < b ? -1 : 1));
  const at = new Map(all.map((word, i) => [word, i]));
  const values = Float64Array.from(said, (word) => (word === null ? NaN : (at.get(word) ?? NaN)));
  return { by, label, kind: 'words', values, words: all, low: 0, high: all.length, positive: Infinity, missing: said.filter((word) => word === null).length };
}

/** @typedef {Parameters<typeof propertiesOf>[0]} Wall */

/** Return what can be an axis on this wall: columns, and the numbers of tags. @param {Wall} model @returns {{by: string, label: string}[]} */
export function choicesOf(model) {
  const { columns, numbers } = propertiesOf(model);
  return [...columns, ...numbers];
}

/**
 * Return columns over these tiles.
 * @param {Wall} model @param {import('./model.js').Tile[]} tiles @param {Iterable<string>} wanted which @returns {Column[]}
 */
export function columnsOf(model, tiles, wanted) {
  const labels = new Map(choicesOf(model).map(({ by, label }) => [by, label]));
  const { document } = model.room;
  return [...wanted].filter((by) => labels.has(by)).map((by) => columnOf(by, labels.get(by) ?? by, tiles.map((tile) => valueBy(tile, by, document))));
}

/** Return whether a column is an axis by itself: it tells members apart, and its words have room. @param {Column} column */
const speaks = ({ kind, low, high }) => (kind === 'number' ? high > low : high > 1 && high <= WORDS_MOST);

/**
 * Return the axes of the views: those that somebody chose, else the first columns that tell members apart.
 * @param {Axis[]|undefined} chosen the register @param {Column[]} columns all that can be one @returns {Axis[]}
 */
export function axesOf(chosen, columns) {
  const there = new Set(columns.map(({ by }) => by));
  if (chosen) return chosen.filter(({ by }) => there.has(by));
  return columns.filter(speaks).slice(0, AXES_MOST).map(({ by }) => ({ by, flipped: false, log: false }));
}

/** Return the axes with one moved to another place. @param {Axis[]} axes @param {number} from @param {number} to */
export function moved(axes, from, to) {
  const rest = axes.filter((_, i) => i !== from);
  return [...rest.slice(0, to), axes[from], ...rest.slice(to)];
}
