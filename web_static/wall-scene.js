/**
 * The wall as it stands on the canvas: where each tile is, when something must be drawn again, and no sooner.
 *
 * @typedef {import('./scene-types.js').Rect} Rect
 * @typedef {import('./scene-types.js').Motion} Motion
 * @typedef {import('./scene-types.js').SceneTile} SceneTile
 * @typedef {import('./scene-types.js').Sticker} Sticker
 * @typedef {import('./scene-types.js').SceneLane} SceneLane
 * @typedef {import('./scene-types.js').Standing} Standing
 * @typedef {import('./scene-types.js').Paint} Paint
 * @typedef {import('./scene-types.js').Theme} Theme
 */

import { progress, toScreen } from './camera.js';
import { inView } from './demand.js';
import { Motions } from './motions.js';
import { around, overlap } from './rects.js';
import { nowSeconds, untilOlder } from './times.js';
import { drawAxisLines, drawAxisWords, drawGround, lookedAtLast } from './wall-axes.js';
import { drawInsertion, drawLanes } from './wall-lanes.js';
import { drawPicture, drawTile, drawWithinEdge, isPlain, snapped } from './wall-paint.js';
import { Pace } from './wall-pace.js';

const LATE_MS = 100;
const FRAME_MS = 16;
const TOUCHED_MOST = 48; // more are drawn with all others: each alone costs its neighbours too
const AROUND_PX = 6; // that the focus ring reaches beyond a picture, and a hair

export class Scene {
  frames = 0;
  /** @type {OffscreenCanvas|null} */ #canvas = null;
  /** @type {OffscreenCanvasRenderingContext2D|null} */ context = null;
  /** @type {Theme|null} */ #theme = null;
  /** @type {Map<number, SceneTile>} */ #tiles = new Map();
  /** @type {Map<number, SceneTile>} where tiles were when they started to move */ #before = new Map();
  motions = new Motions({ from: { x: 0, y: 0, scale: 1 }, to: { x: 0, y: 0, scale: 1 }, start: 0, duration: 0 });
  #beginning = 0;
  #move = { start: 0, duration: 0 };
  /** @type {SceneLane[]} */ #lanes = [];
  /** @type {import('./layout-scatter.js').Axes|null} those of a scatter plot, in which tiles may cover each other */ #axes = null;
  /** @type {Rect|null} */ #insertion = null;
  /** @type {((context: OffscreenCanvasRenderingContext2D, theme: Theme, ratio: number) => void)|null} */ #instead = null;
  #strip = 0;
  #ratio = 1;
  /** @type {number|null} since when nothing comes any more */ #lost = null;
  #aging = 0;
  /** @type {Set<number>} tiles of which only the picture changed */ #changed = new Set();
  /** @type {Set<number>} tiles that look otherwise, where they were */ #touched = new Set();
  #all = true;
  #asked = false;
  #late = 0;
  #frame = 0;
  #drawnAt = -Infinity;
  #pausing = 0;
  #pace = new Pace();
  #frameEnd = new MessageChannel();

