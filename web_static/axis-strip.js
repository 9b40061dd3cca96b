/**
 * An axis that one brushes: ticks, the brush as things that a hand or the arrow keys move, and of words a switch for each.
 *
 * @typedef {import('./brushing.js').Brush} Brush
 * @typedef {import('./linked.js').Along} Along
 * @typedef {(brush: Brush|null, done: boolean) => void} OnBrush  done: it stands, and is no longer being drawn
 */

import { brushOf, dragged, gripAt, nudged, spansOf, toggledWord } from './brush-drag.js';
import { button, make } from './dom.js';
import { formatValue } from './format.js';
import { t } from './text.js';

const REACH_PX = 7; // around an end of a brush
const WORD_PX = 15; // that a switch of a word needs
const STEP = 0.01; // of the axis, by a key
const FAR = 0.1; // with Page keys
const REST_MS = 500; // after the last key, before it is an act
const KEYS = /** @type {Record<string, number>} */ ({ ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP, PageUp: FAR, PageDown: -FAR });

/** Return a word as people read it. @param {string} word */
export const wordLabel = (word) => (word === 'true' || word === 'false' ? formatValue(word === 'true') : word);

/** Return what a brush takes, in words. @param {Brush|null|undefined} brush */
export function brushWords(brush) {
  if (!brush) return '';
  if ('values' in brush) return brush.values.map(wordLabel).join(', ');
  const range = (/** @type {import('./brushing.js').Range} */ [low, high]) => {
    if (low === null) return high === null ? t('views.any-value') : t('views.up-to', { high: formatValue(high) });
    return high === null ? t('views.from-on', { low: formatValue(low) }) : t('views.from-to', { low: formatValue(low), high: formatValue(high) });
  };
  return brush.ranges.map(range).join(t('views.or'));
}

export class AxisStrip {
  element = make('div', { class: 'strip' });
  #ticks = make('div', { class: 'ticks' });
  #spans = make('div', { class: 'spans' });
  /** @type {Along|null} */ #along = null;
  /** @type {Brush|null} */ #brush = null;
  #may = false;
  #timer = 0;
  /** @type {Brush|null|undefined} what keys made, and is no act yet */ #waiting;
  #shown = '';

