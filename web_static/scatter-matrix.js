/** The scatter matrix: each two of the first axes against each other; a rectangle in a cell brushes both of its columns. */

import { AxisHead } from './axis-head.js';
import { brushWords } from './axis-strip.js';
import { brushOf, spansOf } from './brush-drag.js';
import { draggedFrame, frameOf, keyedFrame } from './brush-rect.js';
import { make } from './dom.js';
import { inCell, placeIn, ScatterPaint } from './scatter-paint.js';
import { t } from './text.js';

/** @typedef {import('./views-types.js').Shown} Shown */
/** @typedef {import('./brush-rect.js').Frame} Frame */

export const AXES_MOST = 6;
const GAP_PX = 4;
const LEAST_PX = 74; // of a cell
const MOST_PX = 230;
const PAD_PX = 36;
const REACH_PX = 7;
const STEP = 0.02;
const REST_MS = 500; // after the last key, before it is an act

export class ScatterMatrix {
  #paint = new ScatterPaint();
  #plane = make('div', { class: 'plane' });
  #more = make('p', { class: 'about' });
  element = make('div', { class: 'plot matrix', tabindex: '-1' }, this.#plane, this.#more);
  /** @type {{pair: [number, number], cell: import('./scatter-paint.js').Cell}[]} */ #cells = [];
  /** @type {Map<string, AxisHead>} */ #heads = new Map();
  /** @type {Map<string, HTMLButtonElement>} */ #buttons = new Map();
  /** @type {Shown|null} */ #shown = null;
  /** @type {{pair: [number, number], frame: Frame|null}|null} what keys made, and is no act yet */ #waiting = null;
  #timer = 0;

  /** @param {import('./views-types.js').Host} host */
  constructor(host) {
    this.host = host;
    for (const canvas of [this.#paint.canvas, this.#paint.over]) canvas.setAttribute('aria-hidden', 'true');
    this.#plane.append(this.#paint.canvas, this.#paint.over);
  }

  /** @param {Shown} shown */
  show(shown) {
    const count = Math.min(AXES_MOST, shown.linked.axes.length);
    const room = Math.min(this.element.clientWidth, Math.max(this.element.clientHeight, this.element.clientWidth * 0.6)) - PAD_PX;
    const size = Math.max(LEAST_PX, Math.min(MOST_PX, Math.floor(room / Math.max(1, count)) - GAP_PX));
    const at = (/** @type {number} */ i) => i * (size + GAP_PX);
    this.#plane.style.setProperty('width', `${at(count)}px`);
    this.#plane.style.setProperty('height', `${at(count)}px`);
    this.#plane.style.setProperty('--size', `${size}px`);
    this.#paint.layout(at(count), shown.ratio);
    this.#cells = [];
    /** @type {HTMLElement[]} */
    const wanted = [];
    for (let row = 0; row < count; row += 1) {
      const { by } = shown.linked.axes[row].axis;
      const head = this.#heads.get(by) ?? new AxisHead(this.host, by);
      this.#heads.set(by, head);
      stand(head.element, at(row), at(row));
      wanted.push(head.element);
      for (let column = 0; column < row; column += 1) {
        this.#cells.push({ pair: [column, row], cell: { x: at(column), y: at(row), size } });
        const button = this.#buttonOf(`${column} ${row}`);
        stand(button, at(column), at(row));
        wanted.push(button);
      }
    }
    const held = document.activeElement;
    const there = [...this.#plane.querySelectorAll(':scope > button')];
    if (there.length !== wanted.length || there.some((each, i) => each !== wanted[i])) {
      for (const each of there) each.remove();
      for (const each of this.#plane.querySelectorAll('.popover')) if (!wanted.includes(/** @type {HTMLElement} */ (each.previousElementSibling))) each.remove();
      this.#plane.append(...wanted);
      if (held instanceof HTMLElement && held !== document.activeElement && this.#plane.contains(held)) held.focus({ preventScroll: true });
    }
    const rest = shown.linked.axes.length - count;
    this.#more.textContent = rest > 0 ? t('views.matrix-more', { n: count }) : '';
    this.paint(shown);
  }

  /** Return the spans of the brushes of two axes. @param {[number, number]} pair */
  #spansOf(pair) {
    const { linked, brushes } = /** @type {Shown} */ (this.#shown);
    const [x, y] = pair.map((i) => spansOf(brushes.get(linked.axes[i].axis.by), linked.axes[i].column, linked.axes[i].scale));
    return { x, y };
  }

  /** @param {[number, number]} pair */
  #frameOf(pair) {
    const { x, y } = this.#spansOf(pair);
    return frameOf(x, y);
  }

  /** @param {Shown} shown */
  paint(shown) {
    this.#shown = shown;
    this.#paint.paint(shown, this.#cells);
    const { axes } = shown.linked;
    for (const { pair: [x, y], cell } of this.#cells) {
      const button = this.#buttonOf(`${x} ${y}`);
      const spans = this.#spansOf([x, y]);
      const said = [axes[x], axes[y]].flatMap(({ axis, column }) => {
        const words = brushWords(shown.brushes.get(axis.by));
        return words ? [`${column.label} ${words}`] : [];
      });
      const label = [t('views.cell', { x: axes[x].column.label, y: axes[y].column.label }), ...said].join(', ');
      if (button.getAttribute('aria-label') !== label) button.setAttribute('aria-label', label);
      button.title = shown.may ? t('views.cell-keys') : '';
      button.classList.toggle('may', shown.may);
      frames(button, spans, cell.size);
    }
    for (const along of axes.slice(0, AXES_MOST)) this.#heads.get(along.axis.by)?.show(along, brushWords(shown.brushes.get(along.axis.by)));
    this.light(shown);
  }

  /** @param {Shown} shown */
  light(shown) {
    this.#shown = shown;
    this.#paint.light(shown, this.#cells);
  }

  // ------------------------------------------------------------------ brushing

  /** @param {string} name */
  #buttonOf(name) {
    let button = this.#buttons.get(name);
    if (!button) {
      const pair = /** @type {[number, number]} */ (name.split(' ').map(Number));
      button = make('button', { type: 'button', class: 'cell' });
      button.addEventListener('pointerdown', (event) => this.#press(event, pair));
      button.addEventListener('keydown', (event) => this.#key(event, pair));
      button.addEventListener('focusout', () => this.#settle());
      this.#buttons.set(name, button);
    }
    return button;
  }

  /** @param {[number, number]} pair @param {Frame|null} frame @param {boolean} done */
  #brush(pair, frame, done) {
    if (!this.#shown) return;
    const { axes } = this.#shown.linked;
    const of = (/** @type {'x'|'y'} */ way, /** @type {number} */ at) => {
      const { axis, column, scale } = axes[at];
      const span = frame?.[way];
      const whole = span && span[0] <= 0 && span[1] >= 1;
      return /** @type {[string, import('./brushing.js').Brush|null]} */ ([axis.by, span && !whole ? brushOf([span], column, scale) : null]);
    };
    this.host.brush(new Map([of('x', pair[0]), of('y', pair[1])]), done);
  }

  /** @param {PointerEvent} event @param {[number, number]} pair */
  #press(event, pair) {
    if (!this.#shown?.may || event.button !== 0) return;
    this.#settle();
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.setPointerCapture(event.pointerId);
    const placeOf = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const { left, bottom, width } = button.getBoundingClientRect();
      return { x: placeIn(clientX - left, width), y: placeIn(bottom - clientY, width) };
    };
    const before = this.#frameOf(pair);
    const from = placeOf(event);
    const reach = REACH_PX / button.clientWidth;
    const made = (/** @type {PointerEvent} */ at) => draggedFrame(before, from, placeOf(at), { x: reach, y: reach });
    let moved = false;
    const done = new AbortController();
    const { signal } = done;
    const over = (/** @type {PointerEvent|null} */ at) => {
      done.abort();
      if (!at) this.host.cancel();
      else if (moved || made(at) === null) this.#brush(pair, made(at), true);
    };
    button.addEventListener('pointermove', (at) => {
      moved ||= Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) > 3;
      if (moved) this.#brush(pair, made(at), false);
    }, { signal });
    button.addEventListener('pointerup', (at) => over(at), { signal });
    button.addEventListener('pointercancel', () => over(null), { signal });
    addEventListener('keydown', (key) => {
      if (key.key !== 'Escape') return;
      key.preventDefault();
      key.stopPropagation();
      over(null);
    }, { signal, capture: true });
  }

  /** @param {KeyboardEvent} event @param {[number, number]} pair */
  #key(event, pair) {
    if (!this.#shown?.may || event.ctrlKey || event.metaKey || event.altKey) return;
    const frame = keyedFrame(this.#waiting?.frame ?? this.#frameOf(pair), event.key, event.shiftKey, STEP);
    if (frame === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#waiting = { pair, frame };
    clearTimeout(this.#timer);
    if (!event.key.startsWith('Arrow')) return this.#settle();
    this.#brush(pair, frame, false);
    this.#timer = setTimeout(() => this.#settle(), REST_MS);
  }

  #settle() {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.#brush(waiting.pair, waiting.frame, true);
  }
}

/** @param {HTMLElement} element @param {number} x @param {number} y */
function stand(element, x, y) {
  element.style.setProperty('left', `${x}px`);
  element.style.setProperty('top', `${y}px`);
}

/** Show what two brushes take of a cell: where both do, rectangles. @param {HTMLElement} button @param {{x: import('./brush-drag.js').Span[], y: import('./brush-drag.js').Span[]}} spans @param {number} size */
function frames(button, { x, y }, size) {
  const whole = /** @type {import('./brush-drag.js').Span[]} */ ([[0, 1]]);
  const all = x.length + y.length === 0 ? [] : (x.length > 0 ? x : whole).flatMap((across) => (y.length > 0 ? y : whole).map((up) => ({ across, up })));
  while (button.children.length > all.length) button.lastElementChild?.remove();
  all.forEach(({ across, up }, i) => {
    const { style } = /** @type {HTMLElement} */ (button.children[i] ?? button.appendChild(make('span', { class: 'frame' })));
    style.setProperty('left', `${inCell(across[0], size)}px`);
    style.setProperty('bottom', `${inCell(up[0], size)}px`);
    style.setProperty('width', `${inCell(across[1], size) - inCell(across[0], size)}px`);
    style.setProperty('height', `${inCell(up[1], size) - inCell(up[0], size)}px`);
  });
}
