/**
 * What the page knows of the wall: tile sets, tiles, and of the session's document what the wall shows: order, selection, what is off.
 *
 * Fires `wall` (tiles or sets came or went), `tiles` (some changed; detail: ids of which it is seen), `said` (metadata, tags or titles changed), `sizes` (of displays), `order`, `matches`, `focus`,
 * `chosen` (the selection), `me` (who looks, and what that person may do). Whoever reads registers of the document itself listens to `room`.
 *
 * @typedef {import('./wall-types.js').Value} Value
 * @typedef {import('./wall-types.js').State} State
 * @typedef {import('./wall-types.js').Column} Column
 * @typedef {import('./wall-types.js').TileSet} TileSet
 * @typedef {import('./wall-types.js').Tile} Tile
 * @typedef {import('./wall-types.js').WallDocument} WallDocument
 * @typedef {import('./me.js').Me} Me
 * @typedef {{zoomed: number[], columns: number|null, layout?: {width: number, height: number}|null}} Borrowed  layout: the window that it is laid out for
 */

import { lanesOf, moves, onWall } from './arrangement.js';
import { isBrushedOut, left } from './brushed.js';
import { Made, makes } from './made.js';
import { may } from './me.js';
import { Room } from './room.js';
import { Series } from './wall-time.js';

/** Return whether a tile is a display that one works in. @param {Pick<Tile, 'kind'>} tile */
export const isDisplay = (tile) => (tile.kind ?? 'live') === 'live';

export class Model extends EventTarget {
  session = '';
  /** @type {Map<number, TileSet>} */ sets = new Map();
  /** @type {Map<number, Tile>} */ tiles = new Map();
  /** @type {import('./arrangement.js').Lane[]} ids, as shown */ lanes = [];
  /** @type {number[]} ids, as shown, lane after lane */ order = [];
  /** @type {Set<number>|null} ids that the search found; null: no search */ matches = null;
  /** @type {{query: string, found: Set<number>}[]} the alternatives of the search, where it has more than one */ terms = [];
  /** @type {Map<string, import('./brushing.js').Brush>|null} the brushes while somebody draws one here; null: those of the document */ trying = null;
  /** columns that an analysis made */ made = new Made();
  /** counts up whenever tiles changed by more than their frames */ revision = 0;
  /** @type {number|null} id of the tile in focus */ focus = null;
  /** @type {Set<number>} ids that were selected here */ chosen = new Set();
  /** @type {Set<number>} ids of which no picture is asked for */ off = new Set();
  /** @type {Me} nobody, until the portal says who */ me = { role: '', rights: [] };

  series = new Series();

