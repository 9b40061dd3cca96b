/** The bar of a comparison: the ways to compare, what each of them can be told, how close one looks. */

import { RATES, WAYS } from './compare-state.js';
import { DifferenceControls } from './difference-controls.js';
import { button, byId, make, setText } from './dom.js';
import { formatValue } from './format.js';
import { localeOf, t } from './text.js';

/**
 * @typedef {import('./compare-state.js').Compare} Compare
 * @typedef {object} Does
 * @property {() => void} leave
 * @property {(change: Partial<Compare>) => void} change  for good
 * @property {(change: Partial<Compare>) => void} try     while a hand moves it
 * @property {(place: 0|1, tile: number) => void} pair    another tile takes a place of the two
 * @property {() => void} swap
 * @property {() => void} play                            blinks, or stops
 * @property {() => void} next                            shows the next
 * @property {(factor: number|null) => void} zoom         null: all of it
 */

const PAIRED = ['overlay', 'swipe', 'difference']; // ways that show two

export class CompareBar {
  #title = make('h2', { id: 'compare-title', class: 'title' });
  #ways;
  #pair;
  #swap;
  #opacity;
  #rate;
  #play;
  #next;
  #blink;
  #difference;
  #close = make('output', {});
  #fit;
  element;

  /** Return what explains the colours of a difference. */
  get legend() {
    return this.#difference.legend;
  }

  /** @param {Does} does */
  constructor(does) {
    this.#ways = WAYS.map((way, i) => button(t(`compare.${way}`), () => does.change({ way }), { 'aria-pressed': 'false', title: `${t(`compare.${way}-title`)} ( ${i + 1} )` }));
    this.#pair = /** @type {const} */ ([0, 1]).map((place) => new Chooser((tile) => does.pair(place, tile)));
    this.#swap = button(t('compare.swap'), does.swap, { title: t('compare.swap-title') });
    this.#opacity = new Slider(t('compare.opacity'), { least: 0, most: 1, step: 0.01 }, percent, (opacity, rests) => (rests ? does.change : does.try)({ opacity }));
    this.#rate = new Slider(t('compare.rate'), { ...RATES, step: 0.25 }, (rate) => t('compare.per-second', { rate: formatValue(rate) }), (rate, rests) => (rests ? does.change : does.try)({ rate }));
    this.#play = button('', does.play, { title: t('compare.play-title') });
    this.#next = button(t('compare.next'), does.next);
    this.#blink = make('span', { class: 'group' }, this.#play, this.#next, this.#rate.element);
    this.#difference = new DifferenceControls(does.change);
    const tools = make('div', { class: 'compare-tools', role: 'group', 'aria-label': t('compare.tools') }, ...this.#pair.map(({ element }) => element), this.#swap, this.#opacity.element, this.#blink, this.#difference.element);
    this.#fit = button(t('bar.fit'), () => does.zoom(null), { title: t('compare.fit-title') });
    const zoom = make(
      'div',
      { class: 'compare-zoom', role: 'group', 'aria-label': t('bar.zoom') },
      button('−', () => does.zoom(1 / 1.4), { 'aria-label': t('bar.zoom-out') }),
      this.#close,
      button('+', () => does.zoom(1.4), { 'aria-label': t('bar.zoom-in') }),
      this.#fit,
    );
    const back = button(t('focus.wall'), does.leave, { 'aria-label': t('focus.back'), title: t('focus.back-title') });
    this.element = make('header', { class: 'bar compare-bar', 'aria-label': t('compare.title') }, back, this.#title, make('div', { class: 'ways', role: 'group', 'aria-label': t('compare.ways') }, ...this.#ways), tools, zoom);
    this.element.hidden = true;
    byId('bar', HTMLElement).after(this.element);
  }

  /** @param {Compare} compare @param {(tile: number) => string} titleOf @param {boolean} blinking */
  show(compare, titleOf, blinking) {
    const { way, tiles, pair, opacity, rate, kind, factor, at } = compare;
    setText(this.#title, t('compare.count', { n: tiles.length }));
    this.#ways.forEach((each, i) => each.setAttribute('aria-pressed', String(WAYS[i] === way)));
    const two = PAIRED.includes(way);
    this.#pair.forEach((chooser, place) => {
      chooser.element.hidden = !two || tiles.length === 2;
      if (two) chooser.show(t(`compare.${place === 0 ? 'first' : 'second'}-${/** @type {'overlay'|'swipe'|'difference'} */ (way)}`), tiles.map(titleOf), pair[place]);
    });
    this.#swap.hidden = !two;
    this.#opacity.element.hidden = way !== 'overlay';
    this.#opacity.show(opacity);
    this.#blink.hidden = way !== 'blink';
    setText(this.#play, t(blinking ? 'compare.stop' : 'compare.play'));
    this.#next.hidden = blinking;
    this.#rate.show(rate);
    this.#difference.element.hidden = this.legend.hidden = way !== 'difference';
    this.#difference.show(kind, factor);
    setText(this.#close, percent(at.zoom));
    this.#fit.disabled = at.zoom === 1;
  }
}

/** @param {number} share */
const percent = (share) => share.toLocaleString(localeOf(), { style: 'percent', maximumFractionDigits: 0 });

/** A choice among the tiles that are compared. */
class Chooser {
  #words = make('span', {});
  #select = make('select', {});
  element = make('label', { class: 'field' }, this.#words, make('span', { class: 'select' }, this.#select));

  /** @param {(tile: number) => void} choose by its place */
  constructor(choose) {
    this.#select.addEventListener('change', () => choose(this.#select.selectedIndex));
  }

  /** @param {string} words @param {string[]} titles @param {number} chosen */
  show(words, titles, chosen) {
    setText(this.#words, words);
    this.#select.setAttribute('aria-label', words); // what can be chosen is within the label too
    if ([...this.#select.options].map(({ text }) => text).join('\n') !== titles.join('\n')) this.#select.replaceChildren(...titles.map((title) => make('option', {}, title)));
    this.#select.selectedIndex = chosen;
  }
}

/** A number that one drags, with what it is in words. */
class Slider {
  #output = make('output', {});
  #input;
  element;

  /** @param {string} label @param {{least: number, most: number, step: number}} range @param {(value: number) => string} words @param {(value: number, rests: boolean) => void} change */
  constructor(label, { least, most, step }, words, change) {
    this.words = words;
    this.#input = make('input', { type: 'range', min: String(least), max: String(most), step: String(step), 'aria-label': label });
    this.#input.addEventListener('input', () => change(this.#input.valueAsNumber, false));
    this.#input.addEventListener('change', () => change(this.#input.valueAsNumber, true));
    this.element = make('label', { class: 'field' }, make('span', {}, label), this.#input, this.#output);
  }

  /** @param {number} value */
  show(value) {
    this.#input.value = String(value);
    this.#input.setAttribute('aria-valuetext', this.words(value));
    setText(this.#output, this.words(value));
  }
}
