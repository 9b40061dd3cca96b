/**
 * The linked views, in the side panel's place or over the whole wall: what is brushed in one of them is brushed on the wall and in all, for
 * everybody; what is selected, or has the focus, on the wall is lit in them.
 *
 * @typedef {'parallel'|'scatter'|'histograms'} Name
 */

import { onWall } from './arrangement.js';
import { brushActs, brushesHere, wayIn, WAYS } from './brushed.js';
import { brushesIn } from './brushing.js';
import { colouringOf } from './colouring.js';
import { axesOf, choicesOf, columnsOf } from './columns.js';
import { button, byId, make, setText } from './dom.js';
import { formatCount } from './format.js';
import { Histograms } from './histograms.js';
import { Linked } from './linked.js';
import { Parallel } from './parallel.js';
import { ScatterMatrix } from './scatter-matrix.js';
import { t } from './text.js';
import { columnsMenu, hostOf } from './views-host.js';

export const NAMES = /** @type {Name[]} */ (['parallel', 'scatter', 'histograms']);
const STORE = 'tiledviz.views';
const LEVELS = /** @type {const} */ (['light', 'paint', 'show', 'build']); // each does all that those before it do
const MEMBERS = /^(?:tags?\/|tile\/\d+\/hidden$|axes$)/; // in the document: who the members are, and what is shown of them

