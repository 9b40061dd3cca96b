/**
 * The wall's named cells: a grid of elements without pictures, each over its tile on the canvas, for the keyboard,
 * screen readers and whoever looks for a tile by its name. They follow after the frame in which the canvas has changed:
 * nobody's hand waits for a thousand elements.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./layout.js').Grid} Grid
 */

import { isBrushedOut } from './brushed.js';
import { byId, make } from './dom.js';
import { tagsOf } from './tags.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';
import { nameOf, say } from './words.js';

const AFTER_MS = 60; // the frame that shows a change comes first
const UNIT_PX = 1000; // CSS pixels of a wall unit before the camera's transform

export class Cells {
  #grid = byId('cells', HTMLElement);
  /** @type {Map<number, {element: HTMLElement, place: string}>} */ #cells = new Map();
  /** @type {{grid: Grid, pictures: Map<number, Rect>}|null} laid out, but not yet here */ #coming = null;
  /** @type {Set<number>} whose names are not yet told */ #unnamed = new Set();
  #timer = 0;
  #filled = '';
  /** @type {Map<number, string>} what each tile's lane is called */ #lanes = new Map();
  /** @type {Map<number, import('./wall-mark.js').Mark>} */ marks = new Map();

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.#grid.addEventListener('focusin', ({ target }) => {
      const id = this.idOf(target);
      if (id !== null) model.setFocus(id);
    });
    model.addEventListener('focus', () => this.#held && this.#hold());
  }

  /** Return the tile whose cell `target` is, or null. @param {EventTarget|null} target */
  idOf(target) {
    return target instanceof HTMLElement && target.dataset.tile ? Number(target.dataset.tile) : null;
  }

  /** Whether a cell has the keyboard. */
  get #held() {
    return this.idOf(document.activeElement) !== null;
  }

  /** Give the keyboard to the cell of the tile in focus. */
  #hold() {
    this.#cells.get(this.model.focus ?? -1)?.element.focus({ preventScroll: true });
  }

  /** Lay the cells out soon, each over its picture. @param {Grid} grid @param {Map<number, Rect>} pictures */
  layoutSoon(grid, pictures) {
    this.#coming = { grid, pictures };
    this.updateSoon(grid.ids, grid.ids.every((id) => this.#cells.has(id)) ? AFTER_MS : 0); // who is new has a name at once
  }

  /** Bring names and marks of these tiles up to date soon. @param {Iterable<number>} ids @param {number} [wait] ms */
  updateSoon(ids, wait = AFTER_MS) {
    for (const id of ids) this.#unnamed.add(id);
    if (this.#unnamed.size === 0 && !this.#coming) return;
    if (wait === 0) clearTimeout(this.#timer);
    if (wait === 0 || this.#timer === 0) this.#timer = setTimeout(() => this.#now(), wait);
  }

  #now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#coming) this.#layout(this.#coming);
    this.#coming = null;
    this.#update(this.#unnamed);
    this.#unnamed.clear();
  }

  /** @param {{grid: Grid, pictures: Map<number, Rect>}} laid */
  #layout({ grid, pictures }) {
    const held = this.#held;
    for (const [id, { element }] of this.#cells) {
      if (this.model.tiles.has(id)) continue;
      element.remove();
      this.#cells.delete(id);
    }
    this.#lanes = new Map(grid.rows.flatMap(({ lane, first, count }) => grid.ids.slice(first, first + count).map((id) => [id, nameOfLane(grid.lanes[lane])])));
    const filled = JSON.stringify([grid.columns, grid.ids, grid.lanes.map((lane) => [nameOfLane(lane), lane.count])]);
    if (filled !== this.#filled) this.#fill(grid);
    this.#filled = filled;
    if (held) this.#hold();
    for (const [id, { x, y, width, height }] of pictures) {
      const cell = this.#cellOf(id);
      const place = [x, y, width, height].map((length) => `${length * UNIT_PX}px`).join(' ');
      if (place === cell.place) continue;
      cell.place = place;
      const { style } = cell.element;
      [style.left, style.top, style.width, style.height] = place.split(' ');
    }
  }

  /** Put the cells into rows, and the rows of a lane with a label into a group of its name. @param {Grid} grid */
  #fill(grid) {
    /** @type {HTMLElement[]} */
    const lanes = [];
    for (const { lane } of grid.rows) {
      const name = nameOfLane(grid.lanes[lane]);
      lanes[lane] ??= name === '' ? this.#grid : make('div', { role: 'rowgroup', 'aria-label': name });
    }
    const plain = lanes.includes(this.#grid);
    const rows = grid.rows.map(({ lane, first, count }) => {
      const row = make('div', { role: 'row' }, ...grid.ids.slice(first, first + count).map((id) => this.#cellOf(id).element));
      if (!plain) lanes[lane].append(row);
      return row;
    });
    this.#grid.replaceChildren(...(plain ? rows : lanes.filter(Boolean)));
  }

  /** @param {number} id */
  #cellOf(id) {
    let cell = this.#cells.get(id);
    if (!cell) {
      cell = { element: make('div', { role: 'gridcell', tabindex: '-1', 'data-tile': String(id) }), place: '' };
      this.#cells.set(id, cell);
    }
    return cell;
  }

  /** Put the cells where the camera sees them. @param {import('./camera.js').Camera} camera */
  place({ x, y, scale }) {
    this.#grid.style.transform = `translate(${-x * scale}px, ${-y * scale}px) scale(${scale / UNIT_PX})`;
  }

  /** @param {Iterable<number>} ids */
  #update(ids) {
    const now = nowSeconds();
    for (const id of ids) {
      const tile = this.model.tiles.get(id);
      const cell = this.#cells.get(id)?.element;
      if (!tile || !cell) continue;
      const state = this.model.stateOf(tile);
      const said = say(tile, this.model.sets.get(tile.set), now, state);
      const dimmed = this.model.isDimmed(id);
      const selected = this.model.chosen.has(id);
      const name = [nameOf(tile, said, now), ...this.#alsoOf(tile, dimmed, selected)].join(', ');
      if (cell.getAttribute('aria-label') !== name) cell.setAttribute('aria-label', name);
      // The pointer is told what a small tile has no room for; a calm picture is not covered by words.
      const told = state !== 'live' || said.since !== null || said.badge?.bad;
      if (told) cell.title = name;
      else cell.removeAttribute('title');
      cell.dataset.state = state;
      if (cell.getAttribute('aria-selected') !== String(selected)) cell.setAttribute('aria-selected', String(selected));
      cell.toggleAttribute('data-dimmed', dimmed);
      const current = id === this.model.focus;
      cell.tabIndex = current ? 0 : -1;
      if (current) cell.setAttribute('aria-current', 'true');
      else cell.removeAttribute('aria-current');
    }
  }

  /** Return what else is said of a tile. @param {import('./model.js').Tile} tile @param {boolean} dimmed @param {boolean} selected */
  #alsoOf(tile, dimmed, selected) {
    const { document: said } = this.model.room;
    const tags = tagsOf(tile, said);
    const lane = this.#lanes.get(tile.id) ?? '';
    const mark = this.marks.get(tile.id);
    return [
      tags.length > 0 ? t('cells.tags', { n: tags.length, tags: tags.join(', ') }) : '',
      lane === '' ? '' : t('cells.lane', { lane }),
      said.text(`note/${tile.id}`) === '' ? '' : t('cells.note'),
      dimmed ? t(isBrushedOut(this.model, tile.id) ? 'cells.brushed-out' : 'cells.dimmed') : '',
      selected ? t('cells.selected') : '',
      mark && mark !== 'chosen' ? t(`cells.${mark}`) : '',
    ].filter(Boolean);
  }

  /** Give a tile's cell the keyboard. @param {number} id */
  focus(id) {
    if (this.#coming) this.#now();
    this.#cells.get(id)?.element.focus({ preventScroll: true });
  }
}

/** @param {import('./layout.js').PlacedLane} lane */
const nameOfLane = ({ label, rect }) => (rect ? label : '');
