/** Parallel coordinates: an axis for each column, side by side, and a line for each member. */

import { AxisHead } from './axis-head.js';
import { AxisStrip, brushWords } from './axis-strip.js';
import { make } from './dom.js';
import { HEIGHT, ROWS } from './density.js';
import { ParallelPaint } from './parallel-paint.js';
import { t } from './text.js';

/** @typedef {import('./views-types.js').Shown} Shown */

const LEAST_PX = 88; // from axis to axis
const SIDE_PX = 66; // beside the first and the last: half of a name
const TOP_PX = 46; // for the names
const BOTTOM_PX = 12;
const LEAST_HEIGHT_PX = 120;

export class Parallel {
  #paint = new ParallelPaint();
  #plane = make('div', { class: 'plane' });
  #none = make('span', { class: 'none', 'aria-hidden': 'true' }, t('views.none'));
  element = make('div', { class: 'plot parallel', tabindex: '-1' }, this.#plane);
  /** @type {Map<string, {element: HTMLElement, head: AxisHead, strip: AxisStrip}>} */ #axes = new Map();
  /** @type {number[]} */ #xs = [];

  /** @param {import('./views-types.js').Host} host */
  constructor(host) {
    this.host = host;
    for (const canvas of [this.#paint.canvas, this.#paint.over]) canvas.setAttribute('aria-hidden', 'true');
    this.#plane.append(this.#paint.canvas, this.#paint.over, this.#none);
  }

  /** @param {string} by */
  #axisOf(by) {
    let axis = this.#axes.get(by);
    if (!axis) {
      const head = new AxisHead(this.host, by, { along: (x) => this.#nearest(x) });
      const strip = new AxisStrip((brush, done) => this.host.brush(new Map([[by, brush]]), done), { cancel: () => this.host.cancel() });
      axis = { element: make('div', { class: 'axis', role: 'group' }, head.element, strip.element), head, strip };
      this.#axes.set(by, axis);
    }
    return axis;
  }

  /** Return the place among the axes of something at this x of the window. @param {number} x */
  #nearest(x) {
    const { left } = this.#plane.getBoundingClientRect();
    const away = this.#xs.map((each) => Math.abs(each + left - x));
    return away.indexOf(Math.min(...away));
  }

  /** @param {Shown} shown */
  show(shown) {
    const { linked, colours, ratio } = shown;
    const { axes } = linked;
    const { clientWidth, clientHeight } = this.element;
    const gap = Math.max(LEAST_PX, (clientWidth - 2 * SIDE_PX) / Math.max(1, axes.length - 1));
    const width = Math.max(clientWidth, 2 * SIDE_PX + gap * (axes.length - 1));
    const height = Math.max(clientHeight - (width > clientWidth ? 12 : 0), LEAST_HEIGHT_PX);
    const bottom = TOP_PX + ((height - TOP_PX - BOTTOM_PX) * ROWS) / HEIGHT;
    this.#xs = axes.map((_, i) => (axes.length === 1 ? width / 2 : SIDE_PX + i * gap));
    const { style } = this.#plane;
    style.setProperty('width', `${width}px`);
    style.setProperty('height', `${height}px`);
    style.setProperty('--top', `${TOP_PX}px`);
    style.setProperty('--long', `${bottom - TOP_PX}px`);
    style.setProperty('--gap', `${gap}px`);
    this.#paint.theme(colours);
    this.#paint.layout({ width, height, ratio, xs: this.#xs, top: TOP_PX, bottom });
    this.#none.style.setProperty('top', `${this.#paint.noneAt}px`);
    this.#none.hidden = axes.every(({ places }) => !places.some(Number.isNaN));
    this.#place(linked);
    this.paint(shown);
  }

  /** Put the axes where they belong; what has the keyboard keeps it. @param {import('./linked.js').Linked} linked */
  #place({ axes }) {
    const held = document.activeElement;
    const wanted = axes.map(({ axis: { by } }) => this.#axisOf(by).element);
    const there = [...this.#plane.querySelectorAll(':scope > .axis')];
    if (there.length !== wanted.length || there.some((each, i) => each !== wanted[i])) {
      for (const each of there) each.remove();
      this.#plane.append(...wanted);
      if (held instanceof HTMLElement && held !== document.activeElement && this.#plane.contains(held)) held.focus({ preventScroll: true });
    }
    for (const by of [...this.#axes.keys()]) if (!axes.some(({ axis }) => axis.by === by)) this.#axes.delete(by);
    wanted.forEach((element, i) => {
      element.style.setProperty('left', `${this.#xs[i]}px`);
      element.setAttribute('aria-label', axes[i].column.label);
    });
  }

  /** @param {Shown} shown */
  paint(shown) {
    const { linked, brushes, may, colourOf } = shown;
    this.#paint.paint(linked, colourOf);
    for (const along of linked.axes) {
      const { head, strip } = this.#axisOf(along.axis.by);
      const brush = brushes.get(along.axis.by) ?? null;
      const held = strip.element.contains(document.activeElement);
      strip.show(along, brush, may);
      head.show(along, brushWords(brush));
      if (held && document.activeElement === document.body) head.element.focus({ preventScroll: true });
    }
    this.light(shown);
  }

  /** @param {Shown} shown */
  light({ linked, selected, looked }) {
    this.#paint.light(linked, selected, looked);
  }
}