  /** @param {{of: import('./wall-pictures.js').Pictures['of']}} pictures @param {() => void} onDrawn called after each frame */
  constructor(pictures, onDrawn) {
    this.pictures = pictures;
    this.onDrawn = onDrawn;
    this.#frameEnd.port2.onmessage = () => {
      this.#pace.end(performance.now());
      this.motions.drew(Date.now());
    };
  }

  setCanvas(/** @type {OffscreenCanvas} */ canvas) {
    this.#canvas = canvas;
    this.context = canvas.getContext('2d', { alpha: false });
    this.#redraw();
  }

  setSize(/** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ ratio) {
    if (!this.#canvas) return;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#ratio = ratio;
    // In the same turn: a canvas whose size was set is empty, and must not be shown so.
    this.#all = true;
    this.#draw();
  }

  setTheme(/** @type {Theme} */ theme) {
    this.#theme = theme;
    this.#redraw();
  }

  /** Have the camera move; what begins later changes nothing until then. @param {Motion} motion */
  setCamera(motion) {
    this.motions.add(motion);
    clearTimeout(this.#beginning);
    const wait = this.motions.nextStart - FRAME_MS - Date.now();
    if (motion.start - FRAME_MS <= Date.now()) this.#redraw();
    if (wait > 0 && wait < Infinity) this.#beginning = setTimeout(() => this.#redraw(), wait);
  }

  /** Take how the wall stands; tiles that were there before travel to their new places for `duration` ms from `start`. @param {Standing} standing */
  setTiles({ tiles, order, lanes, axes = null, strip, start, duration }) {
    const now = Date.now();
    this.#before = new Map([...this.#tiles].map(([id, tile]) => [id, this.#placed(tile, now)]));
    const changed = new Map(tiles.map((tile) => [tile.id, tile]));
    this.#tiles = new Map(order.flatMap((id) => {
      const tile = changed.get(id) ?? this.#tiles.get(id);
      return tile ? [[id, tile]] : [];
    }));
    this.#lanes = lanes;
    this.#axes = axes;
    this.#strip = strip;
    this.#move = { start, duration };
    this.#redraw();
  }

  /** Show where tiles would be inserted, in wall units. @param {Rect|null} line */
  setInsertion(line) {
    this.#insertion = line;
    this.#redraw();
  }

  /** Draw something else in the place of the wall from now on, or the wall again. @param {((context: OffscreenCanvasRenderingContext2D, theme: Theme, ratio: number) => void)|null} [draw] */
  setInstead(draw = this.#instead) {
    this.#instead = draw;
    this.#redraw();
  }

  updateTiles(/** @type {SceneTile[]} */ tiles) {
    for (const tile of tiles) {
      if (!this.#tiles.has(tile.id)) continue;
      this.#tiles.set(tile.id, tile);
      this.#touched.add(tile.id);
    }
    // What says how old it is needs its turn among all the ages that are said.
    if (this.#touched.size > TOUCHED_MOST || tiles.some(({ said }) => said.since !== null)) this.#all = true;
    this.#ask();
  }

  /** Since when the connection is lost, in seconds since the epoch, or null. */
  setStale(/** @type {number|null} */ since) {
    this.#lost = since;
    this.#redraw();
  }

  /** Draw a tile's new picture (-1: no tile, but the frame's end is wanted), with others that come at about the same time. */
  pictureChanged(/** @type {number} */ id) {
    if (id >= 0) this.#changed.add(id);
    if (this.#asked || this.#pausing) return;
    const wait = this.#pace.wait(performance.now());
    if (wait <= 0) return this.#ask();
    this.#pausing = setTimeout(() => {
      this.#pausing = 0;
      this.#ask();
    }, wait);
  }

  #redraw() {
    this.#all = true;
    this.#ask();
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    // A browser that falls behind with showing frames asks for one a second for a while: drawn is drawn all the same.
    this.#late = setTimeout(() => this.#drawFrame(), LATE_MS);
    this.#frame = requestAnimationFrame(() => this.#drawFrame());
  }

  /** Draw what is asked for without waiting for the next frame to begin, if none was drawn just now: the next one shows it. */
  drawNow() {
    if (this.#asked && performance.now() - this.#drawnAt > FRAME_MS) this.#drawFrame();
  }

  #drawFrame() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#late);
    this.#asked = false;
    this.#pace.begin(performance.now());
    this.#draw();
    this.#drawnAt = performance.now();
    this.onDrawn();
    this.#frameEnd.port1.postMessage(null); // comes once the frame is handed over
  }

  /** Return a tile as it stands now, on its way to its place. @param {SceneTile} tile @param {number} now */
  #placed(tile, now) {
    const before = this.#before.get(tile.id);
    const t = progress(this.#move.start, this.#move.duration, now);
    if (!before || t >= 1) return tile;
    const way = (/** @type {Rect} */ a, /** @type {Rect} */ b) => ({
      x: a.x + (b.x - a.x) * t,
      y: a.y + (b.y - a.y) * t,
      width: a.width + (b.width - a.width) * t,
      height: a.height + (b.height - a.height) * t,
    });
    return { ...tile, cell: way(before.cell, tile.cell), picture: way(before.picture, tile.picture) };
  }

  #draw() {
    const [canvas, context, theme] = [this.#canvas, this.context, this.#theme];
    if (!canvas || !context || !theme || canvas.width === 0) return;
    const now = Date.now() + FRAME_MS; // when it is seen
    const moving = now < this.#move.start + this.#move.duration;
    const { began } = this.motions;
    const camera = this.motions.at(now);
    this.#all ||= this.motions.began !== began || (this.#axes !== null && this.#changed.size > TOUCHED_MOST);
    const panning = this.motions.moving(now);
    if (!this.#all && this.#changed.size === 0 && this.#touched.size === 0) return;
    if (this.#instead) {
      this.#instead(context, theme, this.#ratio);
      this.#all = false;
      return this.#drew();
    }
    const view = { width: canvas.width / this.#ratio, height: canvas.height / this.#ratio };
    const style = { theme, ratio: this.#ratio, strip: this.#strip * camera.scale, now: nowSeconds(), moving: moving || panning };
    const paint = { context, camera, view, style, now };
    if (this.#all) {
      /** @type {number[]} */
      const ages = [];
      this.#drawArea(paint, { x: 0, y: 0, ...view }, ages);
      this.#age(ages, style.now);
    } else {
      for (const tile of this.#named(this.#touched)) this.#drawArea(paint, around(toScreen(camera, tile.cell), AROUND_PX));
      for (const tile of this.#named(this.#changed)) if (!this.#axes) this.#drawPicture(paint, tile); else this.#drawArea(paint, toScreen(camera, tile.picture));
    }
    if (this.#insertion) drawInsertion(context, toScreen(camera, this.#insertion), style);
    this.#all = moving || panning || this.motions.nextStart <= now + FRAME_MS;
    this.#drew();
    if (this.#all) this.#ask();
  }

  #drew() {
    this.frames += 1;
    this.#changed.clear();
    this.#touched.clear();
  }

  /** Draw all that is in an area of the view. @param {Paint} paint @param {Rect} area CSS pixels @param {number[]} [ages] takes the ages that are said */
  #drawArea({ context, camera, view, style, now }, area, ages = []) {
    this.#clip(context, area, style);
    if (this.#axes) drawAxisLines(context, this.#axes, camera, view, style);
    for (const tile of this.#axes ? lookedAtLast(this.#tiles) : this.#tiles.values()) {
      const placed = this.#placed(tile, now);
      const cell = toScreen(camera, placed.cell);
      if (!overlap(around(cell, AROUND_PX), area)) continue;
      if (this.#axes) drawGround(context, cell, style);
      const asOf = this.#asOf(tile);
      if (asOf !== null) ages.push(asOf);
      drawTile(context, { tile, cell, picture: toScreen(camera, placed.picture), image: this.pictures.of(tile.id), asOf }, style);
    }
    drawLanes(context, this.#lanes, camera, view, style);
    if (this.#axes) drawAxisWords(context, this.#axes, camera, view, style);
    context.restore();
  }

  /** Draw within an area alone, on the ground. @param {OffscreenCanvasRenderingContext2D} context @param {Rect} area @param {import('./wall-paint.js').Style} style */
  #clip(context, area, style) {
    const { x, y, width, height } = snapped(area, style.ratio);
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.fillStyle = style.theme.ground;
    context.fillRect(x, y, width, height);
  }

  /** Draw a tile of which only the picture changed. @param {Paint} paint @param {SceneTile} tile */
  #drawPicture({ context, camera, view, style, now }, tile) {
    const picture = toScreen(camera, this.#placed(tile, now).picture);
    if (!inView(picture, view)) return;
    const image = this.pictures.of(tile.id);
    const asOf = this.#asOf(tile);
    if (image && isPlain(tile, asOf, picture)) drawWithinEdge(context, tile, image, picture, style);
    else drawPicture(context, { tile, cell: picture, picture, image, asOf }, style);
  }

  /** Return from when a tile's picture is, if it is not of now. @param {SceneTile} tile */
  #asOf({ id, state, said }) {
    const since = said.since ?? this.#lost;
    if (state !== 'live' || since === null) return null;
    return this.pictures.of(id)?.captured ?? since;
  }

  /** Draw again when an age that stands on the wall is said otherwise. @param {number[]} ages @param {number} now */
  #age(ages, now) {
    clearTimeout(this.#aging);
    if (ages.length > 0) this.#aging = setTimeout(() => this.#redraw(), untilOlder(ages, now) * 1000);
  }

  /** @param {Set<number>} ids */
  *#named(ids) {
    for (const id of ids) {
      const tile = this.#tiles.get(id);
      if (tile) yield tile;
    }
  }
}
