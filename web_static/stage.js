/**
 * The stage: where the wall stands, what the camera sees of it, and what the worker is told about both.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./connection.js').Connection} Connection
 */

import * as optics from './camera.js';
import { Cells } from './cells.js';
import { demandOf, inView, sameDemand } from './demand.js';
import { byId, lessMotion } from './dom.js';
import { bestColumns, cellAt, cellRect, commonAspect, gain, makeGrid, moveFocus, pictureRect } from './layout.js';
import { canvasTheme } from './theme.js';
import { nowSeconds } from './times.js';
import { say } from './words.js';

const MARGIN = 20; // CSS pixels around the wall when all of it is shown
const DEMAND_MS = 70; // after the camera's last move; at once would ask for sizes that nobody stops at
const TITLE_SHARE = 0.4; // of the strip, that the title takes when zoomed in
const WITH_PICTURE = ['live', 'starting'];
const WORTH_MOVING = 1.12; // larger tiles by this factor justify other columns

export class Stage {
  element = byId('stage', HTMLElement);
  /** @type {number|'auto'} */ columns = 'auto';
  /** the page shows something else: no pictures are wanted */ covered = false;
  #view = { width: 1, height: 1 };
  #ratio = 1;
  #grid = makeGrid(0, 1, 4 / 3, this.#view);
  /** @type {Map<number, Rect>} */ #pictures = new Map();
  /** @type {Map<number, string>} what the worker knows of each tile */ #told = new Map();
  /** @type {import('./camera.js').Motion} */ #motion;
  #fitted = true;
  #auto = { columns: 1, count: -1 };
  /** @type {number|null} */ #hovered = null;
  /** @type {import('./demand.js').Demanded[]} */ #demand = [];
  #demandTimer = 0;
  /** @type {Map<number, import('./wall-mark.js').Mark>} */ #marks = new Map();

  /** @param {Model} model @param {Connection} connection */
  constructor(model, connection) {
    this.model = model;
    this.connection = connection;
    this.cells = new Cells(model);
    const camera = { x: 0, y: 0, scale: 1 };
    this.#motion = { from: camera, to: camera, start: 0, duration: 0 };
    const canvas = byId('wall', HTMLCanvasElement).transferControlToOffscreen();
    connection.tell({ type: 'init', canvas }, [canvas]);
    this.themeChanged();
    new ResizeObserver(() => this.#resized()).observe(this.element);
    this.#watchRatio();
    document.addEventListener('visibilitychange', () => this.demandSoon(0));
    model.addEventListener('wall', () => this.relayout());
    model.addEventListener('order', () => this.relayout());
    model.addEventListener('sizes', () => this.relayout());
    model.addEventListener('matches', () => this.#refresh(model.order));
    model.addEventListener('focus', () => {
      this.#refresh(model.order);
      this.demandSoon();
    });
    model.addEventListener('tiles', (event) => {
      const { detail: ids } = /** @type {CustomEvent<number[]>} */ (event);
      if (ids.length === 0) return;
      this.#refresh(ids);
      this.demandSoon();
    });
  }

  /** Return the camera as it stands, on its way or not. @returns {Camera} */
  get camera() {
    return optics.cameraAt(this.#motion, Date.now());
  }

  themeChanged() {
    this.connection.tell({ type: 'theme', theme: canvasTheme() });
  }

  /** A zoomed page or another screen has another number of device pixels; only a media query tells. */
  #watchRatio() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        this.#resized();
        this.#watchRatio();
      },
      { once: true },
    );
  }

