/**
 * Two to four tiles compared, live, in the place of the wall. What is compared, and how, is a register of one's own; while one looks along with
 * somebody, it is theirs that is seen, until one does something oneself.
 *
 * @typedef {import('./compare-state.js').Compare} Compare
 * @typedef {import('./compare-layers.js').Shown} Shown
 */

import { announce } from './announce.js';
import { CompareBar } from './compare-bar.js';
import { onlyPanel, panelAt, pannedBy, seen, zoomedAt } from './compare-geometry.js';
import { layersOf, sizeOf } from './compare-layers.js';
import { TILES_LEAST, TILES_MOST, beatOf, compareOf, pairOf, paired, read, written } from './compare-state.js';
import { CompareView } from './compare-view.js';
import { byId, lessMotion } from './dom.js';
import { same } from './stage-scene.js';
import { t } from './text.js';
import { stateWord } from './words.js';

const REST_MS = 350; // after the last move of a hand it is kept
const PLAIN = { width: 4, height: 3 }; // of a display that has not said its size

export class Comparing {
  /** @type {Compare|null} as it is shown */ state = null;
  #element = byId('compare', HTMLElement);
  #drawn = /** @type {ReturnType<typeof layersOf>|null} */ (null);
  /** @type {Partial<Compare>} what a hand moves, and is not kept yet */ #moving = {};
  #resting = 0;
  #blinking = false;
  /** the place of the tile that is shown while it blinks */ #turn = 0;
  #beat = 0;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {import('./follow-view.js').FollowView} follow
   * @param {() => number|null} opened the tile that is open over all this
   */
  constructor(model, stage, follow, opened) {
    this.model = model;
    this.stage = stage;
    this.follow = follow;
    this.opened = opened;
    this.#element.tabIndex = -1;
    this.bar = new CompareBar({
      leave: () => this.leave(),
      change: (change) => this.change(change),
      try: (change) => this.#try(change),
      pair: (place, tile) => this.state && this.change({ pair: paired(this.state.pair, place, tile) }),
      swap: () => this.swap(),
      play: () => this.play(),
      next: () => this.next(1),
      zoom: (factor) => this.zoom(factor),
    });
    this.view = new CompareView({
      pan: (dx, dy, at) => this.pan(dx, dy, at),
      zoom: (factor, at) => this.zoom(factor, at),
      divide: (divider, rests) => (rests ? this.change({ divider }) : this.#try({ divider })),
    });
    this.view.element.append(this.bar.legend);
    this.#element.append(this.view.element);
    new ResizeObserver(() => this.#show()).observe(this.#element);
    for (const type of ['wall', 'tiles', 'sizes', 'me']) model.addEventListener(type, () => this.look());
    model.room.addEventListener('change', () => this.look());
    follow.addEventListener('change', () => this.look());
    matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', ({ matches }) => matches && this.#blink(false));
  }

  /** Compare these tiles, two to four. @param {number[]} tiles */
  start(tiles) {
    const compare = compareOf(this.model.order.filter((id) => tiles.includes(id)));
    if (!compare) return announce(t('compare.how-many', { least: TILES_LEAST, most: TILES_MOST }));
    this.#set(compare);
    this.#element.focus({ preventScroll: true });
    announce(t('compare.on', { n: compare.tiles.length }), { quiet: true });
  }

  /** Go back to the wall. */
  leave() {
    if (this.state) this.#set(null);
  }

  /** Have it otherwise, for good. @param {Partial<Compare>} change */
  change(change) {
    if (!this.state) return;
    const { way } = this.state;
    this.#set({ ...this.state, ...this.#moving, ...change });
    if (change.way && change.way !== way) announce(t(`compare.${change.way}`), { quiet: true });
  }

  /** Have it otherwise while a hand moves it: it is kept once that rests. @param {Partial<Compare>} change */
  #try(change) {
    if (!this.state) return;
    this.#moving = { ...this.#moving, ...change };
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.change({}), REST_MS);
    this.look();
  }

  /** @param {Compare|null} compare */
  #set(compare) {
    clearTimeout(this.#resting);
    this.#moving = {};
    const { room } = this.model;
    const value = compare && written(compare);
    const path = this.model.own('compare');
    if (JSON.stringify(room.document.get(path) ?? null) !== JSON.stringify(value)) room.set([[path, value]], 'compare');
    this.follow.byHand();
    this.look();
  }

  swap() {
    if (this.state) this.change({ pair: [this.state.pair[1], this.state.pair[0]] });
  }

  // ------------------------------------------------------------------- closer, along

  /** Look closer by a factor, or at all of the pictures. @param {number|null} factor @param {{x: number, y: number}} [at] stays in its place */
  zoom(factor, at) {
    const under = this.#under(at);
    if (!under || !this.state) return;
    const { panel, size } = under;
    const { x, y } = at ?? { x: panel.x + panel.width / 2, y: panel.y + panel.height / 2 };
    this.#try({ at: factor === null ? { x: 0.5, y: 0.5, zoom: 1 } : zoomedAt(this.state.at, panel, size, factor, x, y) });
  }

  /** Move all pictures alike. @param {number} dx @param {number} dy CSS pixels @param {{x: number, y: number}} [at] the hand */
  pan(dx, dy, at) {
    const under = this.#under(at);
    if (!under || !this.state || this.state.at.zoom === 1) return;
    this.#try({ at: pannedBy(this.state.at, under.panel, under.size, dx, dy) });
  }

