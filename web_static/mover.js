/** Moves of tiles as people do them: each one act, and a line that says what became of it. */

import { announce } from './announce.js';
import { keyOf } from './keys.js';
import * as moving from './moving.js';
import { rowsOf } from './selecting.js';
import { t } from './text.js';

/** @typedef {import('./commands.js').Command} Command */

export class Mover {
  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
  }

  /** Whether tiles can be moved now: a zoomed selection stands as it was made. */
  get can() {
    return this.model.may('arrange') && this.model.zoomed.length === 0;
  }

  /** Return what a move is meant for: the selected tiles, else the one in focus. @returns {Set<number>} */
  get meant() {
    const { chosen, focus } = this.model;
    return chosen.size > 0 ? chosen : new Set(focus === null ? [] : [focus]);
  }

  /** Make lanes stand otherwise. @param {(ids: number[]) => number[]} change @param {string} label @param {Set<number>} [moved] @returns {boolean} whether anything moved */
  change(change, label, moved) {
    const { lanes, room, sorting } = this.model;
    const ids = lanes.map((lane) => lane.ids);
    const key = (/** @type {number} */ id) => String(room.document.get(`order/${id}`) ?? keyOf(id));
    const sorted = sorting.key !== '' || sorting.descending;
    const moves = moving.movesTo(ids, ids.map(change), { keyOf: key, sorted, moved });
    room.set(moves, label);
    return moves.length > 0;
  }

  /** Put tiles where a drag let go of them. @param {Set<number>} tiles @param {import('./layout-ways.js').Position} position */
  drop(tiles, { before, lane }) {
    const target = this.model.lanes.find(({ key }) => key === lane);
    const within = target?.ids.some((id) => tiles.has(id)) ?? false;
    if (!within) return announce(t('move.within'));
    const change = (/** @type {number[]} */ ids) => (ids === target?.ids ? moving.insert(ids, tiles, before) : ids);
    if (this.change(change, 'move', tiles)) this.#tell(tiles);
  }

  /** Move what is meant by places, along its rows. @param {number} by */
  step(by) {
    const { meant } = this;
    if (this.change((ids) => moving.shift(ids, meant, by), 'move', meant)) this.#tell(meant);
  }

  /** @param {boolean} front */
  toEnd(front) {
    const { meant } = this;
    if (this.change((ids) => moving.insert(ids, meant, front ? (ids[0] ?? null) : null), 'move', meant)) this.#tell(meant);
  }

  /** Return the two selected tiles and where they stand, or null: they are two, in one lane. */
  pair() {
    const [a, b, ...more] = this.model.chosen;
    const lane = this.model.lanes.find(({ ids }) => ids.includes(a))?.ids;
    if (b === undefined || more.length > 0 || !lane?.includes(b)) return null;
    return { a, b, lane, at: [lane.indexOf(a), lane.indexOf(b)] };
  }

  /** @param {'tiles'|'rows'|'columns'} what */
  swap(what) {
    const pair = this.pair();
    if (!pair) return announce(t('move.within'));
    const { columns } = this.stage;
    const [first, second] = pair.at.map((at) => (what === 'rows' ? Math.floor(at / columns) : at % columns));
    /** @param {number[]} ids */
    const change = (ids) => {
      if (what === 'columns') return moving.swapColumns(ids, columns, first, second);
      if (ids !== pair.lane) return ids;
      return what === 'tiles' ? moving.swap(ids, pair.a, pair.b) : moving.swapRows(ids, columns, first, second);
    };
    this.change(change, 'swap');
  }

  /** Turn the rows of every lane: the first go to the end; below zero, the last to the front. @param {number} rows */
  rotate(rows) {
    this.change((ids) => moving.rotate(ids, this.stage.columns, rows), 'rotate');
  }

  /** Return how many whole rows are in sight, one at least. */
  rowsInSight() {
    const { lanes } = this.model;
    const rows = rowsOf(lanes, this.stage.columns);
    const { height } = this.stage.element.getBoundingClientRect();
    const [first] = this.model.order;
    const [one, next] = [first, rows[1]?.[0]].map((id) => (id === undefined ? null : this.stage.rectOf(id)));
    return one && next ? Math.max(1, Math.min(rows.length - 1, Math.floor(height / (next.y - one.y)))) : 1;
  }

  /** Take tiles off the wall, for all who are in the session. */
  hide() {
    const { meant } = this;
    this.model.room.set([...[...meant].map((id) => /** @type {[string, true]} */ ([`tile/${id}/hidden`, true])), [this.model.own('selection'), null]], 'hide');
    announce(t('move.hidden', { n: meant.size }));
  }

  /** Return the registers of what is hidden tile by tile. */
  hidden() {
    return this.model.room.document.below('tile/').filter(([rest]) => rest.endsWith('/hidden'));
  }

  show() {
    this.model.room.set(this.hidden().map(([rest]) => [`tile/${rest}`, null]), 'show');
  }

  /** Say where tiles went, and keep the one in focus in sight. @param {Set<number>} tiles */
  #tell(tiles) {
    const { order, tiles: all, focus } = this.model;
    const [id] = tiles;
    const title = all.get(id)?.title ?? '';
    const one = tiles.size === 1;
    announce(one ? t('move.done', { title, place: order.indexOf(id) + 1, all: order.length }) : t('move.done-many', { n: tiles.size }), { quiet: true });
    if (focus !== null && tiles.has(focus)) this.stage.focusOn(focus);
  }
}

