/**
 * The legend, beside the wall, and on a small screen over its lower left corner: what the colours mean, and which tags there are. It comes by itself with colours, until
 * somebody says otherwise (L).
 */

import { announce } from './announce.js';
import { colouringOf, termColour } from './colouring.js';
import { button, byId, make } from './dom.js';
import { formatCount, formatValue } from './format.js';
import { huesNow } from './hues.js';
import { gradientOf, placeOf, ticksOf } from './scales.js';
import * as acts from './tag-acts.js';
import { tagMark, tagWords } from './tag-mark.js';
import { tagsHere, valueBy } from './tags.js';
import { t } from './text.js';

const AFTER_MS = 150; // what changes on the wall is seen first: to make room for the legend lays all tiles out anew
const STORE = 'tiledviz.legend';
const NEAR = 0.25; // of the scale's length: ticks nearer than this to an end are left out

export class Legend {
  #element = make('aside', { id: 'legend', class: 'legend', 'aria-label': t('legend.title'), hidden: '' });
  /** @type {string|null} 'open' or 'closed' when somebody said so */ #said = localStorage.getItem(STORE);
  #due = false;
  #shown = '';
  /** @type {Map<string, number[]>} the tiles of each row, by its key */ #ids = new Map();

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    byId('main', HTMLElement).append(this.#element);
    for (const type of ['wall', 'tiles', 'matches', 'focus', 'me']) model.addEventListener(type, () => this.refreshSoon());
    model.room.addEventListener('change', () => this.refreshSoon());
  }

  get open() {
    return !this.#element.hidden;
  }

  /** Show it, or no longer. */
  toggle(open = !this.open) {
    this.#said = open ? 'open' : 'closed';
    localStorage.setItem(STORE, this.#said);
    this.refresh();
    if (open && !this.open) announce(t('legend.nothing'));
  }

  refreshSoon() {
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => this.refresh(), AFTER_MS);
  }