  /** @param {Room} room the session that this is of */
  constructor(room = new Room()) {
    super();
    this.room = room;
    room.addEventListener('change', (event) => this.#follow(/** @type {CustomEvent<Set<string>>} */ (event).detail));
  }

  /** Take a whole wall document. */
  replace(/** @type {WallDocument} */ wall) {
    this.session = wall.session;
    // The unit of a number without one is written 1 in files; people read nothing there.
    const plain = (/** @type {Column} */ column) => ({ ...column, unit: column.unit === '1' ? '' : column.unit });
    this.sets = new Map(wall.sets.map((set) => [set.id, { ...set, columns: set.columns.map(plain) }]));
    this.tiles = new Map(wall.tiles.map((tile) => [tile.id, tile]));
    this.made.begin(this.sets, this.tiles);
    this.revision += 1;
    this.#arrange();
    this.#read();
    this.#fire('wall');
    this.#fire('focus');
  }

  /** Take what changed of some tiles. Their order follows what they say, metadata and tags: nothing jumps because a state or a count changed. */
  update(/** @type {(Partial<Tile> & {id: number})[]} */ changes) {
    /** @type {number[]} of whom more changed than the count of frames, which the wall does not show */
    const seen = [];
    let [known, resized] = [false, false];
    for (const change of changes) {
      const tile = this.tiles.get(change.id);
      if (!tile) continue;
      resized ||= (change.width ?? tile.width) !== tile.width || (change.height ?? tile.height) !== tile.height;
      Object.assign(tile, change);
      if (change.metadata) this.made.given(tile);
      known = true;
      if (Object.keys(change).some((field) => field !== 'id' && field !== 'frames')) seen.push(tile.id);
    }
    if (seen.length > 0) this.revision += 1;
    if (resized) this.#fire('sizes');
    if (known) this.#fire('tiles', seen);
    if (!known || !moves(changes)) return;
    this.series.forget();
    this.#rearrange({ said: true });
  }

  /** Return whether the job of a tile is over: nothing of it can be started again by itself. @param {Tile} tile */
  isOver(tile) {
    const state = this.sets.get(tile.set)?.state;
    return state !== undefined && state !== 'pending' && state !== 'running';
  }

  /** @returns {import('./sort.js').Order} */
  get sorting() {
    const { by = '', descending = false } = this.room.document.get('sort') ?? {};
    return { key: by, descending };
  }

  sortBy(/** @type {import('./sort.js').Order} */ { key, descending }) {
    this.room.set([['sort', key === '' && !descending ? null : { by: key, descending }]], 'sort');
  }

  /** What becomes of tiles that a search does not find. @returns {'dim'|'hide'|'last'} */
  get rest() {
    return this.room.document.get(this.own('filter'))?.rest ?? 'dim';
  }

  /** @type {Borrowed|null} how the wall stands of whom one looks along with */ borrowed = null;

  /** @type {number[]} the tiles that are looked at side by side, alone; none: the whole wall */ zoomed = [];

  /** The tiles that one zoomed on by oneself, not along with somebody. */
  get ownZoomed() {
    return this.#standing(this.room.document.get(this.own('zoomed')) ?? []);
  }

  /** Have the wall stand as somebody else's does, or as one's own again. @param {Borrowed|null} other */
  borrow(other) {
    const borrowed = other && { zoomed: other.zoomed, columns: other.columns, layout: other.layout ?? null };
    if (JSON.stringify(borrowed) === JSON.stringify(this.borrowed)) return;
    this.borrowed = borrowed;
    this.#rearrange({ anyhow: true }); // its columns may be others
  }

  /** Return the path of a register that is one's own. @param {string} name */
  own(name) {
    return `person/${this.room.person}/${name}`;
  }

  /** Return those of these tiles that are on the wall. @param {number[]} ids */
  #standing(ids) {
    return onWall(ids.flatMap((id) => this.tiles.get(id) ?? []), this.room.document).map(({ id }) => id);
  }

