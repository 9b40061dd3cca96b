/**
 * The sheet over a tile's picture on which one draws: it follows the picture, wherever the camera takes it, turned as that is.
 *
 * @typedef {import('./shapes.js').Shape} Shape
 * @typedef {import('./shapes.js').Point} Point
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {object} Hand
 * @property {() => {shapes: Shape[], cross: Point|null}} shapes  what lies on the sheet now
 * @property {() => unknown[]} state  while none of these is another, what lies on the sheet is the same
 * @property {() => import('./wall-turn.js').Rotation} rotation   of the tile on the wall
 * @property {(point: Point) => void} down
 * @property {(point: Point) => void} move
 * @property {(yes: boolean) => void} up   not `yes`: the touch was taken away
 * @property {(event: KeyboardEvent) => void} key
 */

import { byId, make } from './dom.js';
import { drawShapes, FULL, textSize, toBox } from './shapes.js';
import { t } from './text.js';
import { turned, uprightAt } from './wall-turn.js';

const CROSS_PX = 9;
const BLACK = '#000000';

export class DrawLayer {
  #canvas = make('canvas', { tabindex: '-1', role: 'application' });
  #element = make('div', { class: 'draw-layer', hidden: '' }, this.#canvas);
  /** @type {number|null} */ #tile = null;
  /** @type {Rect} of the window */ #box = { x: 0, y: 0, width: 1, height: 1 };
  /** @type {unknown[]} */ #drawn = [];
  #frame = 0;
  /** @type {number|null} the pointer that draws */ #pointer = null;

