/** The panel at the side: what is known of the member in focus. */

import { Actions } from './actions.js';
import { LookActions } from './actions-look.js';
import { button, byId, make } from './dom.js';
import { formatValue, histogramOf } from './format.js';
import { logOf } from './log.js';
import { Facts } from './panel-facts.js';
import { drawHistogram } from './panel-histogram.js';
import { NoteSection } from './panel-notes.js';
import { TagSection } from './panel-tags.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';
import { lineOf, say, stateWord, tellsWhy } from './words.js';

/** @typedef {import('./model.js').Tile} Tile */

const SECTIONS = [
  { title: t('panel.parameters'), roles: ['parameter'] },
  { title: t('panel.results'), roles: ['result'] },
  { title: t('panel.more'), roles: ['tag', 'title', 'path', ''] },
];
const STORE = 'tiledviz.panel';

export class Panel {
  #element = byId('panel', HTMLElement);
  #state = make('div', { class: 'state' });
  #log = make('div', {});
  #header = make('div', {});
  #metadata = make('div', {});
  /** @type {Actions} */ #actions;
  /** @type {LookActions} */ #look;
  /** @type {TagSection} */ #tags;
  /** @type {NoteSection} */ #note;
  /** @type {Facts} what changes while one looks */ #facts;
  #shown = '';
  #wanted = false;

  /**
   * @param {import('./model.js').Model} model
   * @param {{close: () => void, work: (kind: import('./work.js').Kind, tile: number) => void, case: HTMLElement,
   *   look: ConstructorParameters<typeof LookActions>[1]}} does
   */
  constructor(model, does) {
    this.model = model;
    this.does = does;
    this.#actions = new Actions(model, does.work);
    this.#look = new LookActions(model, does.look);
    this.#tags = new TagSection(model);
    this.#note = new NoteSection(model);
    this.#facts = new Facts(model);
    // What stands here stays in the page: who writes a note goes on writing while the rest changes.
    this.#element.append(this.#header, this.#state, this.#log, this.#actions.element, does.case, this.#look.element, this.#tags.element, this.#note.element, this.#metadata, ...this.#facts.elements);
    this.#element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      event.preventDefault();
      does.close();
    });
    for (const open of document.querySelectorAll('[aria-controls=panel]')) open.addEventListener('click', () => this.toggle());
    model.addEventListener('focus', () => this.#render());
    model.addEventListener('wall', () => this.#place());
    model.addEventListener('said', () => this.#render());
    model.addEventListener('tiles', () => this.tick());
    model.addEventListener('me', () => this.tick());
    model.room.addEventListener('change', () => this.tick());
    const wide = matchMedia('(min-width: 60rem)').matches;
    this.#wanted = wide && localStorage.getItem(STORE) !== 'closed';
    this.#place();
  }

  /** Open or close the panel. */
  toggle(open = !this.#wanted) {
    this.#wanted = open;
    localStorage.setItem(STORE, open ? 'open' : 'closed');
    this.#place();
  }

  /** Open the panel with the keyboard in the note. */
  editNote() {
    this.toggle(true);
    this.#note.focus();
  }

  /** On an empty wall there is nothing to tell, so no panel either. */
  #place() {
    this.#element.hidden = !this.#wanted || this.model.tiles.size === 0;
    for (const each of document.querySelectorAll('[aria-controls=panel]')) each.setAttribute('aria-expanded', String(this.#wanted));
    this.#render();
  }

  #render() {
    const tile = this.model.focused();
    if (this.#element.hidden || !tile) return;
    const columns = this.model.sets.get(tile.set)?.columns ?? [];
    // What stands here is kept while it is right, with what was selected in it.
    const key = JSON.stringify([tile.id, tile.title, tile.metadata, columns]);
    if (key === this.#shown) return this.tick();
    const other = !this.#shown.startsWith(`[${tile.id},`);
    this.#shown = key;
    if (other || this.#header.querySelector('h2')?.textContent !== tile.title) this.#header.replaceChildren(this.#headerOf(tile.title));
    this.#metadata.replaceChildren(...this.#metadataOf(tile, columns));
    if (other) this.#element.scrollTop = 0;
    this.tick();
  }

  /** @param {string} title */
  #headerOf(title) {
    const close = () => {
      this.toggle(false);
      this.does.close();
    };
    return make('header', {}, make('h2', {}, title), button(t('page.close'), close, { 'aria-label': t('panel.close') }));
  }

  /** @param {Tile} tile @param {import('./model.js').Column[]} columns */
  #metadataOf(tile, columns) {
    const known = new Set(SECTIONS.flatMap(({ roles }) => roles));
    return SECTIONS.flatMap(({ title, roles }) => {
      const rows = columns
        .filter(({ name, role }) => name in tile.metadata && roles.includes(known.has(role) ? role : ''))
        .map((column) => this.#row(tile, column));
      return rows.length > 0 ? [make('h3', {}, title), make('dl', {}, ...rows)] : [];
    });
  }

  /** @param {Tile} tile @param {import('./model.js').Column} column */
  #row(tile, { name, unit, description }) {
    const value = tile.metadata[name];
    const shown = make('dd', {}, formatValue(value));
    if (unit && value !== null) shown.append(' ', make('span', { class: 'unit' }, unit));
    const row = make('div', { class: 'row' }, make('dt', {}, name), shown);
    const others = [...this.model.tiles.values()].filter(({ set }) => set === tile.set).map(({ metadata }) => metadata[name]);
    const histogram = histogramOf(others, value);
    if (description || histogram) row.append(make('dd', { class: 'about' }, description ?? ''));
    if (histogram) row.append(make('dd', {}, drawHistogram(histogram, name, unit)));
    return row;
  }

  /** Bring what changes up to date, and leave the rest alone. */
  tick() {
    const tile = this.model.focused();
    if (this.#element.hidden || !tile) return;
    this.#showState(tile);
    const log = tellsWhy(tile.state) && this.model.may('read') ? `${tile.id} ${tile.state} ${tile.reason}` : '';
    if (this.#log.dataset.of !== log) {
      this.#log.dataset.of = log;
      this.#log.replaceChildren(...(log ? [logOf(tile.id, tile.state === 'failed')] : []));
    }
    this.#actions.refresh(tile);
    this.#look.refresh(tile);
    this.#tags.refresh(tile);
    this.#note.refresh(tile);
    this.#facts.refresh(tile);
  }

  /** The state, why, until when, what to do, what is wrong with GL: a paragraph each. @param {Tile} tile */
  #showState(tile) {
    const now = nowSeconds();
    const shown = this.model.stateOf(tile);
    const said = say(tile, this.model.sets.get(tile.set), now, shown);
    const { head, advice, badge } = said;
    const word = head === stateWord(shown) ? head : t('said.colon', { what: stateWord(tile.state), why: head });
    const bad = badge?.bad ? `! ${badge.words[0]}: ${badge.why}` : '';
    const calm = badge && !badge.bad ? badge.why : '';
    const parts = [lineOf(said, now), advice, bad, calm];
    const key = JSON.stringify([word, ...parts]);
    if (this.#state.dataset.of === key) return;
    this.#state.dataset.of = key;
    this.#state.dataset.state = shown;
    const names = ['why', 'advice', 'problem', 'note'];
    this.#state.replaceChildren(
      make('p', {}, make('strong', {}, word)),
      ...parts.flatMap((text, i) => (text ? [make('p', { class: names[i] }, text)] : [])),
    );
  }
}