  refresh() {
    this.#due = false;
    const { model } = this;
    const tags = [...tagsHere(model).values()];
    const colouring = colouringOf(model);
    const speaks = colouring !== null || model.terms.length > 0 || tags.some(({ hidden }) => hidden);
    const open = this.#said === null ? speaks : this.#said === 'open';
    this.#ids.clear();
    const parts = !open ? [] : [...this.#terms(), ...(colouring ? this.#scale(colouring) : []), ...this.#tags(tags)];
    this.#element.hidden = parts.length === 0;
    const key = parts.map((part) => part.outerHTML).join('') + huesNow().join();
    if (key === this.#shown) return;
    this.#shown = key;
    const name = document.activeElement instanceof HTMLElement && this.#element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const { scrollTop } = this.#element;
    const close = button('×', () => this.toggle(false), { 'aria-label': t('legend.close'), title: t('legend.close'), 'data-key': 'close', class: 'close' });
    this.#element.replaceChildren(close, ...parts);
    this.#element.scrollTop = scrollTop;
    if (name !== undefined) /** @type {HTMLElement|null} */ (this.#element.querySelector(`[data-key="${CSS.escape(name)}"]`))?.focus();
  }

  #terms() {
    const { terms } = this.model;
    if (terms.length === 0) return [];
    const rows = terms.map(({ query, found }, i) => this.#row(`term ${i}`, edgeMark(termColour(i)), query, [...found]));
    return [make('h3', {}, t('legend.search')), make('ul', {}, ...rows)];
  }

  /** A line that selects tiles. @param {string} key @param {Node} mark @param {string} words @param {number[]} ids @param {...HTMLElement} more */
  #row(key, mark, words, ids, ...more) {
    const name = t('legend.select', { what: words, n: ids.length });
    this.#ids.set(key, ids); // a row stays while it reads the same: it may be other tiles
    const press = () => {
      if (this.#due) this.refresh();
      this.model.select(this.#ids.get(key) ?? []);
    };
    const select = button('', press, { class: 'row', 'aria-label': name, title: name, 'data-key': key });
    select.append(mark, make('span', { class: 'words' }, words), make('span', { class: 'count', 'data-count': formatCount(ids.length) }));
    return make('li', {}, select, ...more);
  }

  /** @param {import('./colouring.js').Colouring} colouring */
  #scale(colouring) {
    const { label, unit, missing, ends, categories } = colouring;
    const head = make('h3', {}, label, ...(unit ? [' ', make('span', { class: 'unit' }, unit)] : []));
    const none = missing.length > 0 ? [this.#row('missing', make('span', { class: 'hatched' }), t('legend.missing'), missing)] : [];
    if (!ends) return [head, make('ul', {}, ...categories.map(({ label: words, colour, ids }) => this.#row(`is ${words}`, edgeMark(colour), words, ids)), ...none)];
    const parts = [head, ramp(colouring, ends, this.#focused(colouring))];
    return none.length > 0 ? [...parts, make('ul', {}, ...none)] : parts;
  }

  /** @param {import('./colouring.js').Colouring} colouring */
  #focused({ spec }) {
    const tile = this.model.focused();
    const value = tile ? valueBy(tile, spec.by, this.model.room.document) : null;
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  /** @param {import('./tags.js').TagHere[]} tags */
  #tags(tags) {
    if (tags.length === 0) return [];
    const { model } = this;
    const may = model.may('arrange');
    const rows = tags.map((tag) => {
      const words = tagWords(tag.tag);
      const toggle = () => model.room.set(acts.hide(tag.name, !tag.hidden), tag.hidden ? 'tag-show' : 'tag-hide');
      const hide = button(t(tag.hidden ? 'legend.show' : 'legend.hide'), toggle, {
        class: 'hide', 'aria-pressed': String(tag.hidden), 'aria-label': t('legend.hide-name', { tag: words }), 'data-key': `hide ${tag.name}`,
      });
      const row = this.#row(`tag ${tag.name}`, tagMark(tag), words, tag.ids, ...(may ? [hide] : []));
      row.classList.toggle('off', tag.hidden);
      return row;
    });
    return [make('h3', {}, t('tags.title')), make('ul', {}, ...rows)];
  }
}

/** Return what an edge of this colour looks like. @param {string} colour */
function edgeMark(colour) {
  const mark = make('span', { class: 'edge-mark' });
  mark.style.borderColor = colour;
  return mark;
}

/** Return a scale with its ticks and a mark at a value. @param {import('./colouring.js').Colouring} colouring @param {{from: number, to: number}} ends @param {number|null} value */
function ramp({ spec, label, unit }, ends, value) {
  const { from, to } = ends;
  const straight = (/** @type {number} */ number) => placeOf(number, { from, to, reversed: false });
  const band = make('div', { class: 'band' });
  band.style.background = gradientOf(spec);
  const between = ticksOf(from, to, 3).filter((tick) => straight(tick) > NEAR && straight(tick) < 1 - NEAR);
  const ticks = [from, ...between, to].map((tick, i, all) => {
    const end = i === 0 ? 'first' : i === all.length - 1 ? 'last' : '';
    const element = make('span', { class: `tick ${end}` }, formatValue(Number(tick.toPrecision(4))));
    element.style.left = `${100 * straight(tick)}%`;
    return element;
  });
  const marks = value === null ? [] : [make('span', { class: 'here', 'aria-hidden': 'true' })];
  for (const mark of marks) mark.style.left = `${100 * Math.max(0, Math.min(1, straight(value ?? 0)))}%`;
  const words = t('legend.scale', { what: label, from: formatValue(from), to: formatValue(to), unit });
  const here = value === null ? '' : ` ${t('legend.here', { value: formatValue(value), unit })}`;
  return make('div', { class: 'ramp', role: 'img', 'aria-label': `${words}${here}`.replace(/ +/g, ' ').trim() }, ...marks, band, make('div', { class: 'ticks' }, ...ticks));
}

/** @param {Legend} legend @returns {import('./commands.js').Command[]} */
export const legendCommands = (legend) => [{ id: 'legend', label: () => t('legend.command'), group: 'look', keys: ['L'], run: () => legend.toggle() }];
