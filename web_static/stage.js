/**
 * The stage: how the wall stands (stage-layout.js) and what the camera sees of it (stage-view.js); what the worker is told of tiles is
 * stage-scene.js, which pictures are asked for stage-demand.js, what all of this follows stage-changes.js.
 *
 * What changes is told to the worker at the end of the event that changed it, and what changes more often than that once a frame; the named
 * cells follow after it. Who asks where something is gets the new place at once.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./layout-ways.js').Position} Position
 */

import * as optics from './camera.js';
import { Cells } from './cells.js';
import { byId, lessMotion } from './dom.js';
import { MARGIN_PX } from './layout.js';
import { cellAt, cellsIn, moveFocus, positionAt, rowsOf } from './layout-ways.js';
import { StageDemand } from './stage-demand.js';
import { watchChanges, watchRatio } from './stage-changes.js';
import { StageLayout } from './stage-layout.js';
import { StageScene } from './stage-scene.js';
import { StageView } from './stage-view.js';
import { referenceOf, withReference } from './reference.js';
import { canvasTheme } from './theme.js';

const FRAME_MS = 16;

export class Stage extends StageView {
  element = byId('stage', HTMLElement);
  /** the page shows something else: no pictures are wanted */ covered = false;
  /** @type {Map<number, Rect>|null} where tiles stand in the view that are compared, in the place of the wall */ compared = null;
  /** @type {{id: number, width: number, height: number}|null} the one tile whose pictures are wanted while covered */ alone = null;
  /** @type {Map<number, import('./wall-mark.js').Mark>} without the reference's */ #marks = new Map();
  /** @type {((id: number|null) => void)|null} told of the tile under the pointer */ onHover = null;
  #ratio = 1;
  #frame = 0;
  #due = false;
  #drawing = false;
  #toldAt = -FRAME_MS;
  /** whether the layout is of before a change */ #stale = false;
  /** the milliseconds that tiles take to their new places, if they are to be told them @type {number|null} */ #travel = null;
  /** @type {Set<number>|'all'} of whom something may look otherwise */ #touched = new Set();

