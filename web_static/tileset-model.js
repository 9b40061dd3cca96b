/** A tile set that is edited: its rows and columns, undo, what is wrong in it. Pure: every state is a value of its own, which undo goes back to. */

import { FIELDS, isTyped, problemOf, textOf, valueFrom, valueOf, withValue } from './tileset-cells.js';

/** @typedef {import('./tileset-cells.js').Column} Column */
/** @typedef {import('./tileset-cells.js').Tile} Tile */
/** @typedef {{format: string, version: number, title: string, description?: string, columns: Column[], tiles: Tile[]}} TileSet */
/** @typedef {{row: number|null, field: string, text: import('./text.js').Key|null, said?: string}} Problem  text: the key of its words; said: the server's own words */
/** @typedef {{key: number, field: string, mine: any, theirs: any}} Conflict */
/** @typedef {{top: number, left: number, bottom: number, right: number}} Block  all of them within */

const STATES_MOST = 200; // that undo goes back

/** Return a document with all lists that it may lack. @param {any} document @returns {TileSet} */
export const whole = (document) => ({ ...document, columns: document.columns ?? [], tiles: document.tiles ?? [] });

export class TileSetEdit extends EventTarget {
  /** @type {TileSet[]} */ #before = [];
  /** @type {TileSet[]} */ #after = [];
  /** @type {WeakMap<Tile, {columns: Column[], found: Problem[]}>} */ #checked = new WeakMap();
  /** @type {Problem[]} what the server found that this page did not */ refused = [];
  /** @type {Map<string, Conflict>} cells that somebody else changed too, by `KEY/FIELD` */ conflicts = new Map();

  /** @param {object} document as the server keeps it @param {number} revision 0: it is not kept yet */
  constructor(document, revision) {
    super();
    this.base = whole(document);
    this.now = this.base;
    this.revision = revision;
  }

  /** The fields of the table, from left to right. @returns {string[]} */
  get fields() {
    return [...FIELDS, ...this.now.columns.map(({ name }) => `values/${name}`)];
  }

  get changed() {
    return this.now !== this.base && JSON.stringify(this.now) !== JSON.stringify(this.base);
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  get canRedo() {
    return this.#after.length > 0;
  }

  /** @param {string} field */
  column(field) {
    return field.startsWith('values/') ? this.now.columns.find(({ name }) => name === field.slice(7)) : undefined;
  }

  /** Take another state, as one step of undo. @param {Partial<TileSet>} change */
  #do(change) {
    this.#before = [...this.#before, this.now].slice(-STATES_MOST);
    this.#after = [];
    this.#set({ ...this.now, ...change });
  }

