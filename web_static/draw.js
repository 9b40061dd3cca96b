/**
 * Drawing on a tile's picture, on the wall or opened: by mouse, pen, finger, or a crosshair that arrows move. What is drawn is the session's.
 * Over an opened tile its drawing is shown by this too, as the wall is not there.
 *
 * @typedef {import('./shapes.js').Shape} Shape
 * @typedef {import('./shapes.js').Point} Point
 */

import { announce } from './announce.js';
import { keysOf } from './commands.js';
import { copiesOf, shapeAt } from './draw-geometry.js';
import { DrawLayer } from './draw-layer.js';
import { fileName, pngOf, svgOf } from './draw-export.js';
import { begun, ended, moved } from './draw-stroke.js';
import { DrawTools } from './draw-tools.js';
import { byId, saveFile } from './dom.js';
import { FULL } from './shapes.js';
import { t } from './text.js';
import { undoCommands } from './undo.js';

const COPY_MOST = 150_000; // characters in an act
const NEAR_PX = 8;
const STEP = 0.01; // of the picture's sides, by which an arrow moves the crosshair
const FINE = 0.2; // of that with Shift
const ARROWS = /** @type {Record<string, Point>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

export class Drawing {
  /** @type {number|null} the tile that is drawn on */ tile = null;
  /** @type {Shape|null} under way */ #shape = null;
  /** @type {Point|null} where the keyboard is */ #cross = null;
  #tools;
  #layer;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {import('./connection.js').Connection} connection
   * @param {{opened: () => number|null, begin: () => void}} does  begin: nothing else may have the pointer now
   */
  constructor(model, stage, connection, does) {
    this.model = model;
    this.stage = stage;
    this.connection = connection;
    this.does = does;
    this.#tools = new DrawTools({
      copy: (selection) => this.copy(selection),
      show: () => this.show(),
      remove: () => this.remove(),
      save: (kind) => void this.save(kind),
      close: () => this.close(),
      chosen: () => this.#layer.focus(),
    });
    this.#layer = new DrawLayer(stage, does.opened, {
      shapes: () => this.#shown(),
      state: () => [this.model.room.document, this.model.room.document.version, this.tile, this.#shape, this.#cross],
      rotation: () => this.model.room.document.get(`tile/${this.tile}/rotation`) ?? 0,
      down: (point) => this.#down(point),
      move: (point) => this.#move(point),
      up: (yes) => this.#up(yes),
      key: (event) => this.#key(event),
    });
    byId('main', HTMLElement).before(this.#tools.element); // a row of its own: it covers nothing
    this.#tools.element.addEventListener('keydown', (event) => event.key === 'Escape' && this.#escape(event));
    model.room.addEventListener('change', () => this.look());
    for (const type of ['chosen', 'wall', 'order', 'me']) model.addEventListener(type, () => this.look());
  }

  /** Return the shapes of a tile with their names, in the order in which they were drawn. @param {number|null} tile @returns {[string, Shape][]} */
  of(tile) {
    return this.model.room.document.below(`drawing/${tile}/`);
  }

  /** Draw on a tile from now on. @param {number} tile */
  open(tile) {
    if (!this.model.tiles.has(tile) || !this.model.may('arrange')) return;
    this.tile = tile;
    this.#shape = this.#cross = null;
    this.does.begin();
    this.#tools.element.hidden = false;
    if (this.does.opened() === null && !this.#inSight(tile)) this.stage.zoomTo(tile);
    this.look();
    this.#layer.focus();
  }

  /** @param {number} tile */
  #inSight(tile) {
    const rect = this.stage.rectOf(tile);
    const { left, top, right, bottom } = this.stage.element.getBoundingClientRect();
    return rect !== null && rect.x >= left && rect.y >= top && rect.x + rect.width <= right && rect.y + rect.height <= bottom && rect.width > 160;
  }

  /** Stop drawing; return whether one did. */
  close() {
    if (this.tile === null) return false;
    const { tile } = this;
    this.tile = this.#shape = this.#cross = null;
    this.#tools.element.hidden = true;
    this.#tools.more.close();
    this.look();
    if (this.does.opened() === null) this.stage.cells.focus(tile);
    return true;
  }

  /** Bring what is shown up to the session: after a change, after a tile was opened or left. */
  look() {
    const opened = this.does.opened();
    if (this.tile !== null && (!this.model.order.includes(this.tile) || !this.model.may('arrange') || (opened !== null && opened !== this.tile))) this.close();
    const tile = this.tile ?? opened;
    const drawn = this.tile !== null || (opened !== null && this.#shown().shapes.length > 0);
    this.#layer.show(drawn ? tile : null, this.tile === null ? null : t('draw.field', { title: this.model.tiles.get(this.tile)?.title ?? '' }));
    if (this.tile !== null) this.#tools.refresh(this.model.tiles.get(this.tile)?.title ?? '', this.model.chosen.size, this.hidden(this.tile));
  }

  /** @returns {{shapes: Shape[], cross: Point|null}} */
  #shown() {
    const tile = this.tile ?? this.does.opened();
    if (tile === null || (this.tile === null && this.hidden(tile))) return { shapes: [], cross: null };
    const shapes = this.of(tile).map(([, shape]) => shape);
    if (this.#shape) shapes.push(this.#shape);
    return { shapes, cross: this.#cross };
  }

  // ------------------------------------------------------------------ the hand

  /** @param {Point} point @param {boolean} [byKey] */
  #down(point, byKey = false) {
    const { pen } = this.#tools;
    if (!byKey) this.#cross = null;
    if (pen.tool === 'eraser') return this.#erase(point);
    if (pen.tool === 'text') return this.#layer.ask(point, pen, (text) => this.#add({ kind: 'text', points: [point], colour: pen.colour, width: pen.width, text }));
    this.#shape = begun(pen, point);
  }

  /** @param {Point} point */
  #move(point) {
    if (this.#shape) this.#shape = moved(this.#shape, point);
    else if (this.#tools.pen.tool === 'eraser' && this.#cross === null) this.#erase(point);
  }

  /** @param {boolean} yes no: it was taken back */
  #up(yes) {
    const shape = yes && this.#shape ? ended(this.#shape) : null;
    this.#shape = null;
    if (shape) this.#add(shape);
  }

  /** @param {Shape} shape */
  #add(shape) {
    const name = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (this.tile !== null) this.model.room.set([[`drawing/${this.tile}/${name}`, shape]], 'draw');
    this.look();
  }

  /** Take away the shape at a point. @param {Point} point */
  #erase(point) {
    const box = this.#layer.upright();
    const at = /** @type {Point} */ ([(point[0] / FULL) * box.width, (point[1] / FULL) * box.height]);
    const name = shapeAt(this.of(this.tile), at, box, NEAR_PX);
    if (name !== null) this.model.room.set([[`drawing/${this.tile}/${name}`, null]], 'erase');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key } = event;
    const undoing = undoCommands(this.model.room).find(({ keys }) => keys?.includes(keysOf(event)));
    if (undoing) {
      event.preventDefault();
      event.stopPropagation(); // over an opened tile nobody else takes them
      return undoing.run(key);
    }
    if (event.ctrlKey || event.metaKey || event.altKey || key === 'Tab') return;
    event.stopPropagation(); // keys of the wall are for afterwards
    if (key === 'Escape') return this.#escape(event);
    const arrow = ARROWS[key];
    if (!arrow && key !== 'Enter' && key !== ' ' && key !== 'Delete') return;
    event.preventDefault();
    const before = this.#cross ?? /** @type {Point} */ ([FULL / 2, FULL / 2]);
    const step = STEP * FULL * (event.shiftKey ? FINE : 1);
    const at = /** @type {Point} */ (before.map((value, i) => Math.round(Math.max(0, Math.min(FULL, value + (arrow?.[i] ?? 0) * step)))));
    this.#cross = at;
    if (arrow) {
      if (this.#shape) this.#move(at);
    } else if (key === 'Delete') this.#erase(at);
    else if (this.#shape) this.#up(true);
    else this.#down(at, true);
    this.look();
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    event.preventDefault();
    event.stopPropagation();
    if (this.#shape) this.#up(false);
    else this.close();
  }

  // ----------------------------------------------------------- the whole drawing

  /** Return whether the drawing of a tile is hidden. @param {number} tile */
  hidden(tile) {
    return this.model.room.document.get(`tile/${tile}/undrawn`) === true;
  }

  /** Return the tile that is meant: the one drawn on, opened, or in focus. */
  get meant() {
    return this.tile ?? this.does.opened() ?? this.model.focus;
  }

  /** Copy the drawing to the selected tiles, or to all. @param {boolean} selection */
  copy(selection) {
    const { meant } = this;
    const { tiles, chosen, order, room } = this.model;
    const targets = (selection ? order.filter((id) => chosen.has(id)) : [...tiles.keys()]).filter((id) => id !== meant);
    for (const act of copiesOf(this.of(meant), targets, COPY_MOST)) room.set(act, 'draw-copy');
    announce(t('draw.copied', { n: targets.length }));
  }

  /** Hide the drawing, or show it again. @param {number|null} [tile] */
  show(tile = this.meant) {
    if (tile !== null) this.model.room.set([[`tile/${tile}/undrawn`, this.hidden(tile) ? null : true]], this.hidden(tile) ? 'draw-show' : 'draw-hide');
  }

  /** Take away the whole drawing. */
  remove() {
    const { meant } = this;
    this.model.room.set(this.of(meant).map(([name]) => [`drawing/${meant}/${name}`, null]), 'erase');
  }

  /** @param {'svg'|'png'} kind */
  async save(kind) {
    const tile = this.meant === null ? undefined : this.model.tiles.get(this.meant);
    if (!tile) return;
    const shapes = this.of(tile.id).map(([, shape]) => shape);
    const size = { width: tile.width || 1024, height: tile.height || 768 };
    if (kind === 'svg') return saveFile(new Blob([svgOf(shapes, size, tile.title)], { type: 'image/svg+xml' }), fileName(tile.title, 'svg'));
    const picture = await this.connection.snapshot(tile.id);
    const blob = await pngOf(picture, shapes, size);
    picture?.close();
    if (blob) saveFile(blob, fileName(tile.title, 'png'));
  }
}