  /** @param {Model} model @param {Connection} connection */
  constructor(model, connection) {
    super(new StageLayout(model), (motion) => this.#moved(motion));
    this.model = model;
    this.connection = connection;
    this.cells = new Cells(model);
    this.scene = new StageScene(model, this.layout, (message) => connection.tell(message));
    this.demand = new StageDemand(model, this.layout, connection, {
      alone: () => (document.hidden || !this.covered ? null : this.alone),
      compared: () => this.compared,
      seen: () => (document.hidden || this.covered ? null : { camera: this.motion.to, ratio: this.#ratio }),
      attention: (id) => this.#attention(id),
    });
    const canvas = byId('wall', HTMLCanvasElement).transferControlToOffscreen();
    connection.tell({ type: 'init', canvas }, [canvas]);
    this.themeChanged();
    new ResizeObserver(() => this.#resized()).observe(this.element);
    watchRatio(() => this.#resized());
    watchChanges(this);
  }

  /** Return how the wall stands now. */
  get grid() {
    return this.settled().grid;
  }

  /** The number of columns now. */
  get columns() {
    return this.grid.columns;
  }

  /** The ids as they stand, row by row. @returns {number[][]} */
  get rows() {
    return rowsOf(this.grid);
  }

  /** @param {import('./camera.js').Motion} motion */
  #moved(motion) {
    this.connection.tell({ type: 'camera', motion });
    this.#drawSoon();
    this.cells.place(motion.to);
    this.demand.soon();
  }

  themeChanged() {
    this.connection.tell({ type: 'theme', theme: canvasTheme() });
    this.refreshSoon('all'); // hues of tags and terms are the theme's
  }

  #resized() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const { view } = this.layout;
    const first = view.width === 1;
    const middle = optics.toWall(this.motion.to, view.width / 2, view.height / 2);
    this.layout.view = { width, height };
    this.#ratio = devicePixelRatio;
    const device = { width: Math.round(width * this.#ratio), height: Math.round(height * this.#ratio) };
    this.connection.tell({ type: 'size', ...device, ratio: this.#ratio });
    if (this.kept || first) return this.relayout(first ? 0 : undefined);
    const { scale } = this.motion.to;
    this.moveTo({ x: middle.x - width / 2 / scale, y: middle.y - height / 2 / scale, scale }, 0);
  }

  // ---------------------------------------------------------------- what changes

  /** Lay the tiles out anew soon; they travel to their places. @param {number} [duration] */
  layoutSoon(duration = optics.MOTION_MS) {
    this.#stale = true;
    this.#travel = Math.min(duration, this.#travel ?? duration);
    this.#soon();
  }

  /** Lay the tiles out anew at once. @param {number} [duration] */
  relayout(duration) {
    this.layoutSoon(duration);
    this.#tellAll();
  }

  /** These tiles may look otherwise: tell it soon. @param {Iterable<number>|'all'} ids */
  refreshSoon(ids) {
    if (ids === 'all' || this.#touched === 'all') this.#touched = 'all';
    else for (const id of ids) this.#touched.add(id);
    this.#soon();
  }

  #soon() {
    if (this.#due || this.#frame) return;
    if (performance.now() - this.#toldAt < FRAME_MS) return void (this.#frame = requestAnimationFrame(() => this.#tellAll()));
    this.#due = true;
    queueMicrotask(() => this.#due && this.#tellAll());
  }

  /** Have what the worker was told drawn, once it was told all of it. */
  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.connection.tell({ type: 'draw' });
    });
  }

  /** Return the layout, made anew if it is of before a change. @override */
  settled() {
    if (this.#stale) {
      this.#stale = false;
      const wished = this.layout.wish.tile;
      const plotted = this.layout.grid.axes !== undefined;
      this.layout.update();
      if (this.layout.wish.tile !== wished || plotted !== (this.layout.grid.axes !== undefined)) this.keepWished();
    }
    return this.layout;
  }

  #tellAll() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#due = false;
    this.#toldAt = performance.now();
    this.settled();
    const touched = this.#touched === 'all' ? this.layout.grid.ids : this.#touched;
    this.#touched = new Set();
    let changed;
    if (this.#travel === null) {
      changed = this.scene.refresh(touched);
    } else {
      changed = this.scene.layOut(Date.now(), lessMotion() ? 0 : this.#travel);
      this.cells.layoutSoon(this.layout.grid, this.layout.pictures);
      this.keep(this.#travel);
    }
    this.#travel = null;
    this.#drawSoon();
    this.cells.updateSoon(changed);
    if (changed.length > 0) this.demand.soon();
  }

  /** Time passed: what is said of it may be other words by now. */
  tick() {
    this.refreshSoon('all');
    this.cells.updateSoon(this.layout.grid.ids);
  }

  // --------------------------------------------------------------------- the focus

  /** Move the focus by a key (arrow, Home, End, PageUp, PageDown) and show where it went. @param {string} key */
  moveFocus(key) {
    const { grid } = this;
    if (grid.ids.length === 0) return;
    const at = this.model.focus === null ? 0 : grid.ids.indexOf(this.model.focus);
    this.focusOn(grid.ids[moveFocus(grid, Math.max(at, 0), key)]);
  }

  /** Give a tile the focus, in sight. @param {number} id */
  focusOn(id) {
    this.model.setFocus(id);
    if (this.#travel !== null) this.#tellAll();
    this.cells.focus(id);
    const rect = this.sightOf([id]);
    if (this.kept === 'all' || !rect) return;
    const camera = optics.reveal(this.motion.to, rect, this.layout.view, MARGIN_PX);
    if (camera.x !== this.motion.to.x || camera.y !== this.motion.to.y) this.look(camera, optics.MOTION_MS);
  }

  // ------------------------------------------------------------------ what is where

  /** Return the tile at a point of the stage and whether that is its title, or null. @param {number} x @param {number} y */
  tileAt(x, y) {
    const found = cellAt(this.grid, optics.toWall(this.camera, x, y));
    return found && { id: this.grid.ids[found.position], onTitle: found.onTitle };
  }

  /** Return where a tile's picture is, in CSS pixels of the window. @param {number} id @returns {Rect|null} */
  rectOf(id) {
    const rect = this.settled().pictures.get(id);
    if (!rect) return null;
    const { left, top } = this.element.getBoundingClientRect();
    const on = optics.toScreen(this.camera, rect);
    return { ...on, x: on.x + left, y: on.y + top };
  }

  /** Return the tiles that a rectangle of the stage touches, as they stand. @param {Rect} rect CSS pixels of the stage @returns {number[]} */
  cellsIn({ x, y, width, height }) {
    const { grid, camera } = this;
    const corner = optics.toWall(camera, x, y);
    return cellsIn(grid, { ...corner, width: width / camera.scale, height: height / camera.scale }).map((position) => grid.ids[position]);
  }

  /** Return where tiles dropped at a point of the stage would be inserted, or null on an empty wall. @param {number} x @param {number} y @returns {Position|null} */
  positionAt(x, y) {
    return positionAt(this.grid, optics.toWall(this.camera, x, y));
  }

  /** Show where tiles would be inserted, or nothing. @param {Position|null} position */
  showInsertion(position) {
    this.connection.tell({ type: 'insertion', line: position?.line ?? null });
  }

  /** Mark the tile under the pointer. @param {number|null} id */
  hover(id) {
    if (id === this.scene.hovered) return;
    this.refreshSoon([this.scene.hovered, id].filter((one) => one !== null));
    this.scene.hovered = id;
    this.demand.soon();
    this.onHover?.(id);
  }

  /** Mark these tiles, and no others but the reference. @param {Map<number, import('./wall-mark.js').Mark>} marks */
  mark(marks = this.#marks) {
    const before = this.scene.marks;
    this.#marks = marks;
    const drawn = new Map([...marks].filter(([, mark]) => mark !== 'chosen')); // a selection is drawn of itself
    this.scene.marks = this.cells.marks = withReference(drawn, referenceOf(this.model)?.tile ?? null);
    this.refreshSoon(new Set([...before.keys(), ...marks.keys(), ...this.scene.marks.keys()]));
    this.demand.soon();
  }

  /** How urgent a tile's pictures are to who sits here. @param {number} id @returns {import('./demand.js').Attention} */
  #attention(id) {
    const mark = this.scene.marks.get(id);
    if (mark === 'working' || mark === 'leading') return 'worked';
    return id === this.scene.hovered || id === this.model.focus ? 'looked' : null;
  }

  /** Ask for other pictures soon: whether the wall is covered, or the page hidden, has changed. @param {number} [wait] */
  demandSoon(wait) {
    this.demand.soon(wait);
  }
}