  /** @param {OnBrush} onBrush @param {{horizontal?: boolean, cancel: () => void}} how */
  constructor(onBrush, { horizontal = false, cancel }) {
    this.onBrush = onBrush;
    this.horizontal = horizontal;
    this.cancel = cancel;
    this.element.classList.toggle('across', horizontal);
    this.element.append(this.#ticks, this.#spans);
    this.element.addEventListener('pointerdown', (event) => this.#press(event));
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('focusout', () => this.#settle());
  }

  /** @param {Along} along @param {Brush|null} brush @param {boolean} may whether one may brush */
  show(along, brush, may) {
    this.#along = along;
    this.#brush = brush;
    this.#may = may;
    this.element.classList.toggle('may', may);
    this.#showTicks(along);
    const spans = spansOf(brush, along.column, along.scale);
    const words = along.column.kind === 'words';
    while (this.#spans.children.length > spans.length) this.#spans.lastElementChild?.remove();
    spans.forEach(([low, high], i) => {
      const span = /** @type {HTMLElement} */ (this.#spans.children[i] ?? this.#spans.appendChild(make('div', { class: 'span' })));
      span.style.setProperty('--low', String(low));
      span.style.setProperty('--high', String(high));
      if (words || !may) return void ['role', 'tabindex'].forEach((name) => span.removeAttribute(name));
      const range = brush && 'ranges' in brush ? brushWords({ ranges: [brush.ranges[i]] }) : '';
      const about = { role: 'slider', tabindex: '0', 'aria-label': t('views.brush-on', { what: along.column.label }), 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': String(Math.round(50 * (low + high))), 'aria-valuetext': range, 'aria-orientation': this.horizontal ? 'horizontal' : 'vertical', title: t('views.brush-keys') };
      for (const [name, value] of Object.entries(about)) if (span.getAttribute(name) !== value) span.setAttribute(name, value);
    });
  }

  /** @param {Along} along */
  #showTicks({ column, scale }) {
    const size = this.horizontal ? this.element.clientWidth : this.element.clientHeight;
    const all = scale.ticks();
    const switches = column.kind === 'words' && this.#may && all.length * (this.horizontal ? 4 * WORD_PX : WORD_PX) <= Math.max(size, WORD_PX);
    const thin = Math.max(1, Math.ceil((all.length * (this.horizontal ? 3 * WORD_PX : WORD_PX)) / Math.max(size, 1)));
    const taken = this.#brush && 'values' in this.#brush ? this.#brush.values : [];
    const key = JSON.stringify([column.by, column.words, column.low, column.high, all.map(({ place }) => place), switches, thin, taken]);
    if (key === this.#shown) return;
    const held = document.activeElement instanceof HTMLElement && this.#ticks.contains(document.activeElement) ? document.activeElement.dataset.word : undefined;
    this.#shown = key;
    const label = (/** @type {number} */ value) => (column.kind === 'words' ? wordLabel(column.words[value]) : formatValue(value));
    this.#ticks.replaceChildren(...all.filter((_, i) => switches || i % thin === 0).map(({ place, value }) => {
      const word = column.words[value];
      const tick = switches
        ? button(label(value), () => this.onBrush(toggledWord(this.#brush, word), true), { class: 'tick', 'aria-pressed': String(taken.includes(word)), 'data-word': word, 'aria-label': t('views.word', { what: column.label, word: label(value) }), title: label(value) })
        : make('span', { class: 'tick', 'aria-hidden': 'true' }, label(value));
      tick.style.setProperty('--at', String(place));
      return tick;
    }));
    if (held !== undefined) /** @type {HTMLElement|null} */ (this.#ticks.querySelector(`[data-word="${CSS.escape(held)}"]`))?.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------- by hand

  /** @param {PointerEvent} event */
  #placeOf({ clientX, clientY }) {
    const { left, bottom, width, height } = this.element.getBoundingClientRect();
    return this.horizontal ? (clientX - left) / width : (bottom - clientY) / height;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const along = this.#along;
    if (!along || !this.#may || event.button !== 0 || (event.target instanceof Element && event.target.closest('button'))) return;
    event.preventDefault();
    this.#settle();
    const { element } = this;
    element.setPointerCapture(event.pointerId);
    const size = this.horizontal ? element.clientWidth : element.clientHeight;
    const before = this.#brush;
    const spans = spansOf(before, along.column, along.scale);
    const from = this.#placeOf(event);
    const grip = along.column.kind === 'words' ? null : gripAt(spans, from, REACH_PX / Math.max(1, size));
    const made = (/** @type {PointerEvent} */ at) => brushOf(dragged(spans, grip, from, this.#placeOf(at), event.shiftKey), along.column, along.scale);
    let moved = false;
    const done = new AbortController();
    const over = (/** @type {PointerEvent|null} */ at) => {
      done.abort();
      if (at && moved) this.onBrush(made(at), true);
      else if (at && grip === null && !event.shiftKey) this.onBrush(along.column.kind === 'words' ? toggledWord(before, along.column.words[along.scale.value(from)]) : null, true);
      else this.cancel();
    };
    const { signal } = done;
    element.addEventListener('pointermove', (at) => {
      moved ||= Math.abs(this.#placeOf(at) - from) * size > 2;
      if (moved) this.onBrush(made(at), false);
    }, { signal });
    element.addEventListener('pointerup', (at) => over(at), { signal });
    element.addEventListener('pointercancel', () => over(null), { signal });
    addEventListener('keydown', (key) => {
      if (key.key !== 'Escape') return;
      key.preventDefault();
      key.stopPropagation();
      over(null);
    }, { signal, capture: true });
  }

  // ------------------------------------------------------------------- by keys

  /** @param {KeyboardEvent} event */
  #key(event) {
    const along = this.#along;
    const at = [...this.#spans.children].indexOf(/** @type {HTMLElement} */ (event.target));
    if (!along || !this.#may || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const spans = spansOf(this.#waiting === undefined ? this.#brush : this.#waiting, along.column, along.scale); // several keys may come within a frame
    const step = KEYS[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace') this.#wait(brushOf(spans.filter((_, i) => i !== at), along.column, along.scale), 0);
    else if (step !== undefined) this.#wait(brushOf(nudged(spans, at, step, event.shiftKey), along.column, along.scale), REST_MS);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Show a brush at once, and have it stand after a while. @param {Brush|null} brush @param {number} ms */
  #wait(brush, ms) {
    this.#waiting = brush;
    clearTimeout(this.#timer);
    if (ms === 0) return this.#settle();
    this.onBrush(brush, false);
    this.#timer = setTimeout(() => this.#settle(), ms);
  }

  #settle() {
    clearTimeout(this.#timer);
    const brush = this.#waiting;
    this.#waiting = undefined;
    if (brush !== undefined) this.onBrush(brush, true);
  }
}