  /** @param {TileSet} state */
  #set(state) {
    this.now = state;
    this.refused = [];
    this.dispatchEvent(new Event('change'));
  }

  undo() {
    const state = this.#before.pop();
    if (!state) return false;
    this.#after.push(this.now);
    this.#set(state);
    return true;
  }

  redo() {
    const state = this.#after.pop();
    if (!state) return false;
    this.#before.push(this.now);
    this.#set(state);
    return true;
  }

  /** @param {string} title */
  rename(title) {
    if (title !== this.now.title) this.#do({ title });
  }

  /** Put texts into cells, from one on, downwards and to the right; rows are added as needed. @param {number} row @param {number} at of `fields` @param {string[][]} texts */
  put(row, at, texts) {
    const { fields } = this;
    const tiles = [...this.now.tiles];
    let any = false;
    texts.forEach((cells, down) => {
      if (row + down >= tiles.length) tiles.push({ key: freeKey(tiles) });
      let tile = tiles[row + down];
      cells.slice(0, fields.length - at).forEach((text, over) => {
        const field = fields[at + over];
        if (text !== textOf(tile, field)) tile = withValue(tile, field, valueFrom(field, text, this.column(field)));
      });
      any ||= tile !== this.now.tiles[row + down];
      tiles[row + down] = tile;
    });
    if (any) this.#do({ tiles });
  }

  /** Empty cells. @param {Block} block */
  clear({ top, left, bottom, right }) {
    const { fields } = this;
    const row = Array.from({ length: right - left + 1 }, (_, i) => (fields[left + i] === 'kind' ? 'card' : ''));
    this.put(top, left, Array.from({ length: bottom - top + 1 }, () => row));
  }

  /** Return the texts of cells. @param {Block} block */
  texts({ top, left, bottom, right }) {
    const fields = this.fields.slice(left, right + 1);
    return this.now.tiles.slice(top, bottom + 1).map((tile) => fields.map((field) => textOf(tile, field)));
  }

  /** Put an empty tile into a row. @param {number} row */
  add(row) {
    this.#do({ tiles: this.now.tiles.toSpliced(row, 0, { key: freeKey(this.now.tiles) }) });
  }

  /** Put copies of rows behind them. @param {number} top @param {number} bottom */
  duplicate(top, bottom) {
    const first = freeKey(this.now.tiles);
    const copies = this.now.tiles.slice(top, bottom + 1).map((tile, i) => ({ ...tile, key: first + i }));
    this.#do({ tiles: this.now.tiles.toSpliced(bottom + 1, 0, ...copies) });
  }

  /** @param {number} top @param {number} bottom */
  remove(top, bottom) {
    this.#do({ tiles: this.now.tiles.toSpliced(top, bottom - top + 1) });
  }

  /** Return what keeps a column from being called so, as the key of its words. @param {string} name @param {number} [but] the column itself @returns {import('./text.js').Key|null} */
  nameProblem(name, but = -1) {
    if (name === '' || name.length > 200 || /\p{C}/u.test(name)) return 'tilesets.wrong-name';
    return this.now.columns.some((each, i) => each.name === name && i !== but) ? 'tilesets.wrong-twice' : null;
  }

  /** @param {Column} column */
  addColumn(column) {
    this.#do({ columns: [...this.now.columns, column] });
  }

  /** Change a column; what its cells hold is read anew as its kind. @param {number} at @param {Column} column */
  changeColumn(at, column) {
    const old = this.now.columns[at];
    const tiles = this.now.tiles.map((tile) => {
      const field = `values/${old.name}`;
      if (valueOf(tile, field) === null) return tile;
      const value = old.kind === column.kind ? valueOf(tile, field) : valueFrom(field, textOf(tile, field), column);
      return withValue(withValue(tile, field, null), `values/${column.name}`, value);
    });
    this.#do({ columns: this.now.columns.with(at, column), tiles });
  }

  /** @param {number} at */
  removeColumn(at) {
    const field = `values/${this.now.columns[at].name}`;
    const tiles = this.now.tiles.map((tile) => (valueOf(tile, field) === null ? tile : withValue(tile, field, null)));
    this.#do({ columns: this.now.columns.toSpliced(at, 1), tiles });
  }

  /** Take a whole document, as the JSON view has it. @param {object} document */
  replace(document) {
    if (JSON.stringify(whole(document)) !== JSON.stringify(this.now)) this.#do(whole(document));
  }

  /** Return what is wrong in a row. Each row is looked at once. @param {number} row */
  problemsIn(row) {
    const tile = this.now.tiles[row];
    const known = this.#checked.get(tile);
    if (known?.columns === this.now.columns) return known.found;
    const found = this.fields.flatMap((field) => {
      const text = problemOf(tile, field, this.column(field));
      return text ? [{ row, field, text }] : [];
    });
    this.#checked.set(tile, { columns: this.now.columns, found });
    return found;
  }

  /** All that is wrong, row by row. @returns {Problem[]} */
  get problems() {
    return [...this.refused, ...this.now.tiles.flatMap((_, row) => this.problemsIn(row).map((each) => ({ ...each, row })))];
  }

  /** Find the next cell with a text, behind one. @param {string} text @param {{row: number, at: number}} from @returns {{row: number, at: number}|null} */
  find(text, from) {
    const wanted = text.toLowerCase();
    const { fields } = this;
    const all = this.now.tiles.length * fields.length;
    for (let step = 1; step <= all && wanted !== ''; step += 1) {
      const place = (from.row * fields.length + from.at + step) % all;
      const found = { row: Math.floor(place / fields.length), at: place % fields.length };
      if (textOf(this.now.tiles[found.row], fields[found.at]).toLowerCase().includes(wanted)) return found;
    }
    return null;
  }

  /** Mark what the server found that this page did not; the next edit takes the marks off. @param {Problem[]} problems */
  refuse(problems) {
    this.refused = problems;
    this.dispatchEvent(new Event('change'));
  }

  /** The document was kept. @param {TileSet} document what was sent @param {number} revision */
  saved(document, revision) {
    this.base = document;
    this.revision = revision;
    this.conflicts.clear();
    this.#set(this.now);
  }

  /** Take up again what was edited and not kept. @param {object} document */
  resume(document) {
    this.#do(whole(document));
  }

  /** Put the own edits onto what others kept meanwhile, as one step of undo. @param {object} document @param {number} revision */
  rebase(document, revision) {
    const theirs = whole(document);
    const { state, conflicts } = rebased(this.base, this.now, theirs);
    this.base = theirs;
    this.revision = revision;
    this.conflicts = new Map(conflicts.map((each) => [`${each.key}/${each.field}`, each]));
    this.#do(state);
  }

  /** Settle a cell that both changed. @param {Conflict} conflict @param {boolean} mine */
  settle({ key, field, theirs }, mine) {
    this.conflicts.delete(`${key}/${field}`);
    if (mine) this.#set(this.now);
    else this.#do({ tiles: this.now.tiles.map((tile) => (tile.key === key ? withValue(tile, field, theirs) : tile)) });
  }
}