  #arrange() {
    const before = this.order;
    this.zoomed = this.borrowed ? this.#standing(this.borrowed.zoomed) : this.ownZoomed;
    const { there, out } = this.series.standing(this, this.zoomed.length > 0 ? undefined : this.room.document.get('time'));
    this.lanes = this.zoomed.length > 0 ? [{ key: '', label: '', ids: this.zoomed }] : lanesOf(left(this, there), this.room.document, { found: this.matches, rest: this.rest });
    this.order = this.lanes.flatMap(({ ids }) => ids);
    this.focus = nearest((this.focus === null ? undefined : out.get(this.focus)) ?? this.focus, before, this.order) ?? this.focused()?.id ?? null;
  }

  /** Read selection and what is off from the document; return whose was changed. */
  #read() {
    const { document } = this.room;
    const there = (/** @type {number[]} */ ids) => new Set(ids.filter((id) => this.tiles.has(id)));
    const [chosen, off] = [this.chosen, this.off];
    this.chosen = there(document.get(this.own('selection')) ?? []);
    this.off = there(document.below('tile/').flatMap(([rest]) => (rest.endsWith('/off') ? [Number(rest.slice(0, -4))] : [])));
    return { chosen: differ(chosen, this.chosen), off: differ(off, this.off) };
  }

  /** Follow the document. @param {Set<string>} paths */
  #follow(paths) {
    const all = paths.has('');
    const touched = (/** @type {RegExp} */ pattern) => all || [...paths].some((path) => pattern.test(path));
    const own = paths.has(this.own('zoomed')) || paths.has(this.own('filter'));
    if (makes(paths) && this.made.read(this.room.document)) this.#remade();
    if (own || touched(/^(order|sort|group|tags?|brush|brushing|time)\b|^tile\/\d+\/hidden$/)) this.#rearrange();
    const changed = this.#read();
    if (changed.chosen.length > 0) this.#fire('chosen', changed.chosen);
    if (changed.off.length > 0) this.#fire('tiles', changed.off);
    if (touched(/^brush/)) this.#fire('matches');
  }

  /** Columns were made, or are gone. */
  #remade() {
    this.made.put(this.sets, this.tiles);
    this.revision += 1;
    this.#rearrange({ said: true });
    this.#fire('tiles', [...this.tiles.keys()]);
  }

  #rearrange({ anyhow = false, said = false } = {}) {
    const { focus } = this;
    const before = JSON.stringify(this.lanes);
    this.#arrange();
    if (this.focus !== focus) this.#fire('focus');
    if (anyhow || JSON.stringify(this.lanes) !== before) this.#fire('order');
    if (said) this.#fire('said');
  }

  setMatches(/** @type {number[]|null} */ ids, /** @type {{query: string, matches: number[]}[]} */ terms = []) {
    this.matches = ids ? new Set(ids.filter((id) => this.tiles.has(id))) : null;
    this.terms = terms.map(({ query, matches }) => ({ query, found: new Set(matches) }));
    if (this.rest !== 'dim') this.#rearrange();
    this.#fire('matches');
  }

  /** Show what brushes would leave, while one draws them; null: as they stand. */
  tryBrushes(/** @type {Model['trying']} */ brushes) {
    this.trying = brushes;
    this.#fire('matches');
  }

  setFocus(/** @type {number} */ id) {
    if (id === this.focus || !this.tiles.has(id)) return;
    this.focus = id;
    this.#fire('focus');
  }

  /** Select a tile, or no longer. */
  choose(/** @type {number} */ id, yes = !this.chosen.has(id)) {
    if (yes === this.chosen.has(id) || !this.tiles.has(id)) return;
    this.select(yes ? [...this.chosen, id] : [...this.chosen].filter((each) => each !== id));
  }

  /** Select these tiles, and no others. @param {Iterable<number>} ids */
  select(ids) {
    const wanted = [...new Set(ids)].filter((id) => this.tiles.has(id));
    if (differ(this.chosen, new Set(wanted)).length > 0) this.room.set([[this.own('selection'), wanted.length > 0 ? wanted : null]], 'select');
  }

  /** Select none. */
  chooseNone() {
    this.select([]);
  }

  /** What an act is meant for: the selected tiles, else the one in focus. @returns {number[]} */
  get meant() {
    return this.chosen.size > 0 ? [...this.chosen] : this.focus === null ? [] : [this.focus];
  }

  /** Turn a tile off, or on again: for all who are in the session. */
  turn(/** @type {number} */ id, on = this.off.has(id)) {
    if (on !== this.off.has(id) || !this.tiles.has(id)) return;
    this.room.set([[`tile/${id}/off`, on ? null : true]], on ? 'on' : 'off');
  }

  /** Return the state of a tile as it is shown here: one that has a picture may be off. @returns {State|'off'} */
  stateOf(/** @type {Tile} */ { id, state }) {
    return this.off.has(id) && (state === 'live' || state === 'starting') ? 'off' : state;
  }

  /** Return whether input may go into this tile now. @param {number|null} id */
  takesInput(id) {
    const tile = id === null ? undefined : this.tiles.get(id);
    return this.may('operate') && tile !== undefined && isDisplay(tile) && this.stateOf(tile) === 'live';
  }

  setMe(/** @type {Me} */ me) {
    if (JSON.stringify(me) === JSON.stringify(this.me)) return;
    this.me = me;
    if (me.person !== undefined) this.room.person = me.person;
    this.#fire('me');
  }

  /** Return whether who looks has a right, or is somebody for whom something is. All that the page offers asks here; the portal enforces it. */
  may(/** @type {import('./me.js').Needed} */ right) {
    return may(this.me, right);
  }

  isDimmed(/** @type {number} */ id) {
    return (this.matches !== null && !this.matches.has(id)) || isBrushedOut(this, id);
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

/**
 * Return the tile that has the focus in another order: the same; if that went, the nearest that stood behind it, else before it.
 * @param {number|null} focus @param {number[]} before @param {number[]} order @returns {number|undefined}
 */
function nearest(focus, before, order) {
  const there = new Set(order);
  if (focus !== null && there.has(focus)) return focus;
  const at = focus === null ? 0 : Math.max(0, before.indexOf(focus));
  return [...before.slice(at), ...before.slice(0, at).reverse()].find((id) => there.has(id)) ?? order[0];
}

/** Return what is in one of two sets alone. @param {Set<number>} a @param {Set<number>} b */
function differ(a, b) {
  return [...a].filter((id) => !b.has(id)).concat([...b].filter((id) => !a.has(id)));
}
