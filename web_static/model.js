/**
 * What the page knows of the wall: tile sets, tiles, their order, what the search found, where the focus is.
 *
 * Fires `wall` (tiles or sets came or went), `tiles` (some changed; detail: ids of which it is seen), `sizes` (of displays), `order`, `matches`, `focus`,
 * `chosen`, `me` (who looks, and what that person may do).
 *
 * @typedef {number|string|boolean|null} Value
 * @typedef {'queued'|'starting'|'live'|'failed'|'stopped'} State
 * @typedef {{name: string, dtype: string, unit: string|null, description: string|null, role: string}} Column
 * @typedef {object} TileSet   times in seconds since the epoch
 * @property {number} id
 * @property {string} case
 * @property {string} title
 * @property {string|null} job
 * @property {string} state    of its job
 * @property {string|null} reason
 * @property {Column[]} columns
 * @property {Record<string, string>} [images]      digests by path
 * @property {number|null} [expected_start]
 * @property {number|null} [started]
 * @property {number|null} [ends]    when its time limit is reached
 * @property {number|null} [warns]   from when that is told
 * @typedef {object} Tile
 * @property {number} id
 * @property {number} set
 * @property {number} index
 * @property {string} title
 * @property {State} state
 * @property {string|null} reason
 * @property {string} [cause]       what kind of failure it is
 * @property {string} [advice]      what to do about it
 * @property {string|null} [image]  the container it runs in
 * @property {import('./gl.js').Gl|null} [gl]
 * @property {number|null} [expected_start]  of its job, while queued
 * @property {number|null} [away]   when its node agent was last heard, if that does not answer
 * @property {string|null} node
 * @property {string|null} job
 * @property {number} frames
 * @property {string|null} renderer
 * @property {number} width   of the display, in pixels
 * @property {number} height
 * @property {string[]} tags
 * @property {number|null} member
 * @property {Record<string, Value>} metadata
 * @property {number|null} stream
 * @typedef {'see'|'arrange'|'manage'|'operate'} Right  the table is in tvcore/portal/roles.py
 * @typedef {{role: string, rights: Right[]}} Me
 * @typedef {{session: string, revision: number, sets: TileSet[], tiles: Tile[], notices?: string[]}} WallDocument
 */

import { sortTiles } from './sort.js';

export class Model extends EventTarget {
  session = '';
  /** @type {Map<number, TileSet>} */ sets = new Map();
  /** @type {Map<number, Tile>} */ tiles = new Map();
  /** @type {number[]} ids, as shown */ order = [];
  /** @type {import('./sort.js').Order} */ sorting = { key: '', descending: false };
  /** @type {Set<number>|null} ids that the search found; null: no search */ matches = null;
  /** @type {number|null} id of the tile in focus */ focus = null;
  /** @type {Set<number>} ids that were chosen by hand */ chosen = new Set();
  /** @type {Set<number>} ids that this page does not ask for */ off = new Set();
  /** @type {Me} nobody, until the portal says who */ me = { role: '', rights: [] };

  /** Take a whole wall document. */
  replace(/** @type {WallDocument} */ wall) {
    this.session = wall.session;
    // The unit of a number without one is written 1 in files; people read nothing there.
    const plain = (/** @type {Column} */ column) => ({ ...column, unit: column.unit === '1' ? '' : column.unit });
    this.sets = new Map(wall.sets.map((set) => [set.id, { ...set, columns: set.columns.map(plain) }]));
    this.tiles = new Map(wall.tiles.map((tile) => [tile.id, tile]));
    this.order = sortTiles(this.tiles.values(), this.sorting);
    for (const kept of [this.chosen, this.off]) for (const id of kept) if (!this.tiles.has(id)) kept.delete(id);
    if (this.focus === null || !this.tiles.has(this.focus)) this.focus = this.order[0] ?? null;
    this.#fire('wall');
    this.#fire('focus');
  }

