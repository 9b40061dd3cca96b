/**
 * What is shown on the wall as a table of comma-separated values (RFC 4180): tiles in their order, with what people wrote on them. Pure.
 * `tvcore/exporting/shown_table.py` is its twin.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./model.js').Value} Value
 * @typedef {{tile: Tile, state: string, tags: string[], note: string}} Row
 */

export const HEAD = ['tile', 'title', 'state', 'tags', 'note'];

/** What a spreadsheet would take for the beginning of a formula, and run. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** Return a text in quotes; one that begins like a formula has an apostrophe before it, so that a spreadsheet shows it. @param {string} text */
const quoted = (text) => `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** @param {Value|undefined} value */
function cellOf(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return String(value);
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
}

/** Return the table; of the columns those in which one of these tiles has a value. @param {Row[]} rows @param {string[]} columns */
export function tableOf(rows, columns) {
  const there = columns.filter((name) => rows.some(({ tile }) => (tile.metadata[name] ?? null) !== null));
  const lines = rows.map(({ tile, state, tags, note }) => [tile.id, quoted(tile.title), quoted(state), quoted(tags.join(', ')), quoted(note), ...there.map((name) => cellOf(tile.metadata[name]))]);
  return [[...HEAD, ...there].map(quoted), ...lines].map((cells) => `${cells.join()}\r\n`).join('');
}