  /** @param {import('./stage.js').Stage} stage @param {() => number|null} opened @param {Hand} hand */
  constructor(stage, opened, hand) {
    this.stage = stage;
    this.opened = opened;
    this.hand = hand;
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      event.stopPropagation();
      if (event.button !== 0 || this.#pointer !== null) return;
      canvas.setPointerCapture(event.pointerId);
      this.#pointer = event.pointerId;
      hand.down(this.#pointOf(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      event.stopPropagation();
      if (event.pointerId !== this.#pointer) return;
      const all = event.getCoalescedEvents();
      for (const each of all.length > 0 ? all : [event]) hand.move(this.#pointOf(each));
    });
    const up = (/** @type {PointerEvent} */ event) => {
      event.stopPropagation();
      if (event.pointerId !== this.#pointer) return;
      this.#pointer = null;
      hand.up(event.type === 'pointerup');
    };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('keydown', hand.key);
    for (const type of ['mousedown', 'click']) this.#element.addEventListener(type, (event) => event.stopPropagation());
    // The view moves under the sheet as ever.
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (opened() === null) stage.element.dispatchEvent(new WheelEvent('wheel', event));
    }, { passive: false });
  }

  /** Lie over a tile, or nowhere; with a name one draws on it, else it only shows. @param {number|null} tile @param {string|null} name */
  show(tile, name) {
    this.#tile = tile;
    this.#element.hidden = tile === null;
    this.#element.classList.toggle('drawing', name !== null);
    this.#canvas.tabIndex = name === null ? -1 : 0;
    if (name === null) this.#canvas.setAttribute('aria-hidden', 'true');
    else this.#canvas.removeAttribute('aria-hidden');
    this.#canvas.setAttribute('aria-label', name ?? '');
    const host = this.opened() === null ? this.stage.element : byId('focus', HTMLElement);
    if (tile !== null && this.#element.parentElement !== host) host.append(this.#element);
    if (tile !== null && this.#frame === 0) this.#follow();
  }

  focus() {
    this.#canvas.focus({ preventScroll: true });
  }

  /** Return the size of the picture as it is shown, upright. @returns {Rect} */
  upright() {
    const { width, height } = this.#box;
    return this.#rotation % 180 === 0 ? { x: 0, y: 0, width, height } : { x: 0, y: 0, width: height, height: width };
  }

  get #rotation() {
    return this.opened() === null ? this.hand.rotation() : 0;
  }

  /** @param {{clientX: number, clientY: number}} event @returns {Point} */
  #pointOf({ clientX, clientY }) {
    const { x, y, width, height } = this.#box;
    const within = (/** @type {number} */ at) => Math.max(0, Math.min(1, at));
    const [u, v] = uprightAt(within((clientX - x) / width), within((clientY - y) / height), this.#rotation);
    return [Math.round(u * FULL), Math.round(v * FULL)];
  }

  /** Return where the picture is in the window. @returns {Rect|null} */
  #place() {
    if (this.#tile === null) return null;
    if (this.opened() === null) return this.stage.rectOf(this.#tile);
    const shown = [...document.querySelectorAll('#focus .remote canvas, #focus .still')].findLast((each) => each.clientWidth > 0);
    return shown instanceof HTMLCanvasElement ? contained(shown.getBoundingClientRect(), shown) : null;
  }

  #follow() {
    this.#frame = 0;
    if (this.#tile === null) return;
    this.#frame = requestAnimationFrame(() => this.#follow());
    const place = this.#place();
    this.#canvas.hidden = !place || place.width < 1;
    if (!place || place.width < 1) return;
    this.#box = { x: place.x, y: place.y, width: place.width, height: place.height };
    const of = [...Object.values(this.#box), devicePixelRatio, this.#rotation, this.#tile, this.#element.parentElement, ...this.hand.state()];
    if (of.every((each, i) => each === this.#drawn[i])) return;
    this.#drawn = of;
    const { shapes, cross } = this.hand.shapes();
    this.#paint(shapes, cross);
  }

  /** @param {Shape[]} shapes @param {Point|null} cross */
  #paint(shapes, cross) {
    const { left, top } = /** @type {HTMLElement} */ (this.#element.parentElement).getBoundingClientRect();
    const { x, y, width, height } = this.#box;
    const { style } = this.#element;
    Object.assign(style, { left: `${x - left}px`, top: `${y - top}px`, width: `${width}px`, height: `${height}px` });
    const ratio = devicePixelRatio;
    const box = { x: 0, y: 0, width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
    this.#canvas.width = box.width;
    this.#canvas.height = box.height;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    turned(/** @type {any} */ (context), box, this.#rotation, (upright) => {
      drawShapes(context, shapes, upright, ratio);
      if (cross) drawCross(context, toBox(cross, upright), CROSS_PX * ratio, ratio);
    });
  }

  /** Ask for a text that stands at a point. @param {Point} point @param {{colour: string, width: number}} pen @param {(text: string) => void} done */
  ask(point, pen, done) {
    const field = make('input', { class: `draw-text ${pen.colour === BLACK ? 'on-page' : ''}`, type: 'text', maxlength: '200', 'aria-label': t('draw.words') });
    const { style } = field;
    const { width, height } = this.#box;
    const [u, v] = uprightAt(point[0] / FULL, point[1] / FULL, (360 - this.#rotation) % 360); // turned back: where the point is seen
    const size = Math.max(13, textSize({ kind: 'text', points: [point], ...pen }, this.upright()));
    Object.assign(style, { left: `${Math.min(u * width, width - 100)}px`, top: `${Math.min(v * height, height - size)}px`, fontSize: `${size}px`, color: pen.colour });
    let open = true;
    const end = (/** @type {boolean} */ yes) => {
      if (!open) return;
      open = false;
      const text = field.value.trim();
      field.remove();
      if (yes && text !== '') done(text);
    };
    field.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      event.preventDefault();
      end(event.key === 'Enter');
      this.focus();
    });
    field.addEventListener('blur', () => end(true));
    for (const type of ['pointerdown', 'pointerup']) field.addEventListener(type, (event) => event.stopPropagation());
    this.#element.append(field);
    setTimeout(() => field.focus()); // after the press that asks has given the sheet the keyboard
  }
}

/** Return where a picture lies that is fitted into a place whole (object-fit: contain). @param {Rect} place @param {{width: number, height: number}} size @returns {Rect} */
function contained({ x, y, width, height }, size) {
  const scale = Math.min(width / size.width, height / size.height);
  const [across, down] = [size.width * scale, size.height * scale];
  return { x: x + (width - across) / 2, y: y + (height - down) / 2, width: across, height: down };
}

/** @param {CanvasRenderingContext2D} context @param {Point} at @param {number} reach @param {number} ratio */
function drawCross(context, [x, y], reach, ratio) {
  for (const [colour, width] of /** @type {[string, number][]} */ ([['#000000', 4], ['#ffffff', 2]])) {
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.beginPath();
    context.moveTo(x - reach, y);
    context.lineTo(x + reach, y);
    context.moveTo(x, y - reach);
    context.lineTo(x, y + reach);
    context.stroke();
  }
}