  /** Take what changed of some tiles. Their order stays: nothing jumps because a state or a count changed. */
  update(/** @type {(Partial<Tile> & {id: number})[]} */ changes) {
    /** @type {number[]} of whom more changed than the count of frames, which the wall does not show */
    const seen = [];
    let known = false;
    let resized = false;
    for (const change of changes) {
      const tile = this.tiles.get(change.id);
      if (!tile) continue;
      resized ||= (change.width ?? tile.width) !== tile.width || (change.height ?? tile.height) !== tile.height;
      Object.assign(tile, change);
      known = true;
      if (Object.keys(change).some((field) => field !== 'id' && field !== 'frames')) seen.push(tile.id);
    }
    if (resized) this.#fire('sizes');
    if (known) this.#fire('tiles', seen);
  }

  /** Return whether the job of a tile is over: nothing of it can be started again by itself. @param {Tile} tile */
  isOver(tile) {
    const state = this.sets.get(tile.set)?.state;
    return state !== undefined && state !== 'pending' && state !== 'running';
  }

  sortBy(/** @type {import('./sort.js').Order} */ sorting) {
    this.sorting = sorting;
    this.order = sortTiles(this.tiles.values(), sorting);
    this.#fire('order');
  }

  setMatches(/** @type {number[]|null} */ ids) {
    this.matches = ids ? new Set(ids.filter((id) => this.tiles.has(id))) : null;
    this.#fire('matches');
  }

  setFocus(/** @type {number} */ id) {
    if (id === this.focus || !this.tiles.has(id)) return;
    this.focus = id;
    this.#fire('focus');
  }

  /** Choose a tile, or no longer. */
  choose(/** @type {number} */ id, yes = !this.chosen.has(id)) {
    if (yes === this.chosen.has(id) || !this.tiles.has(id)) return;
    if (yes) this.chosen.add(id);
    else this.chosen.delete(id);
    this.#fire('chosen', [id]);
  }

  /** Choose none. */
  chooseNone() {
    const ids = [...this.chosen];
    this.chosen.clear();
    if (ids.length > 0) this.#fire('chosen', ids);
  }

  /** Turn a tile off in this page, or on again. */
  turn(/** @type {number} */ id, on = this.off.has(id)) {
    if (on !== this.off.has(id) || !this.tiles.has(id)) return;
    if (on) this.off.delete(id);
    else this.off.add(id);
    this.#fire('tiles', [id]);
  }

  /** Return the state of a tile as it is shown here: one that has a picture may be off. @returns {State|'off'} */
  stateOf(/** @type {Tile} */ { id, state }) {
    return this.off.has(id) && (state === 'live' || state === 'starting') ? 'off' : state;
  }

  /** Return whether input may go into this tile now. @param {number|null} id */
  takesInput(id) {
    const tile = id === null ? undefined : this.tiles.get(id);
    return this.may('operate') && tile !== undefined && this.stateOf(tile) === 'live';
  }

  setMe(/** @type {Me} */ me) {
    if (JSON.stringify(me) === JSON.stringify(this.me)) return;
    this.me = me;
    this.#fire('me');
  }

  /** Return whether who looks has a right. All that the page offers asks here; the portal enforces it. */
  may(/** @type {Right} */ right) {
    return this.me.rights.includes(right);
  }

  isDimmed(/** @type {number} */ id) {
    return this.matches !== null && !this.matches.has(id);
  }

  /** Return the columns of all tile sets, each name once. */
  columns() {
    /** @type {Map<string, Column>} */
    const found = new Map();
    for (const set of this.sets.values()) for (const column of set.columns) if (!found.has(column.name)) found.set(column.name, column);
    return [...found.values()];
  }

  /** Return the tile in focus, or null on an empty wall. */
  focused() {
    return this.focus === null ? null : (this.tiles.get(this.focus) ?? null);
  }

  /** @param {string} type @param {unknown} [detail] */
  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