export class Views {
  element = make('section', { id: 'views', class: 'views', 'aria-label': t('views.title'), tabindex: '-1', hidden: '' });
  /** @type {Linked|null} */ #linked = null;
  #count = make('output', { class: 'count', 'aria-live': 'polite' });
  #way = make('select', { id: 'brushing' }, ...WAYS.map((way) => make('option', { value: way }, t(`views.way-${way}`))));
  #clear = button(t('views.clear'), () => this.clear());
  #size = button('', () => this.full(!this.isFull));
  #empty = make('p', { class: 'about nothing' });
  #tabs = new Map(NAMES.map((name) => [name, button(t(`views.${name}`), () => this.look(name), { 'aria-pressed': 'false' })]));
  /** @type {Map<Name, import('./views-types.js').View>} */ #views;
  /** @type {Name} */ #name = 'parallel';
  /** @type {number} of LEVELS, what is to be done in the next frame */ #due = -1;
  /** @type {number|null} the tile under the pointer */ #hovered = null;
  #panelWas = false;
  #covering = false;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
   * @param {{toWall: () => void, panel: (open: boolean) => void}} does
   */
  constructor(model, stage, does) {
    this.model = model;
    this.stage = stage;
    this.does = does;
    const host = hostOf(model, () => this.#linked);
    this.#views = new Map(/** @type {[Name, import('./views-types.js').View][]} */ ([['parallel', new Parallel(host)], ['scatter', new ScatterMatrix(host)], ['histograms', new Histograms(host)]]));
    this.#fill();
    byId('panel', HTMLElement).before(this.element);
    this.#follow();
    const { open = false, full = false, name = 'parallel' } = kept();
    this.#name = NAMES.includes(name) ? name : 'parallel';
    if (open) this.toggle(true, { full, quiet: true });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  get isFull() {
    return this.element.classList.contains('full');
  }

  // ---------------------------------------------------------------- the region

  #fill() {
    this.#way.addEventListener('change', () => this.setWay(/** @type {import('./brushed.js').Way} */ (this.#way.value)));
    const columns = columnsMenu(this.model, () => this.#linked);
    const head = make(
      'header',
      {},
      make('h2', {}, t('views.title')),
      make('div', { class: 'tabs', role: 'group', 'aria-label': t('views.which') }, ...this.#tabs.values()),
      make('div', { class: 'ends' }, columns, this.#size, button(t('page.close'), () => this.toggle(false), { 'aria-label': t('views.close') })),
    );
    const line = make('div', { class: 'line' }, this.#count, make('span', { class: 'way', 'data-needs': 'arrange' }, make('label', { for: this.#way.id }, t('views.way')), make('span', { class: 'select' }, this.#way)), make('span', { 'data-needs': 'arrange' }, this.#clear));
    this.element.append(head, line, this.#empty, ...[...this.#views.values()].map(({ element }) => element));
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      event.preventDefault();
      if (this.isFull) this.toggle(false);
      else this.does.toWall();
    });
  }

  #follow() {
    const { model } = this;
    for (const type of ['wall', 'said']) model.addEventListener(type, () => this.#soon('build'));
    model.addEventListener('me', () => this.#soon('show'));
    model.addEventListener('matches', () => this.#soon('paint'));
    for (const type of ['chosen', 'focus']) model.addEventListener(type, () => this.#soon('light'));
    model.room.addEventListener('change', (event) => {
      const paths = [.../** @type {CustomEvent<Set<string>>} */ (event).detail];
      if (paths.some((path) => path === '' || MEMBERS.test(path))) this.#soon('build');
      else if (paths.some((path) => /^(?:brush|colour)/.test(path))) this.#soon('paint');
    });
    this.stage.onHover = (id) => {
      this.#hovered = id;
      this.#soon('light');
    };
    new ResizeObserver(() => this.#soon('show')).observe(this.element);
    new MutationObserver(() => this.#soon('show')).observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const panel = byId('panel', HTMLElement);
    new MutationObserver(() => {
      if (panel.hidden || !this.isOpen || this.isFull) return;
      this.#panelWas = false; // somebody wants the details now: both are in one place
      this.toggle(false);
    }).observe(panel, { attributeFilter: ['hidden'] });
  }

  /** Show the views, or no longer. @param {boolean} [open] @param {{full?: boolean, quiet?: boolean}} [how] quiet: the keyboard stays where it is */
  toggle(open = !this.isOpen, { full = this.isFull, quiet = false } = {}) {
    if (open) {
      const panel = byId('panel', HTMLElement);
      this.#panelWas ||= !panel.hidden;
      if (!full) this.does.panel(false);
    }
    this.element.hidden = !open;
    this.#cover(open && full);
    this.element.classList.toggle('full', full);
    setText(this.#size, t(full ? 'views.beside' : 'views.full'));
    keep({ open, full, name: this.#name });
    if (!open) {
      if (this.#panelWas) this.does.panel(true);
      this.#panelWas = false;
      if (!quiet) this.does.toWall();
      return;
    }
    if (!quiet) this.element.focus({ preventScroll: true });
    this.#soon('build');
  }

  /** Over the whole wall, or beside it. */
  full(full = true) {
    this.toggle(true, { full });
  }

  /** What the views cover is not asked for, and has no keyboard. @param {boolean} covered */
  #cover(covered) {
    if (covered === this.#covering) return;
    this.#covering = covered;
    this.stage.covered = covered;
    this.stage.element.inert = covered;
    this.stage.demandSoon(0);
  }

  /** Show one of them. @param {Name} name */
  look(name) {
    this.#name = name;
    this.#linked?.count([]);
    this.toggle(true, { quiet: this.isOpen });
  }

  // ------------------------------------------------------------------ painting

  /** @param {typeof LEVELS[number]} level */
  #soon(level) {
    const wanted = LEVELS.indexOf(level);
    if (!this.isOpen) return;
    if (this.#due < 0) requestAnimationFrame(() => this.#now());
    this.#due = Math.max(this.#due, wanted);
  }

  #now() {
    const level = LEVELS[this.#due];
    this.#due = -1;
    if (!this.isOpen || level === undefined) return;
    if (level === 'build' || !this.#linked) this.#build();
    const linked = /** @type {Linked} */ (this.#linked);
    const brushes = brushesHere(this.model);
    linked.brush(brushes);
    this.#say(linked);
    const view = /** @type {import('./views-types.js').View} */ (this.#views.get(this.#name));
    const nothing = linked.size === 0 || linked.axes.length === 0;
    for (const each of this.#views.values()) each.element.hidden = each !== view || nothing;
    for (const [name, tab] of this.#tabs) tab.setAttribute('aria-pressed', String(name === this.#name));
    this.#empty.hidden = !nothing;
    if (nothing) return setText(this.#empty, t(linked.size === 0 ? 'views.no-tiles' : choicesOf(this.model).length === 0 ? 'views.no-columns' : 'views.no-axes'));
    const shown = this.#shown(linked, brushes);
    if (level === 'light') view.light(shown);
    else if (level === 'paint') view.paint(shown);
    else view.show(shown);
  }

  #build() {
    const { model } = this;
    const tiles = onWall(model.tiles.values(), model.room.document).sort((a, b) => a.id - b.id);
    const all = columnsOf(model, tiles, choicesOf(model).map(({ by }) => by));
    this.#linked = new Linked(tiles.map(({ id }) => id), all, axesOf(model.room.document.get('axes'), all));
    const { brushing, columns, many } = this.#linked;
    // The first brush of a column sorts its members: of many, while nothing else is to do.
    if (many) columns.forEach((_, column) => globalThis.requestIdleCallback?.(() => brushing.prepare(column)));
  }

  /** @param {Linked} linked @param {Map<string, import('./brushing.js').Brush>} brushes @returns {import('./views-types.js').Shown} */
  #shown(linked, brushes) {
    const { model } = this;
    const colours = colouringOf(model)?.colours;
    const members = (/** @type {Iterable<number|null>} */ ids) => [...ids].flatMap((id) => (id === null ? [] : (linked.at.get(id) ?? [])));
    const style = getComputedStyle(this.element);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
    return {
      linked, brushes,
      may: model.may('arrange'),
      colourOf: (member) => colours?.get(linked.ids[member]) ?? null,
      selected: members(model.chosen),
      looked: members(new Set([model.focus, this.#hovered])),
      colours: { rest: colour('edge-strong'), line: colour('muted'), accent: colour('accent'), text: colour('text') },
      ratio: devicePixelRatio,
    };
  }

  /** @param {Linked} linked */
  #say({ brushing, size }) {
    const brushed = brushing.brushed;
    setText(this.#count, brushed ? t('views.count', { n: formatCount(brushing.passing), all: formatCount(size) }) : t('views.all', { n: formatCount(size) }));
    this.#way.value = wayIn(this.model.room.document);
    this.#clear.setAttribute('aria-disabled', String(!this.brushed));
  }

  // -------------------------------------------------------------------- acting

  /** Whether anything is brushed, in the session. */
  get brushed() {
    return brushesIn(this.model.room.document).size > 0;
  }

  /** Say what becomes of tiles that brushes leave out. @param {import('./brushed.js').Way} way */
  setWay(way) {
    this.model.room.set(brushActs(this.model, brushesIn(this.model.room.document), way), 'brushing');
  }

  clear() {
    this.model.room.set(brushActs(this.model, new Map()), 'brush-clear');
  }
}

/** @returns {{open?: boolean, full?: boolean, name?: Name}} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @param {{open: boolean, full: boolean, name: Name}} value */
const keep = (value) => localStorage.setItem(STORE, JSON.stringify(value));
