/** Histograms: how many members have which value, column by column; those that pass the brushes over all. */

import { AxisHead } from './axis-head.js';
import { AxisStrip, brushWords } from './axis-strip.js';
import { make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./views-types.js').Shown} Shown */
/** @typedef {import('./linked.js').Along} Along */

const BARS = 32;
const WORDS_MOST = 64; // more are counted several in a bar
const HEIGHT_PX = 64;
const NONE_PX = 14; // at the end, for those without a value

/**
 * Return how many members stand in each bar, of all, of those that pass and of some; the last is of those without a place. Pure.
 * @param {Along} along @param {Uint16Array} fails by member @param {number[]} selected
 */
export function countsOf({ column, places }, fails, selected) {
  const bars = column.kind === 'words' ? Math.max(1, Math.min(WORDS_MOST, column.words.length)) : BARS;
  const barOf = (/** @type {number} */ place) => (Number.isNaN(place) ? bars : Math.max(0, Math.min(bars - 1, Math.floor(place * bars))));
  const [all, passing, chosen] = [0, 1, 2].map(() => new Uint32Array(bars + 1));
  for (let member = 0; member < places.length; member += 1) {
    const bar = barOf(places[member]);
    all[bar] += 1;
    if (fails[member] === 0) passing[bar] += 1;
  }
  for (const member of selected) chosen[barOf(places[member])] += 1;
  return { bars, all, passing, chosen };
}

export class Histograms {
  element = make('div', { class: 'plot histograms', tabindex: '-1' });
  /** @type {Map<string, {element: HTMLElement, head: AxisHead, strip: AxisStrip, canvas: HTMLCanvasElement}>} */ #cards = new Map();

  /** @param {import('./views-types.js').Host} host */
  constructor(host) {
    this.host = host;
  }

  /** @param {string} by */
  #cardOf(by) {
    let card = this.#cards.get(by);
    if (!card) {
      const head = new AxisHead(this.host, by);
      const canvas = make('canvas', { 'aria-hidden': 'true' });
      const strip = new AxisStrip((brush, done) => this.host.brush(new Map([[by, brush]]), done), { horizontal: true, cancel: () => this.host.cancel() });
      card = { element: make('div', { class: 'card', role: 'group' }, head.element, make('div', { class: 'bars' }, canvas, strip.element)), head, strip, canvas };
      this.#cards.set(by, card);
    }
    return card;
  }

  /** @param {Shown} shown */
  show(shown) {
    const { axes } = shown.linked;
    const held = document.activeElement;
    const wanted = axes.map(({ axis: { by } }) => this.#cardOf(by).element);
    if (this.element.children.length !== wanted.length || wanted.some((each, i) => this.element.children[i] !== each)) {
      this.element.replaceChildren(...wanted);
      if (held instanceof HTMLElement && held !== document.activeElement && this.element.contains(held)) held.focus({ preventScroll: true });
    }
    axes.forEach(({ column }, i) => wanted[i].setAttribute('aria-label', column.label));
    this.paint(shown);
  }

  /** @param {Shown} shown */
  paint(shown) {
    const { linked, brushes, may } = shown;
    for (const along of linked.axes) {
      const { head, strip } = this.#cardOf(along.axis.by);
      const brush = brushes.get(along.axis.by) ?? null;
      const held = strip.element.contains(document.activeElement);
      strip.show(along, brush, may);
      head.show(along, brushWords(brush));
      if (held && document.activeElement === document.body) head.element.focus({ preventScroll: true });
    }
    this.light(shown);
  }

  /** @param {Shown} shown */
  light(shown) {
    for (const along of shown.linked.axes) draw(this.#cardOf(along.axis.by).canvas, along, shown);
  }
}

/** @param {HTMLCanvasElement} canvas @param {Along} along @param {Shown} shown */
function draw(canvas, along, { linked, selected, looked, colours, ratio }) {
  const { fails } = linked.brushing;
  const { bars, all, passing, chosen } = countsOf(along, fails, selected);
  const wide = canvas.parentElement?.clientWidth ?? 0;
  const [width, height] = [Math.round(wide * ratio), Math.round(HEIGHT_PX * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, HEIGHT_PX);
  const inner = wide - 2 * NONE_PX;
  const step = inner / bars;
  const most = all.reduce((a, b) => Math.max(a, b), 1);
  for (const [counts, colour, opacity] of /** @type {const} */ ([[all, colours.rest, linked.brushing.brushed ? 0.35 : 0.6], [passing, colours.line, linked.brushing.brushed ? 1 : 0.45], [chosen, colours.accent, 1]])) {
    context.fillStyle = colour;
    context.globalAlpha = opacity;
    counts.forEach((count, bar) => {
      if (count === 0) return;
      const tall = Math.max(2, (count / most) * (HEIGHT_PX - 4));
      if (bar === bars) context.fillRect(wide - NONE_PX + 5, HEIGHT_PX - tall, NONE_PX - 5, tall);
      else context.fillRect(NONE_PX + bar * step + 0.5, HEIGHT_PX - tall, Math.max(1, step - 1), tall);
    });
  }
  context.globalAlpha = 1;
  context.fillStyle = colours.text;
  for (const member of looked) {
    const place = along.places[member];
    context.fillRect((Number.isNaN(place) ? wide - NONE_PX / 2 + 2 : NONE_PX + place * inner) - 1, 0, 2, HEIGHT_PX);
  }
  canvas.title = all[bars] > 0 ? t('views.told-missing', { n: all[bars] }) : '';
}
