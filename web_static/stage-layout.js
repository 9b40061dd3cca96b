/**
 * How the wall stands now: the grid of the model's lanes as people set it, and where each tile's picture is. Made anew only when
 * somebody asks after a change.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./layout.js').Wish} Wish
 * @typedef {import('./arrangement.js').Lane} Lane
 */

import { onWall } from './arrangement.js';
import { choicesOf, columnOf } from './columns.js';
import { makeScatter } from './layout-scatter.js';
import { bestColumns, commonAspect, gain, labelled, makeGrid, pictureRect } from './layout.js';
import { valueBy } from './tags.js';
import { t } from './text.js';

const WORTH_MOVING = 1.12; // larger tiles by this factor justify other columns

export class StageLayout {
  /** @type {Size} of the stage, in CSS pixels */ view = { width: 1, height: 1 };
  /** @type {import('./layout.js').Grid} */ grid = makeGrid([], 1, 4 / 3, this.view);
  /** @type {Map<number, Rect>} */ pictures = new Map();
  /** @type {Wish} */ wish = {};
  #auto = { columns: 1, of: '' };

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
  }

  /** The window that the wall is laid out for: one's own, or, on a display wall, the same for all its screens. @returns {Size} */
  get within() {
    return this.model.borrowed?.layout ?? this.view;
  }

  /** Lay out what the model has now. */
  update() {
    const { tiles, room } = this.model;
    const lanes = named(this.model.lanes, room.document.get('group')?.by ?? '');
    const aspect = commonAspect(tiles.values());
    this.wish = wishOf(room.document);
    const scatter = this.scatter;
    if (scatter) this.wish = { ...this.wish, tile: undefined };
    const columns = room.document.get('layout/columns') ?? this.model.borrowed?.columns;
    this.grid = scatter ? this.#scattered(scatter, aspect) : makeGrid(lanes, columns ?? this.#autoColumns(lanes, aspect), aspect, this.within, this.wish);
    const turned = new Map(room.document.below('tile/').filter(([rest]) => rest.endsWith('/rotation')));
    this.pictures = new Map();
    this.grid.ids.forEach((id, position) => {
      const tile = /** @type {Tile} */ (tiles.get(id));
      this.pictures.set(id, pictureRect(this.grid, this.grid.cells[position], tile, turned.get(`${id}/rotation`)));
    });
  }

  /** By what the wall is a scatter plot now, or null: tiles that one zoomed on stand side by side all the same. @returns {import('./layout-scatter.js').Scatter|null} */
  get scatter() {
    return this.model.zoomed.length > 0 ? null : (this.model.room.document.get('layout/scatter') ?? null);
  }

  /** @param {import('./layout-scatter.js').Scatter} scatter @param {number} aspect */
  #scattered(scatter, aspect) {
    const { room } = this.model;
    const tiles = onWall(this.model.tiles.values(), room.document);
    const labels = new Map(choicesOf(this.model).map(({ by, label }) => [by, label]));
    const column = (/** @type {string} */ by) => columnOf(by, labels.get(by) ?? by.replace(/^\w+:/, ''), tiles.map((tile) => valueBy(tile, by, room.document)));
    const words = { label: t('scatter.no-name'), log: t('scatter.log-word'), missing: t('scatter.missing') };
    return makeScatter(tiles.map(({ id }) => id), column(scatter.x.by), column(scatter.y.by), scatter, aspect, this.within, this.wish, words, new Set(this.model.order));
  }

  /** The columns that show tiles largest; but a wall is not rearranged for a little. @param {Lane[]} lanes @param {number} aspect */
  #autoColumns(lanes, aspect) {
    const best = bestColumns(lanes, aspect, this.within, this.wish);
    const of = `${lanes.map(({ ids }) => ids.length).join()} ${JSON.stringify(this.wish)}`;
    const kept = this.#auto.of === of && this.wish.tile === undefined && gain(best, this.#auto.columns, lanes, aspect, this.within, this.wish) < WORTH_MOVING;
    if (!kept) this.#auto = { columns: best, of };
    return this.#auto.columns;
  }

  /** Return the rectangle around the pictures of these tiles and their titles, or null. @param {Iterable<number>} ids @returns {Rect|null} */
  around(ids) {
    const rects = [...ids].flatMap((id) => this.pictures.get(id) ?? []);
    if (rects.length === 0) return null;
    const x = Math.min(...rects.map((rect) => rect.x));
    const y = Math.min(...rects.map((rect) => rect.y));
    const right = Math.max(...rects.map((rect) => rect.x + rect.width));
    const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
    return { x, y, width: right - x, height: bottom - y };
  }
}

/** @param {import('./document.js').Document} document @returns {Wish} */
function wishOf(document) {
  const read = (/** @type {string} */ name) => document.get(`layout/${name}`);
  return { gap: read('gap'), title: read('title'), tile: read('tile') };
}

/** Give those a name that stand in a lane because they have no value. @param {Lane[]} lanes @param {string} by @returns {Lane[]} */
function named(lanes, by) {
  if (!labelled(lanes)) return lanes;
  const none = by === 'tags' ? t('lanes.untagged') : t('lanes.none', { what: by.replace(/^\w+:/, '') });
  return lanes.map((lane) => (lane.label === '' ? { ...lane, label: none } : lane));
}
