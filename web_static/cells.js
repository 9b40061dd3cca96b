/**
 * The wall's named cells: a grid of elements without pictures, each over its tile on the canvas, for the keyboard,
 * screen readers and whoever looks for a tile by its name.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./camera.js').Rect} Rect
 */

import { byId, make } from './dom.js';
import { nowSeconds } from './times.js';
import { nameOf, say } from './words.js';

/** @type {Record<import('./wall-mark.js').Mark|'none', string>} */
const MARKS = { none: '', chosen: 'chosen', working: 'keys go here', leading: 'leader: keys go here and to its followers', leader: 'leader', follower: 'follower' };
const UNIT_PX = 1000; // CSS pixels of a wall unit before the camera's transform

export class Cells {
  #grid = byId('cells', HTMLElement);
  /** @type {Map<number, HTMLElement>} */ #cells = new Map();
  #columns = 0;
  /** @type {Map<number, import('./wall-mark.js').Mark>} */ marks = new Map();

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.#grid.addEventListener('focusin', ({ target }) => {
      const id = this.idOf(target);
      if (id !== null) model.setFocus(id);
    });
  }

  /** Return the tile whose cell `target` is, or null. @param {EventTarget|null} target */
  idOf(target) {
    return target instanceof HTMLElement && target.dataset.tile ? Number(target.dataset.tile) : null;
  }

  /** Lay the cells out: `columns` a row, each over its picture. @param {number} columns @param {Map<number, Rect>} pictures */
  layout(columns, pictures) {
    const { order } = this.model;
    for (const [id, cell] of this.#cells) {
      if (this.model.tiles.has(id)) continue;
      cell.remove();
      this.#cells.delete(id);
    }
    const inOrder = order.map((id) => this.#cellOf(id));
    const before = [...this.#grid.querySelectorAll('[role=gridcell]')];
    if (columns !== this.#columns || before.length !== inOrder.length || before.some((cell, i) => cell !== inOrder[i])) {
      this.#fill(inOrder, columns);
    }
    for (const [id, { x, y, width, height }] of pictures) {
      const { style } = this.#cellOf(id);
      style.left = `${x * UNIT_PX}px`;
      style.top = `${y * UNIT_PX}px`;
      style.width = `${width * UNIT_PX}px`;
      style.height = `${height * UNIT_PX}px`;
    }
    this.update(order);
  }

  /** @param {HTMLElement[]} inOrder @param {number} columns */
  #fill(inOrder, columns) {
    const held = this.idOf(document.activeElement);
    this.#columns = columns;
    const rows = [];
    for (let at = 0; at < inOrder.length; at += columns) {
      rows.push(make('div', { role: 'row' }, ...inOrder.slice(at, at + columns)));
    }
    this.#grid.replaceChildren(...rows);
    if (held !== null) this.focus(held);
  }

  /** @param {number} id */
  #cellOf(id) {
    let cell = this.#cells.get(id);
    if (!cell) {
      cell = make('div', { role: 'gridcell', tabindex: '-1', 'data-tile': String(id) });
      this.#cells.set(id, cell);
    }
    return cell;
  }

  /** Put the cells where the camera sees them. @param {import('./camera.js').Camera} camera */
  place({ x, y, scale }) {
    this.#grid.style.transform = `translate(${-x * scale}px, ${-y * scale}px) scale(${scale / UNIT_PX})`;
  }

  /** Bring names and marks of these tiles up to date. @param {Iterable<number>} ids */
  update(ids) {
    const now = nowSeconds();
    for (const id of ids) {
      const tile = this.model.tiles.get(id);
      const cell = this.#cells.get(id);
      if (!tile || !cell) continue;
      const dimmed = this.model.isDimmed(id);
      const state = this.model.stateOf(tile);
      const said = say(tile, this.model.sets.get(tile.set), now, state);
      const marks = [dimmed ? 'not found by the search' : '', MARKS[this.marks.get(id) ?? 'none']].filter(Boolean);
      const name = [nameOf(tile, said, now), ...marks].join(', ');
      if (cell.getAttribute('aria-label') !== name) cell.setAttribute('aria-label', name);
      // The pointer is told what a small tile has no room for; a calm picture is not covered by words.
      const told = state !== 'live' || said.since !== null || said.badge?.bad;
      if (told) cell.title = name;
      else cell.removeAttribute('title');
      cell.dataset.state = state;
      const selected = String(this.model.chosen.has(id));
      if (cell.getAttribute('aria-selected') !== selected) cell.setAttribute('aria-selected', selected);
      cell.toggleAttribute('data-dimmed', dimmed);
      cell.tabIndex = id === this.model.focus ? 0 : -1;
      cell.toggleAttribute('aria-current', id === this.model.focus);
    }
  }

  /** Give a tile's cell the keyboard. @param {number} id */
  focus(id) {
    this.#cells.get(id)?.focus({ preventScroll: true });
  }
}
