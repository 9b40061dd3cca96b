/** Moves of tiles as people do them: each one act, and a line that says what became of it. */

import { announce } from './announce.js';
import { inOrder } from './arrangement.js';
import { keyOf } from './keys.js';
import * as moving from './moving.js';
import { t } from './text.js';

/** @typedef {import('./commands.js').Command} Command */

export class Mover {
  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
  }

  /** Whether tiles can be moved now: a zoomed selection stands as it was made, and in a scatter plot their values say where. */
  get can() {
    return this.model.may('arrange') && this.model.zoomed.length === 0 && !this.fixed;
  }

  /** Whether tiles stand where their values are. */
  get fixed() {
    return this.stage.layout.scatter !== null;
  }

  /**
   * Make lanes stand otherwise. A search is one's own: where it parts what it found from the rest, each is moved among its own kind, and
   * what is hidden stays where it is.
   * @param {(ids: number[]) => number[]} change @param {string} label @param {Iterable<number>} [meant] @returns {number[]} those of `meant` that moved
   */
  change(change, label, meant = []) {
    const { lanes, tiles, room, sorting, matches, rest } = this.model;
    const kinds = (/** @type {number[]} */ ids) => (matches && rest !== 'dim' ? [ids.filter((id) => matches.has(id)), ids.filter((id) => !matches.has(id))] : [ids]);
    const before = lanes.flatMap(({ ids }) => kinds(ids));
    const after = lanes.flatMap(({ ids }) => kinds(change(ids)));
    const key = (/** @type {number} */ id) => String(room.document.get(`order/${id}`) ?? keyOf(id));
    const sorted = sorting.key !== '' || sorting.descending ? inOrder(tiles.values(), room.document).map(({ id }) => id) : null;
    const moved = new Set(meant);
    room.set(moving.movesTo(before, after, { keyOf: key, sorted, moved }), label);
    return before.flatMap((ids, n) => (moving.isSame(ids, after[n]) ? [] : ids.filter((id) => moved.has(id))));
  }

  /** Put tiles where a drag let go of them. @param {Set<number>} tiles @param {import('./layout-ways.js').Position} position */
  drop(tiles, { before, lane }) {
    const target = this.model.lanes.find(({ key }) => key === lane);
    const within = target?.ids.some((id) => tiles.has(id)) ?? false;
    if (!within) return announce(t('move.within'));
    const change = (/** @type {number[]} */ ids) => (ids === target?.ids ? moving.insert(ids, tiles, before) : ids);
    this.#tell(this.change(change, 'move', tiles));
  }

  /** Move what is meant by places, along its rows. @param {number} by */
  step(by) {
    const meant = new Set(this.model.meant);
    this.#tell(this.change((ids) => moving.shift(ids, meant, by), 'move', meant));
  }

  /** @param {boolean} front */
  toEnd(front) {
    const meant = new Set(this.model.meant);
    this.#tell(this.change((ids) => moving.insert(ids, meant, front ? (ids[0] ?? null) : null), 'move', meant));
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
    const { rows } = this.stage;
    const { height } = this.stage.element.getBoundingClientRect();
    const [one, next] = [rows[0]?.[0], rows[1]?.[0]].map((id) => (id === undefined ? null : this.stage.rectOf(id)));
    return one && next ? Math.max(1, Math.min(rows.length - 1, Math.floor(height / (next.y - one.y)))) : 1;
  }

  /** Take tiles off the wall, for all who are in the session; what is not seen is not selected either. @param {number[]} [ids] */
  hide(ids = this.model.meant) {
    const { room, chosen } = this.model;
    const left = [...chosen].filter((id) => !ids.includes(id));
    room.set([...ids.map((id) => /** @type {[string, true]} */ ([`tile/${id}/hidden`, true])), [this.model.own('selection'), left.length > 0 ? left : null]], 'hide');
    announce(t('move.hidden', { n: ids.length }));
  }

  /** Return the registers of what is hidden tile by tile. */
  hidden() {
    return this.model.room.document.below('tile/').filter(([rest]) => rest.endsWith('/hidden'));
  }

  show() {
    this.model.room.set(this.hidden().map(([rest]) => [`tile/${rest}`, null]), 'show');
  }

  /** Say where tiles went, if any did, and keep the one in focus in sight. @param {number[]} moved */
  #tell(moved) {
    if (moved.length === 0) return;
    const { order, tiles, focus } = this.model;
    const [id] = moved;
    const title = tiles.get(id)?.title ?? '';
    const one = moved.length === 1;
    announce(one ? t('move.done', { title, place: order.indexOf(id) + 1, all: order.length }) : t('move.done-many', { n: moved.length }), { quiet: true });
    if (focus !== null && moved.includes(focus)) this.stage.focusOn(focus);
  }
}

/** @param {Mover} mover @returns {Command[]} */
export function moveCommands(mover) {
  const common = { group: /** @type {const} */ ('move'), needs: /** @type {const} */ ('arrange') };
  const meant = () => mover.model.meant.length > 0;
  const enabled = () => mover.can && meant();
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
    ['hide', 'move.hide', ['Delete'], meant, () => mover.hide()],
    ['show-hidden', 'move.show', undefined, () => mover.hidden().length > 0, () => mover.show()],
  ];
  return list.map(([id, key, keys, may, run]) => ({ ...common, id, label: () => t(key), ...(keys ? { keys } : {}), repeats: id.startsWith('move-'), onWall: true, enabled: may, run }));
}