/** @param {Tile[]} tiles */
const freeKey = (tiles) => tiles.reduce((most, { key }) => (Number.isSafeInteger(key) ? Math.max(most, key) : most), 0) + 1;

const same = (/** @type {any} */ one, /** @type {any} */ two) => JSON.stringify(one) === JSON.stringify(two);

/** Every field that one of these tiles has. @param {Tile[]} tiles */
const fieldsOf = (tiles) => new Set(tiles.flatMap(({ values, ...own }) => [...Object.keys(own).filter((field) => field !== 'key'), ...Object.keys(values ?? {}).map((name) => `values/${name}`)]));

/**
 * Put own edits of a tile set onto what others made of it: by key and field. Where both changed a cell, the own one stands, and is told. Pure.
 * @param {TileSet} base what both began with @param {TileSet} mine @param {TileSet} theirs @returns {{state: TileSet, conflicts: Conflict[]}}
 */
export function rebased(base, mine, theirs) {
  const [was, own, other] = [base, mine, theirs].map(({ tiles }) => new Map(tiles.map((tile) => [tile.key, tile])));
  /** @type {Conflict[]} */ const conflicts = [];
  const tiles = theirs.tiles.flatMap((tile) => {
    const old = was.get(tile.key);
    const edited = own.get(tile.key);
    if (!old) return [tile];
    if (!edited) return same(old, tile) ? [] : [tile]; // taken out here, but changed there: it stays
    let merged = tile;
    for (const field of fieldsOf([old, edited])) {
      const value = valueOf(edited, field);
      if (same(value, valueOf(old, field)) || same(value, valueOf(tile, field))) continue;
      if (!same(valueOf(tile, field), valueOf(old, field))) conflicts.push({ key: tile.key, field, mine: value, theirs: valueOf(tile, field) });
      merged = withValue(merged, field, value);
    }
    return [merged];
  });
  for (const tile of mine.tiles) {
    const old = was.get(tile.key);
    if (old && (other.has(tile.key) || same(old, tile))) continue; // merged above, or taken out by others
    tiles.push(other.has(tile.key) ? { ...tile, key: freeKey([...tiles, ...mine.tiles]) } : tile);
  }
  const columns = theirs.columns.flatMap((column) => {
    const old = base.columns.find(({ name }) => name === column.name);
    const edited = mine.columns.find(({ name }) => name === column.name);
    if (!old) return [column];
    return edited ? [same(edited, old) ? column : edited] : [];
  });
  for (const column of mine.columns) {
    const known = columns.some(({ name }) => name === column.name) || base.columns.some(({ name }) => name === column.name);
    if (!known) columns.push(column);
  }
  const title = mine.title === base.title ? theirs.title : mine.title;
  return { state: { ...theirs, title, columns, tiles }, conflicts };
}

/** Whether a document holds what was typed and is wrong. @param {TileSet} state */
export const hasTyped = ({ tiles }) => tiles.some((tile) => [...Object.values(tile), ...Object.values(tile.values ?? {})].some(isTyped));
