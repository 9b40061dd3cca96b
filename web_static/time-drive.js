/**
 * The time of the wall: a register that all share, and what it does to movies and to live tiles whose case shows a moment. Who moves the time,
 * by hand, by undo or by a bookmark, has it shown there; to everybody else the tiles show it by themselves.
 *
 * Fires `change`.
 */

import { caseAct, caseActions, play } from './api.js';
import { goesOn, placeOf } from './media-clock.js';
import { Newest } from './newest.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';
import { newRequest } from './under-way.js';
import { actionRange, movieRange, moviesOf, paceOf, snapped, spanOf, stepped } from './wall-time.js';

/** @typedef {{name: string, tiles: number[], range: import('./wall-time.js').Range}} TimeAction */

const SET_MS = 200; // from one operation to the next while a hand moves it
const TICK_MS = 100;
const ASK_MS = 500; // after the last tile came, until the cases are asked

export class TimeDrive extends EventTarget {
  /** @type {import('./wall-time.js').Span|null} */ span = null;
  problem = '';
  /** @type {import('./model.js').Tile[]} */ #movies = [];
  /** @type {TimeAction[]} */ #actions = [];
  /** @type {number|null} where a hand moves it, before that is said */ #wanted = null;
  /** @type {string|null} the last act of the move that goes on */ #act = null;
  /** @type {number|undefined} the time that movies and live tiles were told last */ #told;
  /** @type {{at: number, since: number}|null} while it plays here */ #run = null;
  /** @type {import('./media-clock.js').Play|null} how one has the movies play, until the portal tells how they do */ #own = null;
  #toldPlay = '';
  #setAt = -SET_MS;
  #timer = 0;
  #ticking = 0;
  #asked = '';
  #asking = 0;
  /** @type {Newest<'', {at: number, playing: boolean}>} */ #toMovies = new Newest((_, how) => this.#play(how));
  /** @type {Newest<string, number>} by action */ #toCases = new Newest((name, time) => this.#show(name, time));

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    super();
    this.model = model;
    for (const type of ['wall', 'tiles', 'said', 'me']) model.addEventListener(type, () => this.#look());
    model.room.addEventListener('change', (event) => this.#follow(/** @type {CustomEvent<Set<string>>} */ (event).detail));
  }

  /** The time that the session has; undefined: none, and all members are there. @returns {number|undefined} */
  get set() {
    return this.model.room.document.get('time');
  }

  /** Where the slider stands. */
  get at() {
    const { span } = this;
    if (!span) return 0;
    if (this.#wanted !== null) return this.#wanted;
    const media = this.#media;
    if (media && (span.clock || goesOn(media, nowSeconds()))) return snapped(span, placeOf(media, nowSeconds()));
    return snapped(span, this.set ?? span.least);
  }

  get playing() {
    return this.#run !== null || (this.#media !== null && goesOn(this.#media, nowSeconds()));
  }

  /** The longest movie, by whose clock all are told. */
  get #media() {
    const longest = this.#movies.reduce((/** @type {import('./media-clock.js').Media|null} */ found, { media }) => ((media?.length ?? 0) > (found?.length ?? 0) ? (media ?? null) : found), null);
    return longest && { ...longest, play: this.#own ?? longest.play };
  }

  /** Whether a time that is set leaves members out. */
  get leavesOut() {
    return this.set !== undefined && (this.span?.values.length ?? 0) > 0;
  }

  // ------------------------------------------------------------------- what has a time

  #look() {
    const { model } = this;
    const isLive = (/** @type {import('./model.js').Tile} */ tile) => model.stateOf(tile) === 'live';
    this.#movies = moviesOf(model.tiles.values(), isLive);
    const told = JSON.stringify(this.#movies.map(({ media }) => media?.play));
    if (told !== this.#toldPlay && !this.#toMovies.busy) this.#own = null;
    this.#toldPlay = told;
    this.span = spanOf(model.series.of(model), this.#movies.map(movieRange), this.#actions.map(({ range }) => range));
    this.dispatchEvent(new Event('change'));
    const able = new Set([...model.sets.values()].filter(({ means }) => means?.includes('time')).map(({ id }) => id));
    const tiles = able.size > 0 ? [...model.tiles.values()].filter((tile) => able.has(tile.set) && isLive(tile)).map(({ id }) => id) : [];
    const asked = tiles.join();
    if (asked === this.#asked) return;
    this.#asked = asked;
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => void this.#ask(tiles), ASK_MS);
  }

  /** Ask the cases of tiles how they show a time. @param {number[]} tiles */
  async #ask(tiles) {
    const { actions } = tiles.length > 0 ? await caseActions(tiles).catch(() => ({ actions: [] })) : { actions: [] };
    if (tiles.join() !== this.#asked) return;
    this.#actions = actions.flatMap((action) => {
      const range = action.means === 'time' ? actionRange(action.parameters) : null;
      return range ? [{ name: action.name, tiles: action.tiles, range }] : [];
    });
    this.#look();
  }

  // ------------------------------------------------------------------- moving it

  /** Move it, as one goes along; `rest` ends the move, which is undone as one. @param {number} time */
  move(time) {
    if (!this.span || !this.model.may('arrange')) return;
    this.#wanted = snapped(this.span, time);
    this.dispatchEvent(new Event('change'));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(), Math.max(0, this.#setAt + SET_MS - performance.now()));
  }

  /** The hand let go. */
  rest() {
    clearTimeout(this.#timer);
    this.#say();
    this.#wanted = this.#act = null;
    this.dispatchEvent(new Event('change'));
  }

  /** Say where it is: instead of what was said before in the same move, so that undo takes the move back as a whole. */
  #say() {
    const { room } = this.model;
    if (this.#wanted === null || this.#wanted === this.set) return;
    this.#setAt = performance.now();
    if (this.#act !== null && room.document.counts(this.#act)) room.act({ undo: this.#act });
    room.set([['time', this.#wanted]], 'time');
    this.#act = room.document.undoable(room.person)?.id ?? null;
  }

  /** Show all members again. */
  clear() {
    this.pause();
    if (this.set !== undefined) this.model.room.set([['time', null]], 'time');
  }

  /** @param {1|-1} way */
  step(way) {
    if (!this.span || !this.model.may('arrange')) return;
    this.pause();
    const first = this.set === undefined && this.span.alone && way > 0; // all were there
    this.move(first ? this.span.least : stepped(this.span, this.at, way));
    this.rest();
  }

  // ------------------------------------------------------------------- playing

  toggle() {
    if (this.playing) this.pause();
    else this.#start();
  }

  #start() {
    const { span } = this;
    if (!span || !this.model.may('arrange')) return;
    const at = this.at >= span.most ? span.least : this.at;
    this.#moviesAt(at, true);
    if (span.clock) return; // the movies go on by themselves
    this.#run = { at, since: nowSeconds() };
    this.move(at);
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick() {
    const { span } = this;
    if (!span || !this.#run) return this.pause();
    const time = this.#run.at + (nowSeconds() - this.#run.since) * paceOf(span, this.#movies.length > 0);
    if (time >= span.most) return this.pause(span.most);
    const wanted = snapped(span, time);
    if (wanted !== this.#wanted) this.move(wanted);
  }

  /** @param {number} [at] */
  pause(at = this.at) {
    if (!this.playing) return;
    clearInterval(this.#ticking);
    this.#run = null;
    this.move(at);
    this.rest();
    this.#moviesAt(at, false);
  }

  // ------------------------------------------------------------------- what it does

  /** @param {Set<string>} paths */
  #follow(paths) {
    if (!paths.has('time') && !paths.has('')) return;
    this.dispatchEvent(new Event('change'));
    const { pending } = this.model.room.document;
    const own = pending.some(({ set, undo, redo }) => undo !== undefined || redo !== undefined || set?.some(([path]) => path === 'time'));
    if (own) queueMicrotask(() => this.#tell()); // of several changes in one go the last counts
  }

  #tell() {
    const { span } = this;
    const undone = this.model.room.document.pending.at(-1)?.undo !== undefined;
    const time = this.set ?? (undone && span && !span.alone ? span.least : undefined); // before it was moved at all it was at its beginning
    if (time === undefined || time === this.#told) return;
    this.#told = time;
    if (!this.#run) this.#moviesAt(time, false);
    for (const { name } of this.#actions) void this.#toCases.put(name, time);
  }

  /** Have the movies stand at a time, or go on from there. @param {number} at @param {boolean} playing */
  #moviesAt(at, playing) {
    if (this.#movies.length > 0) {
      this.#own = { at, since: playing ? nowSeconds() : null, rate: 1 };
      void this.#toMovies.put('', { at, playing });
    }
    this.dispatchEvent(new Event('change'));
  }

  /** @param {{at: number, playing: boolean}} how */
  async #play({ at, playing }) {
    const results = await play(this.#movies.map(({ id }) => id), { at: Math.max(0, at), playing, rate: 1 }).catch((/** @type {Error} */ { message }) => [{ tile: 0, error: message }]);
    if (results.some(({ error }) => error)) this.#own = null;
    this.#heard(results);
  }

  /** @param {string} name @param {number} time */
  async #show(name, time) {
    const action = this.#actions.find((each) => each.name === name);
    if (!action) return;
    const { tiles, range } = action;
    const within = Math.min(range.most, Math.max(range.least, time));
    this.#heard(await caseAct(tiles, name, { time: range.whole ? Math.round(within) : within }, newRequest()).catch((/** @type {Error} */ { message }) => [{ tile: 0, error: message }]));
  }

  /** @param {import('./api.js').Result[]} results */
  #heard(results) {
    const bad = results.filter(({ error }) => error);
    this.problem = bad.length > 0 ? t('time.bad', { n: bad.length, why: bad[0].error }) : '';
    this.dispatchEvent(new Event('change'));
  }
}
