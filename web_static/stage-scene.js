/**
 * What the worker is told of the tiles: how each looks, made of the model and the session's document; of what looks as before, nothing.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-mark.js').Mark} Mark
 * @typedef {import('./shapes.js').Shape} Shape
 */

import { edgeOf, stickersOf } from './colouring.js';
import { notesShown } from './notes-shown.js';
import { colourOf } from './people-colours.js';
import { nowSeconds } from './times.js';
import { say } from './words.js';

const NOTE_MOST = 90; // characters of a note that may stand on a tile
const OTHERS_MOST = 3; // people whose selection is marked on one tile

export class StageScene {
  /** @type {number|null} */ hovered = null;
  /** @type {Map<number, Mark>} */ marks = new Map();
  /** @type {Map<number, SceneTile>} what the worker knows */ #told = new Map();

  /** @param {Model} model @param {import('./stage-layout.js').StageLayout} layout @param {(message: import('./wall-worker.js').ToWorker) => void} tell */
  constructor(model, layout, tell) {
    this.model = model;
    this.layout = layout;
    this.tell = tell;
  }

  /** Return what the worker knows of a tile. @param {number} id */
  of(id) {
    return this.#told.get(id);
  }

  /** Tell how all tiles stand and look now; they travel to their places. Return the ids of those that look otherwise. @param {number} start @param {number} duration */
  layOut(start, duration) {
    const { grid } = this.layout;
    const changed = this.#changed(grid.ids);
    for (const id of this.#told.keys()) if (!this.layout.pictures.has(id)) this.#told.delete(id);
    const lanes = grid.lanes.flatMap(({ label, count, rect, height }) => (rect ? [{ label, count: String(count), rect, height }] : []));
    this.tell({ type: 'scene', tiles: changed, order: grid.ids, lanes, axes: grid.axes ?? null, strip: grid.strip, start, duration });
    return changed.map(({ id }) => id);
  }

  /** Tell what is new about these tiles, if anything is, and return their ids. @param {Iterable<number>} ids */
  refresh(ids) {
    const changed = this.#changed(ids);
    if (changed.length > 0) this.tell({ type: 'tiles', tiles: changed });
    return changed.map(({ id }) => id);
  }

  /** @param {Iterable<number>} ids */
  #changed(ids) {
    const said = new Said(this.model);
    const wanted = new Set(ids);
    /** @type {SceneTile[]} */
    const changed = [];
    this.layout.grid.ids.forEach((id, position) => {
      const tile = wanted.has(id) ? this.model.tiles.get(id) : undefined;
      if (!tile) return;
      const now = this.#sceneTile(tile, position, said);
      if (same(now, this.#told.get(id))) return;
      this.#told.set(id, now);
      changed.push(now);
    });
    return changed;
  }

  /** @param {Tile} tile @param {number} position @param {Said} said @returns {SceneTile} */
  #sceneTile(tile, position, said) {
    const { model } = this;
    const { id } = tile;
    const state = model.stateOf(tile);
    const { rotation, opacity, undrawn } = said.tile(id);
    return {
      id,
      cell: this.layout.grid.cells[position],
      picture: /** @type {Rect} */ (this.layout.pictures.get(id)),
      title: tile.title,
      state,
      said: say(tile, model.sets.get(tile.set), said.now, state),
      dimmed: model.isDimmed(id),
      focused: id === model.focus,
      hovered: id === this.hovered,
      marked: this.marks.get(id) ?? null,
      edge: edgeOf(tile, model),
      stickers: stickersOf(tile, model),
      selected: model.chosen.has(id),
      others: said.others.get(id) ?? NOBODY,
      rotation,
      opacity,
      note: notesShown() ? firstWords(model.room.document.text(`note/${id}`)) : '',
      shapes: undrawn ? NOTHING : (said.shapes.get(id) ?? NOTHING),
    };
  }
}

/** @type {string[]} */ const NOBODY = [];
/** @type {Shape[]} */ const NOTHING = [];

/** What the document says of tiles, gathered once for all of them. */
class Said {
  now = nowSeconds();
  /** @type {Map<number, string[]>} colours of the others who selected a tile */ others = new Map();
  /** @type {Map<number, Shape[]>} */ shapes = new Map();
  /** @type {Map<number, {rotation: 0|90|180|270, opacity: number, undrawn: boolean}>} */ #tiles = new Map();

  /** @param {Model} model */
  constructor({ room }) {
    for (const [rest, selected] of room.document.below('person/')) {
      const [person, what] = rest.split('/');
      if (what !== 'selection' || person === room.person) continue;
      for (const id of selected) if ((this.others.get(id)?.length ?? 0) < OTHERS_MOST) add(this.others, id, colourOf(person));
    }
    for (const [rest, shape] of room.document.below('drawing/')) add(this.shapes, Number(rest.split('/')[0]), shape);
    for (const [rest, value] of room.document.below('tile/')) {
      const [id, what] = rest.split('/');
      if (what === 'rotation' || what === 'opacity' || what === 'undrawn') this.#tiles.set(Number(id), { ...this.tile(Number(id)), [what]: value });
    }
  }

  /** @param {number} id */
  tile(id) {
    return this.#tiles.get(id) ?? AS_IT_IS;
  }
}

/** @type {{rotation: 0|90|180|270, opacity: number, undrawn: boolean}} */
const AS_IT_IS = { rotation: 0, opacity: 1, undrawn: false };

/** @template T @param {Map<number, T[]>} lists @param {number} id @param {T} value */
function add(lists, id, value) {
  const list = lists.get(id);
  if (list) list.push(value);
  else lists.set(id, [value]);
}

/** Return the beginning of a note in one line. @param {string} text */
export function firstWords(text) {
  const line = text.length > 0 ? text.slice(0, NOTE_MOST * 2).replace(/\s+/g, ' ').trim() : '';
  return line.length > NOTE_MOST ? `${line.slice(0, NOTE_MOST).trimEnd()}…` : line;
}

/** Return whether two plain values are equal, throughout. A hundred times as fast as to compare them as JSON. @param {unknown} a @param {unknown} b @returns {boolean} */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [one, other] = [/** @type {Record<string, unknown>} */ (a), /** @type {Record<string, unknown>} */ (b)];
  let fields = 0;
  for (const field in one) {
    if (!same(one[field], other[field])) return false;
    fields += 1;
  }
  for (const field in other) if (fields-- === 0 || !(field in one)) return false;
  return fields === 0;
}
