/** A tile set as JSON: the same as the table, for who would rather type. */

import { make, setText } from './dom.js';
import { hasTyped, whole } from './tileset-model.js';
import { t } from './text.js';

const CHECK_MS = 250; // after the last letter: a set may have megabytes

/** Return the line and column, from 1, of a letter of a text. Pure. @param {string} text @param {number} at */
export function placeOf(text, at) {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: before[before.length - 1].length + 1 };
}

/** Return the letter at which JSON goes wrong, where the browser does not say: what stands before it only lacks an end. Pure. @param {string} text */
function wrongAt(text) {
  const begins = (/** @type {number} */ length) => {
    try {
      JSON.parse(text.slice(0, length));
      return true;
    } catch (error) {
      return /end of JSON|Unterminated|end of data/i.test(String(error)) || String(error).includes(`position ${length}`);
    }
  };
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (begins(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * Read a tile set as it was typed. Returns the document, or where it goes wrong and why. Pure.
 * @param {string} text @returns {{document: object}|{line: number, column: number, why: string}}
 */
export function readJson(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const [, line, column] = why.match(/line (\d+) column (\d+)/) ?? []; // Firefox, and Chromium where it is long
    const [, at] = why.match(/position (\d+)/) ?? [];
    const place = line ? { line: Number(line), column: Number(column) } : placeOf(text, at ? Number(at) : wrongAt(text));
    return { ...place, why: why.replace(/^JSON\.parse: |\s*(in JSON )?at position.*$/g, '') };
  }
  const shape = shapeProblem(document);
  return shape ? { ...placeOf(text, Math.max(0, text.indexOf(`"${shape.at}"`))), why: shape.why } : { document };
}

/** What keeps a document from being shown as a table. @param {any} document @returns {{at: string, why: string}|null} */
function shapeProblem(document) {
  const isObject = (/** @type {any} */ value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(document)) return { at: '', why: t('tilesets.json-object') };
  if (document.format !== 'tiledviz-tileset') return { at: 'format', why: t('tilesets.json-format') };
  if (typeof document.title !== 'string') return { at: 'title', why: t('tilesets.json-title') };
  const { columns, tiles } = whole(document);
  const kinds = ['number', 'integer', 'flag', 'text'];
  if (!Array.isArray(columns) || !columns.every((each) => isObject(each) && typeof each.name === 'string' && kinds.includes(each.kind))) return { at: 'columns', why: t('tilesets.json-columns') };
  if (new Set(columns.map(({ name }) => name)).size < columns.length) return { at: 'columns', why: t('tilesets.wrong-twice') };
  const right = (/** @type {any} */ tile) => isObject(tile) && Number.isSafeInteger(tile.key) && (tile.values === undefined || isObject(tile.values)) && (tile.tags === undefined || (Array.isArray(tile.tags) && tile.tags.every((/** @type {any} */ tag) => typeof tag === 'string')));
  if (!Array.isArray(tiles) || !tiles.every(right)) return { at: 'tiles', why: t('tilesets.json-tiles') };
  return null;
}

export class TileSetJson {
  #lines = make('pre', { class: 'ts-lines', 'aria-hidden': 'true' });
  #text = make('textarea', { 'aria-label': t('tilesets.json-label'), spellcheck: 'false', wrap: 'off', 'aria-describedby': 'ts-json-said' });
  #said = make('p', { id: 'ts-json-said', class: 'ts-json-said', role: 'status' });
  element = make('div', { class: 'ts-json' }, make('div', { class: 'ts-code' }, this.#lines, this.#text), this.#said);
  #shown = '';
  #timer = 0;

  /** @param {import('./tileset-model.js').TileSetEdit} edit */
  constructor(edit) {
    this.edit = edit;
    this.#text.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#check(), CHECK_MS);
    });
    this.#text.addEventListener('scroll', () => (this.#lines.scrollTop = this.#text.scrollTop));
    this.#text.addEventListener('change', () => this.take());
    edit.addEventListener('change', () => this.element.isConnected && this.#behind() && this.show());
  }

  /** Whether the table's state is another than what this shows. */
  #behind() {
    const read = readJson(this.#text.value);
    return this.#text.value === this.#shown && 'document' in read && JSON.stringify(whole(read.document)) !== JSON.stringify(this.edit.now);
  }

  /** Show the tile set as it is now. */
  show() {
    this.#shown = JSON.stringify(this.edit.now, null, 2);
    this.#text.value = this.#shown;
    this.#check();
  }

  /** Take what was typed over into the table, as one step; return whether it could be. */
  take() {
    const read = readJson(this.#text.value);
    if (!('document' in read)) {
      this.#check();
      return false;
    }
    this.#shown = this.#text.value;
    this.edit.replace(read.document);
    return true;
  }

  /** Put the keyboard there where it goes wrong. */
  focus() {
    const read = readJson(this.#text.value);
    this.#text.focus();
    if ('document' in read) return;
    const start = this.#text.value.split('\n').slice(0, read.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + read.column - 1;
    this.#text.setSelectionRange(start, start + 1);
  }

  #check() {
    const { value } = this.#text;
    const read = readJson(value);
    const bad = 'document' in read ? 0 : read.line;
    setText(this.#lines, value.split('\n').map((_, i) => `${i + 1 === bad ? '▸ ' : ''}${i + 1}`).join('\n'));
    this.#lines.scrollTop = this.#text.scrollTop;
    this.#text.setAttribute('aria-invalid', String(bad > 0));
    this.#said.classList.toggle('problem', bad > 0);
    const typed = 'document' in read && hasTyped(whole(read.document)) ? t('tilesets.json-typed') : t('tilesets.json-right');
    setText(this.#said, 'document' in read ? typed : t('tilesets.json-wrong', { line: read.line, column: read.column, why: read.why }));
  }
}
