/** What stands over the pictures that are compared: their titles, the divider; and the hands that move both. */

import { STRIP_PX, dividerAt } from './compare-geometry.js';
import { make, setText } from './dom.js';
import { localeOf, t } from './text.js';

const NEAR_PX = 22; // of the divider: a hand there takes it
const LINE_PX = 33; // wheel steps that count lines or pages, in pixels
const WHEEL_ZOOM = 0.0016; // natural logarithm of the zoom per pixel
const PINCH_ZOOM = 0.01;

/**
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {{x: number, y: number}} Point
 * @typedef {object} Does
 * @property {(dx: number, dy: number, at: Point) => void} pan
 * @property {(factor: number, at: Point) => void} zoom
 * @property {(divider: number, rests: boolean) => void} divide
 */

export class CompareView {
  #divider = make('div', { class: 'divider', role: 'slider', tabindex: '0', 'aria-label': t('compare.divider'), 'aria-valuemin': '0', 'aria-valuemax': '100' });
  #titles = make('div', { class: 'titles' });
  element = make('div', { class: 'compare-view' }, this.#titles, this.#divider);
  /** @type {Rect|null} what is seen of the picture that the divider parts */ #parted = null;
  #at = 0.5;
  /** @type {Map<number, Point>} fingers and buttons that are down */ #down = new Map();
  #dividing = false;

  /** @param {Does} does */
  constructor(does) {
    this.does = does;
    const { element } = this;
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    element.addEventListener('pointerdown', (event) => this.#press(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) element.addEventListener(type, (event) => this.#release(event));
  }

  /**
   * @param {import('./compare-layers.js').Panel[]} panels @param {(tiles: number[]) => string[]} words of the titles above a panel
   * @param {{rect: Rect, divider: number}|null} parted
   */
  show(panels, words, parted) {
    while (this.#titles.children.length > panels.length) this.#titles.lastElementChild?.remove();
    panels.forEach(({ tiles, panel }, i) => {
      const title = this.#titles.children[i] ?? this.#titles.appendChild(make('p', {}));
      const said = words(tiles);
      while (title.children.length > said.length) title.lastElementChild?.remove();
      said.forEach((text, j) => setText(title.children[j] ?? title.appendChild(make('span', {})), text));
      if (title instanceof HTMLElement) put(title, { ...panel, y: panel.y - STRIP_PX, height: STRIP_PX });
    });
    this.#parted = parted && parted.rect;
    this.#divider.hidden = parted === null;
    if (!parted) return;
    const { rect, divider } = parted;
    this.#at = divider;
    put(this.#divider, { ...rect, x: rect.x + rect.width * divider, width: 0 });
    this.#divider.setAttribute('aria-valuenow', String(Math.round(divider * 100)));
    this.#divider.setAttribute('aria-valuetext', divider.toLocaleString(localeOf(), { style: 'percent', maximumFractionDigits: 0 }));
  }

  /** @param {MouseEvent} event @returns {Point} */
  #point({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    const at = this.#point(event);
    if (event.shiftKey) return this.does.pan(-event.deltaX * unit, -event.deltaY * unit, at);
    const speed = event.ctrlKey && Math.abs(event.deltaY) < 50 ? PINCH_ZOOM : WHEEL_ZOOM;
    this.does.zoom(Math.exp(-event.deltaY * unit * speed), at);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button > 1) return;
    const at = this.#point(event);
    this.element.setPointerCapture(event.pointerId);
    if (this.#down.size === 0) {
      const rect = this.#parted;
      this.#dividing = rect !== null && event.button === 0 && Math.abs(at.x - rect.x - rect.width * this.#at) <= NEAR_PX;
    } else {
      this.#endDividing(); // a second finger: they zoom
    }
    this.#down.set(event.pointerId, at);
    this.element.classList.toggle('dividing', this.#dividing);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#down.get(event.pointerId);
    if (!before) return;
    const at = this.#point(event);
    const other = [...this.#down].find(([pointer]) => pointer !== event.pointerId)?.[1];
    this.#down.set(event.pointerId, at);
    if (other) {
      const [far, near] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(at.x - other.x, at.y - other.y)];
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      this.does.pan((at.x - before.x) / 2, (at.y - before.y) / 2, middle);
      if (far > 0 && near > 0) this.does.zoom(near / far, middle);
    } else if (this.#dividing && this.#parted) this.does.divide(dividerAt(this.#parted, at.x), false);
    else this.does.pan(at.x - before.x, at.y - before.y, at);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    this.#down.delete(event.pointerId);
    this.#endDividing();
  }

  #endDividing() {
    if (!this.#dividing) return;
    this.#dividing = false;
    this.element.classList.remove('dividing');
    this.does.divide(this.#at, true);
  }
}

/** @param {HTMLElement} element @param {Rect} rect */
function put({ style }, { x, y, width, height }) {
  style.transform = `translate(${x}px, ${y}px)`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}