  #resized() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const first = this.#view.width === 1;
    const middle = optics.toWall(this.#motion.to, this.#view.width / 2, this.#view.height / 2);
    this.#view = { width, height };
    this.#ratio = devicePixelRatio;
    const device = { width: Math.round(width * this.#ratio), height: Math.round(height * this.#ratio) };
    this.connection.tell({ type: 'size', ...device, ratio: this.#ratio });
    if (this.#fitted || first) return this.relayout(first ? 0 : undefined);
    const { scale } = this.#motion.to;
    this.#moveTo({ x: middle.x - width / 2 / scale, y: middle.y - height / 2 / scale, scale }, 0);
  }

  /** Lay the tiles out anew; they travel to their places. */
  relayout(duration = optics.MOTION_MS) {
    const { order, tiles } = this.model;
    const aspect = commonAspect(tiles.values());
    const columns = this.columns === 'auto' ? this.#autoColumns(order.length, aspect) : this.columns;
    this.#grid = makeGrid(order.length, columns, aspect, this.#view);
    this.#pictures = new Map();
    order.forEach((id, position) => {
      const tile = /** @type {Tile} */ (tiles.get(id));
      this.#pictures.set(id, pictureRect(this.#grid, cellRect(this.#grid, position), tile));
    });
    const scene = order.map((id, position) => this.#sceneTile(id, position));
    this.#told = new Map(scene.map((tile) => [tile.id, JSON.stringify(tile)]));
    const time = { start: Date.now(), duration: lessMotion() ? 0 : duration };
    this.connection.tell({ type: 'scene', tiles: scene, strip: this.#grid.strip, ...time });
    this.cells.layout(this.#grid.columns, this.#pictures);
    if (this.#fitted) this.fit(duration);
    this.demandSoon();
  }

  /** The columns that show tiles largest; but a wall is not rearranged for a little. @param {number} count @param {number} aspect */
  #autoColumns(count, aspect) {
    const best = bestColumns(count, aspect, this.#view);
    const kept = this.#auto.count === count && gain(best, this.#auto.columns, count, aspect, this.#view) < WORTH_MOVING;
    if (!kept) this.#auto = { columns: best, count };
    return this.#auto.columns;
  }

  /** @param {number} id @param {number} position @returns {import('./wall-scene.js').SceneTile} */
  #sceneTile(id, position) {
    const tile = /** @type {Tile} */ (this.model.tiles.get(id));
    return {
      id,
      cell: cellRect(this.#grid, position),
      picture: /** @type {Rect} */ (this.#pictures.get(id)),
      title: tile.title,
      state: this.model.stateOf(tile),
      said: say(tile, this.model.sets.get(tile.set), nowSeconds(), this.model.stateOf(tile)),
      dimmed: this.model.isDimmed(id),
      focused: id === this.model.focus,
      hovered: id === this.#hovered,
      marked: this.#marks.get(id) ?? null,
    };
  }

  /** Tell the worker what is new about these tiles, if anything is. @param {number[]} ids */
  #refresh(ids) {
    const wanted = new Set(ids);
    /** @type {import('./wall-scene.js').SceneTile[]} */
    const changed = [];
    this.model.order.forEach((id, position) => {
      if (!wanted.has(id) || !this.#pictures.has(id)) return;
      const tile = this.#sceneTile(id, position);
      const told = JSON.stringify(tile);
      if (told === this.#told.get(id)) return;
      this.#told.set(id, told);
      changed.push(tile);
    });
    if (changed.length > 0) this.connection.tell({ type: 'tiles', tiles: changed });
    this.cells.update(ids);
  }

  /** Time passed: what is said of it may be other words by now. */
  tick() {
    this.#refresh(this.model.order);
  }

  /** @param {Camera} camera @param {number} duration */
  #moveTo(camera, duration) {
    const from = this.camera;
    this.#motion = { from, to: camera, start: Date.now(), duration: lessMotion() ? 0 : duration };
    this.connection.tell({ type: 'camera', motion: this.#motion });
    this.cells.place(camera);
    this.demandSoon();
  }

  /** Show the whole wall. */
  fit(duration = optics.MOTION_MS) {
    this.#fitted = true;
    const { width, height } = this.#grid.size;
    this.#moveTo(optics.fitRect({ x: 0, y: 0, width, height }, this.#view, MARGIN), duration);
  }

  /** Return what of a tile should be in sight: its picture and its title. @param {number} id @returns {Rect|null} */
  #sightOf(id) {
    const picture = this.#pictures.get(id);
    return picture ? { ...picture, height: picture.height + this.#grid.strip * TITLE_SHARE } : null;
  }

  /** Show one tile as large as fits, or the whole wall if that tile is already. @param {number} id */
  zoomTo(id) {
    const rect = this.#sightOf(id);
    if (!rect) return;
    const camera = optics.fitRect(rect, this.#view, MARGIN);
    if (Math.abs(this.#motion.to.scale / camera.scale - 1) < 0.01 && inView(optics.toScreen(this.#motion.to, rect), this.#view)) return this.fit();
    this.#fitted = false;
    this.#moveTo(camera, optics.MOTION_MS);
  }

  /** Zoom by a factor so that the point (x, y) of the stage stays (its middle if not given). */
  zoomBy(/** @type {number} */ factor, x = this.#view.width / 2, y = this.#view.height / 2, duration = 0) {
    const camera = duration > 0 ? this.#motion.to : this.camera;
    const limited = optics.limitedFactor(camera, factor, this.#grid.size, this.#view);
    const zoomed = optics.zoomAt(camera, limited, x, y);
    this.#fitted = false;
    this.#moveTo(optics.keepOnWall(zoomed, this.#grid.size, this.#view), duration);
  }

  /** Move the wall as the hand does. @param {number} dx @param {number} dy CSS pixels */
  panBy(dx, dy) {
    this.#fitted = false;
    this.#moveTo(optics.keepOnWall(optics.panBy(this.camera, dx, dy), this.#grid.size, this.#view), 0);
  }

  /** Move the focus by a key (arrow, Home, End, PageUp, PageDown) and show where it went. @param {string} key */
  moveFocus(key) {
    const { order, focus } = this.model;
    if (order.length === 0) return;
    const at = focus === null ? 0 : order.indexOf(focus);
    this.focusOn(order[moveFocus(this.#grid.columns, order.length, Math.max(at, 0), key)]);
  }

  /** Give a tile the focus, in sight. @param {number} id */
  focusOn(id) {
    this.model.setFocus(id);
    this.cells.focus(id);
    const rect = this.#sightOf(id);
    if (this.#fitted || !rect) return;
    const camera = optics.reveal(this.#motion.to, rect, this.#view, MARGIN);
    if (camera.x !== this.#motion.to.x || camera.y !== this.#motion.to.y) this.#moveTo(camera, optics.MOTION_MS);
  }

  /** Return the tile at a point of the stage and whether that is its title, or null. @param {number} x @param {number} y */
  tileAt(x, y) {
    const found = cellAt(this.#grid, this.model.order.length, optics.toWall(this.camera, x, y));
    return found && { id: this.model.order[found.position], onTitle: found.onTitle };
  }

  /** Return where a tile's picture is, in CSS pixels of the window. @param {number} id @returns {Rect|null} */
  rectOf(id) {
    const rect = this.#pictures.get(id);
    if (!rect) return null;
    const { left, top } = this.element.getBoundingClientRect();
    const on = optics.toScreen(this.camera, rect);
    return { ...on, x: on.x + left, y: on.y + top };
  }

  /** Mark the tile under the pointer. @param {number|null} id */
  hover(id) {
    if (id === this.#hovered) return;
    const ids = [this.#hovered, id].filter((one) => one !== null);
    this.#hovered = id;
    this.#refresh(ids);
    this.demandSoon();
  }

  /** Mark these tiles, and no others. @param {Map<number, import('./wall-mark.js').Mark>} marks */
  mark(marks) {
    const ids = [...new Set([...this.#marks.keys(), ...marks.keys()])].filter((id) => this.#marks.get(id) !== marks.get(id));
    this.#marks = marks;
    this.cells.marks = marks;
    this.#refresh(ids);
    this.demandSoon();
  }

  /** How urgent a tile's pictures are to who sits here. @param {number} id @returns {import('./demand.js').Attention} */
  #attention(id) {
    const mark = this.#marks.get(id);
    if (mark === 'working' || mark === 'leading') return 'worked';
    return id === this.#hovered || id === this.model.focus ? 'looked' : null;
  }

  /** Ask for other pictures once the camera rests. */
  demandSoon(wait = DEMAND_MS) {
    clearTimeout(this.#demandTimer);
    this.#demandTimer = setTimeout(() => this.#askFor(), wait);
  }

  #askFor() {
    const away = document.hidden || this.covered;
    const camera = this.#motion.to;
    const shown = [...this.#pictures].map(([id, rect]) => {
      const tile = /** @type {Tile} */ (this.model.tiles.get(id));
      const { stream, width, height } = tile;
      const wanted = stream !== null && WITH_PICTURE.includes(this.model.stateOf(tile));
      return { id, wanted, rect: optics.toScreen(camera, rect), native: { width, height }, attention: this.#attention(id) };
    });
    const demand = away ? [] : demandOf(shown, this.#view, this.#ratio);
    if (sameDemand(demand, this.#demand)) return;
    this.#demand = demand;
    this.connection.tell({ type: 'demand', demand });
  }
}