  /** Return the panel at a point, and the size of the picture in it. @param {{x: number, y: number}} [at] */
  #under(at = { x: 0, y: 0 }) {
    const panels = this.#drawn?.panels ?? [];
    const panel = panelAt(panels.map((each) => each.panel), at.x, at.y);
    const tile = panels.find((each) => each.panel === panel)?.tiles[0];
    return tile === undefined ? null : { panel, size: sizeOf(this.#shown(tile)) };
  }

  /** Move the divider. @param {number} by */
  divide(by) {
    if (this.state?.way === 'swipe') this.#try({ divider: Math.max(0, Math.min(1, this.state.divider + by)) });
  }

  // -------------------------------------------------------------------------- blinking

  /** Blink, or stop. */
  play() {
    this.#blink(!this.#blinking);
  }

  /** @param {boolean} yes */
  #blink(yes) {
    this.#blinking = yes;
    this.#show();
  }

  /** While it stands still: show the one behind, or before. @param {1|-1} step */
  next(step) {
    if (this.state?.way !== 'blink' || this.#blinking) return;
    this.#turn = (this.#turn + step + this.state.tiles.length) % this.state.tiles.length;
    this.#show();
  }

  /** Have the next picture come in its time, if it blinks. */
  #wait() {
    clearTimeout(this.#beat);
    if (this.state?.way !== 'blink' || !this.#blinking) return;
    this.#beat = setTimeout(() => {
      this.#turn += 1;
      this.#show();
    }, beatOf(this.state.rate));
  }

  // ---------------------------------------------------------------------------- showing

  /** Show what there is to compare: one's own, or theirs with whom one looks along. */
  look() {
    const { model, follow } = this;
    const value = model.room.document.get(follow.person === null ? model.own('compare') : `person/${follow.person}/compare`);
    const found = this.opened() === null ? read(value, (id) => model.tiles.has(id)) : null;
    const before = this.state;
    this.state = found && { ...found, ...this.#moving };
    // Nobody is flashed at who asked for calm.
    if (this.state?.way === 'blink' && before?.way !== 'blink') [this.#blinking, this.#turn] = [!lessMotion(), 0];
    if ((this.state === null) !== (before === null)) this.#toggle(this.state !== null);
    if (this.state || before) this.#show();
  }

  /** @param {boolean} on */
  #toggle(on) {
    const held = this.#element.contains(document.activeElement) || this.bar.element.contains(document.activeElement) || document.activeElement === document.body;
    const covered = this.opened() !== null;
    this.#element.hidden = this.bar.element.hidden = !on;
    byId('bar', HTMLElement).hidden = on || covered;
    byId('stage', HTMLElement).inert = on || covered;
    if (on) return this.#element.focus({ preventScroll: true });
    clearTimeout(this.#resting);
    this.#moving = {};
    if (held && !covered && this.model.focus !== null) this.stage.cells.focus(this.model.focus);
  }

  /** @param {number} id @returns {Shown} */
  #shown(id) {
    const { width, height } = this.model.tiles.get(id) ?? PLAIN;
    return { tile: id, rotation: this.model.room.document.get(`tile/${id}/rotation`) ?? 0, width: width || PLAIN.width, height: height || PLAIN.height };
  }

  #show() {
    const { state, stage } = this;
    this.#wait();
    if (!state) {
      if (!this.#drawn) return;
      this.#drawn = stage.compared = null;
      stage.connection.tell({ type: 'compare', layers: null });
      return stage.demandSoon();
    }
    const view = { width: this.#element.clientWidth, height: this.#element.clientHeight };
    if (view.width === 0) return;
    this.#turn %= state.tiles.length;
    const drawn = layersOf(state, new Map(state.tiles.map((id) => [id, this.#shown(id)])), this.#turn, view, devicePixelRatio);
    const before = this.#drawn;
    this.#drawn = drawn;
    if (!same(drawn.layers, before?.layers)) stage.connection.tell({ type: 'compare', layers: drawn.layers });
    if (!same([...drawn.rects], before && [...before.rects])) {
      stage.compared = drawn.rects;
      stage.demandSoon();
    }
    this.bar.show(state, (id) => this.#titleOf(id), this.#blinking);
    const rect = drawn.rects.get(pairOf(state)[0]);
    this.view.show(drawn.panels, (tiles) => this.#words(tiles), state.way === 'swipe' && rect ? { rect: seen({ panel: onlyPanel(view), rect }), divider: state.divider } : null);
  }

  /** @param {number} id */
  #titleOf(id) {
    const tile = this.model.tiles.get(id);
    if (!tile) return '';
    const state = this.model.stateOf(tile);
    return state === 'live' ? tile.title : t('said.colon', { what: tile.title, why: stateWord(state) });
  }

  /** What stands above a panel. @param {number[]} tiles */
  #words(tiles) {
    const titles = tiles.map((id) => this.#titleOf(id));
    if (this.state?.way === 'difference') return [t('compare.less', { first: titles[0], second: titles[1] })];
    if (this.state?.way === 'overlay') return [titles[0], t('compare.over', { title: titles[1] })];
    return titles;
  }
}
