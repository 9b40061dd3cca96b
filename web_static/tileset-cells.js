/**
 * What stands in the cells of a tile set: between what a person types and what the document keeps. Pure.
 *
 * What is typed and is wrong stays in its cell, as `{typed: text}`, so that nothing typed is lost.
 */

/** @typedef {'number'|'integer'|'flag'|'text'} ColumnKind */
/** @typedef {{name: string, kind: ColumnKind, unit?: string, description?: string, role?: string}} Column */
/** @typedef {{typed: string}} Typed */
/** @typedef {{key: number, values?: Record<string, any>, [field: string]: any}} Tile */
/** @typedef {import('./text.js').Key} Key */

/** @type {ColumnKind[]} */
export const COLUMN_KINDS = ['number', 'integer', 'flag', 'text'];
export const TILE_KINDS = ['picture', 'movie', 'pdf', 'page', 'card'];
/** The fields that every tile has, as they stand in the table. */
export const FIELDS = /** @type {const} */ (['title', 'kind', 'source', 'tags', 'note']);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
/** @type {Record<string, boolean>} */
const FLAGS = { true: true, yes: true, 1: true, false: false, no: false, 0: false };
const TEXT_MOST = 100_000; // as tvcore.tilesets.document has them
const LINE_MOST = 1_000;
const SOURCE_MOST = 4_000;
const TAG_MOST = 200;
const CONTROL = /\p{C}/u;

/** @param {any} value @returns {value is Typed} */
export const isTyped = (value) => typeof value === 'object' && value !== null && 'typed' in value;

/** Return the tags of a text: commas part them, but not within braces or quotes. @param {string} text */
export function tagsFrom(text) {
  const found = [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|((?:\{[^{}]*\}|[^,])+))/g)];
  const tags = found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain.trim());
  return [...new Set(tags.filter((tag) => tag !== ''))];
}

/** Return tags as one types them. @param {string[]} tags */
export const tagsText = (tags) =>
  tags.map((tag) => (/^(\{[^{}"]*\}|[^\s{},"](?:[^{},"]*[^\s{},"])?)$/.test(tag) ? tag : `"${tag.replaceAll('"', '""')}"`)).join(', ');

/** Return what a cell keeps. @param {Tile} tile @param {string} field `title`, `values/F` … */
export function valueOf(tile, field) {
  if (field.startsWith('values/')) return tile.values?.[field.slice(7)] ?? null;
  return tile[field] ?? (field === 'kind' ? 'card' : field === 'tags' ? [] : '');
}

/** Return what a cell shows, and what one edits in it. @param {Tile} tile @param {string} field */
export function textOf(tile, field) {
  const value = valueOf(tile, field);
  if (value === null) return '';
  if (isTyped(value)) return value.typed;
  return field === 'tags' ? tagsText(value) : String(value);
}

/** Return what a cell keeps of a text that was typed. @param {string} field @param {string} text @param {Column|undefined} column of a field of `values` */
export function valueFrom(field, text, column) {
  const plain = text.trim();
  const small = plain.toLowerCase();
  if (!column) {
    if (field === 'tags') return tagsFrom(text);
    if (field === 'kind') return TILE_KINDS.includes(small) ? small : { typed: text };
    return field === 'note' ? text : plain;
  }
  if (plain === '') return null;
  if (column.kind === 'text') return text;
  if (column.kind === 'flag') return FLAGS[plain.toLowerCase()] ?? { typed: text };
  const right = column.kind === 'integer' ? INTEGER.test(plain) && Number.isSafeInteger(Number(plain)) : NUMBER.test(plain) && Number.isFinite(Number(plain));
  return right ? Number(plain) : { typed: text };
}

/** @param {any} value @param {Column} column @returns {Key|null} */
function columnProblem(value, column) {
  if (value === null) return null;
  const right = {
    number: () => typeof value === 'number' && Number.isFinite(value),
    integer: () => Number.isSafeInteger(value),
    flag: () => typeof value === 'boolean',
    text: () => typeof value === 'string' && value.length <= TEXT_MOST && !value.includes('\0'),
  }[column.kind]();
  return right ? null : /** @type {Key} */ (`tilesets.wrong-${column.kind}`);
}

/** @param {string} kind @param {string} source @returns {Key|null} */
function sourceProblem(kind, source) {
  if (source.length > SOURCE_MOST || CONTROL.test(source)) return 'tilesets.wrong-line';
  if (kind === 'card') return source === '' ? null : 'tilesets.wrong-card';
  if (kind !== 'page') return source.startsWith('/') ? null : 'tilesets.wrong-path';
  if (!/^https?:\/\/[^/\s]/.test(source)) return 'tilesets.wrong-page';
  return source.split('/')[2].includes('@') ? 'tilesets.wrong-password' : null;
}

/** Return what is wrong in a cell, as the key of its words; null when nothing is. @param {Tile} tile @param {string} field @param {Column|undefined} column @returns {Key|null} */
export function problemOf(tile, field, column) {
  const value = valueOf(tile, field);
  if (column) return columnProblem(value, column);
  if (field === 'kind') return TILE_KINDS.includes(value) ? null : 'tilesets.wrong-kind';
  if (field === 'tags') return Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag.length <= TAG_MOST && !CONTROL.test(tag)) && value.length <= TAG_MOST ? null : 'tilesets.wrong-tags';
  if (typeof value !== 'string') return 'tilesets.wrong-text';
  if (field === 'note') return value.length <= TEXT_MOST && !value.includes('\0') ? null : 'tilesets.wrong-text';
  const { kind = 'card' } = tile;
  if (field === 'source') return TILE_KINDS.includes(kind) ? sourceProblem(kind, value) : null; // a wrong kind is told at the kind
  return value.length <= LINE_MOST && !CONTROL.test(value) ? null : 'tilesets.wrong-line';
}

/** Return a tile with another value in a field; what is as it is by default is left out. @param {Tile} tile @param {string} field @param {any} value @returns {Tile} */
export function withValue(tile, field, value) {
  if (field.startsWith('values/')) {
    const values = Object.entries(tile.values ?? {}).filter(([name]) => name !== field.slice(7));
    return { ...tile, values: Object.fromEntries(value === null ? values : [...values, [field.slice(7), value]]) };
  }
  return { ...tile, [field]: value };
}

/** Return the cells of a block as spreadsheets copy it (tabs, lines, quotes around what holds either). @param {string} text */
export function fromTsv(text) {
  const rows = [['']];
  let quoted = false;
  const plain = text.replaceAll('\r\n', '\n').replace(/\n$/, '');
  for (let at = 0; at < plain.length; at += 1) {
    const row = rows[rows.length - 1];
    const cell = row[row.length - 1];
    const sign = plain[at];
    if (quoted && sign === '"' && plain[at + 1] === '"') {
      row[row.length - 1] += '"';
      at += 1;
    } else if (sign === '"' && (quoted || (cell === '' && plain.indexOf('"', at + 1) > 0))) quoted = !quoted;
    else if (!quoted && sign === '\t') row.push('');
    else if (!quoted && sign === '\n') rows.push(['']);
    else row[row.length - 1] += sign;
  }
  return rows;
}

/** Return a block of cells as spreadsheets paste it. @param {string[][]} rows */
export const toTsv = (rows) => rows.map((row) => row.map((cell) => (/[\t\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join('\t')).join('\n');