/** @param {Mover} mover @returns {Command[]} */
export function moveCommands(mover) {
  const common = { group: /** @type {const} */ ('move'), needs: /** @type {const} */ ('arrange') };
  const enabled = () => mover.can && mover.meant.size > 0;
  const pair = () => mover.can && mover.pair() !== null;
  const rows = () => mover.can && mover.model.order.length > mover.stage.columns;
  /** @type {[string, import('./text.js').Key, string[]|undefined, () => boolean, () => void][]} */
  const list = [
    ['move-left', 'move.left', ['Ctrl+←'], enabled, () => mover.step(-1)],
    ['move-right', 'move.right', ['Ctrl+→'], enabled, () => mover.step(1)],
    ['move-up', 'move.up', ['Ctrl+↑'], enabled, () => mover.step(-mover.stage.columns)],
    ['move-down', 'move.down', ['Ctrl+↓'], enabled, () => mover.step(mover.stage.columns)],
    ['move-front', 'move.front', ['Ctrl+Home'], enabled, () => mover.toEnd(true)],
    ['move-end', 'move.end', ['Ctrl+End'], enabled, () => mover.toEnd(false)],
    ['swap', 'move.swap', undefined, pair, () => mover.swap('tiles')],
    ['swap-rows', 'move.swap-rows', undefined, pair, () => mover.swap('rows')],
    ['swap-columns', 'move.swap-columns', undefined, pair, () => mover.swap('columns')],
    ['rows-up', 'move.rows-up', ['Shift+↑'], rows, () => mover.rotate(1)],
    ['rows-down', 'move.rows-down', ['Shift+↓'], rows, () => mover.rotate(-1)],
    ['page-up', 'move.page-up', undefined, rows, () => mover.rotate(mover.rowsInSight())],
    ['page-down', 'move.page-down', undefined, rows, () => mover.rotate(-mover.rowsInSight())],
    ['hide', 'move.hide', ['Delete'], () => mover.meant.size > 0, () => mover.hide()],
    ['show-hidden', 'move.show', undefined, () => mover.hidden().length > 0, () => mover.show()],
  ];
  return list.map(([id, key, keys, may, run]) => ({ ...common, id, label: () => t(key), ...(keys ? { keys } : {}), onWall: true, enabled: may, run }));
}
