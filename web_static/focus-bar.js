/** The bar of a tile in full: its name and values, and what can be done there. */

import { lookingWords, watchFold } from './bar.js';
import { button, byId, make, setText } from './dom.js';
import { formatValue } from './format.js';
import { isDisplay } from './model.js';
import { t } from './text.js';

/** @typedef {import('./model.js').Tile} Tile */

const SUMMARY_MOST = 6; // values in the bar; the rest is in the panel

export class FocusBar {
  #title = make('h2', { id: 'focus-title', class: 'title' });
  #summary = make('p', { class: 'summary' });
  #looking = make('p', { class: 'looking' });
  #previous;
  #next;
  #escape;
  #fit;
  #many;
  #movie;
  #more;
  #clipboard;
  element;

  /**
   * @param {import('./model.js').Model} model @param {import('./clipboard.js').Clipboard} clipboard
   * @param {{close: () => void, step: (step: number) => void, escape: () => void, fit: (yes: boolean) => void, many: () => void, movie: () => void}} does
   */
  constructor(model, clipboard, does) {
    this.model = model;
    this.#clipboard = clipboard;
    this.#previous = button(t('focus.previous'), () => does.step(-1));
    this.#next = button(t('focus.next'), () => does.step(1));
    this.#escape = button(t('hands.send-escape'), does.escape, { 'aria-label': t('hands.send-escape-label') });
    this.#many = button(t('many.open'), does.many);
    this.#movie = button(t('movie.button'), does.movie, { 'aria-pressed': 'false', 'data-needs': 'read' });
    this.#fit = button(t('focus.fit'), () => does.fit(this.#fit.getAttribute('aria-pressed') !== 'true'), {
      'aria-pressed': 'false',
      title: t('focus.fit-title'),
    });
    const tools = make('div', { class: 'tools', id: 'focus-tools', role: 'group', 'aria-label': t('focus.tile') }, clipboard.copy, clipboard.paste, this.#fit, this.#many);
    this.#more = button(t('focus.tile'), () => undefined, { class: 'view', 'aria-expanded': 'false', 'aria-controls': 'focus-tools' });
    const details = button(t('bar.details'), () => undefined, { 'aria-expanded': 'false', 'aria-controls': 'panel' });
    const back = button(t('focus.wall'), does.close, { 'aria-label': t('focus.back'), title: t('focus.back-title') });
    const ends = make('div', { class: 'ends' }, this.#previous, this.#next, this.#escape, this.#movie, details);
    this.element = make('header', { class: 'bar focus-bar', 'aria-label': t('focus.tile') }, back, this.#title, this.#summary, this.#looking, this.#more, tools, ends);
    this.element.hidden = true;
    byId('bar', HTMLElement).after(this.element);
    watchFold(this.#more, tools);
  }

  /** Return whether the keyboard is in the controls that were unfolded: Escape folds them. */
  get unfolded() {
    return this.#more.getAttribute('aria-expanded') === 'true' && this.element.contains(document.activeElement);
  }

  /** @param {boolean} yes */
  recording(yes) {
    this.#movie.setAttribute('aria-pressed', String(yes));
  }

  /** @param {boolean} yes */
  fitted(yes) {
    this.#fit.setAttribute('aria-pressed', String(yes));
  }

  /** @param {Tile} tile @param {Tile|null} previous @param {Tile|null} next */
  refresh(tile, previous, next) {
    const { model } = this;
    setText(this.#title, tile.title);
    this.#refreshSummary(tile);
    this.#previous.disabled = !previous;
    this.#next.disabled = !next;
    this.#previous.title = previous?.title ?? t('focus.first');
    this.#next.title = next?.title ?? t('focus.last');
    const works = model.may('operate') && isDisplay(tile);
    setText(this.#looking, lookingWords(model));
    for (const each of [this.#escape, this.#more, this.#fit, this.#many, this.#clipboard.copy, this.#clipboard.paste]) each.hidden = !works;
    for (const each of [this.#escape, this.#fit, this.#many, this.#clipboard.copy, this.#clipboard.paste]) each.disabled = !model.takesInput(tile.id);
  }

  /** @param {Tile} tile */
  #refreshSummary(tile) {
    const columns = this.model.sets.get(tile.set)?.columns ?? [];
    const shown = columns.filter(({ name, role }) => (role === 'parameter' || role === 'result') && name in tile.metadata);
    const line = JSON.stringify([tile.id, tile.state, tile.metadata]);
    if (this.#summary.dataset.of === line) return;
    this.#summary.dataset.of = line;
    const parts = shown.slice(0, SUMMARY_MOST).flatMap(({ name, unit }, i) => [
      `${i > 0 ? ' · ' : ''}${name}\u00a0`,
      make('b', {}, `${formatValue(tile.metadata[name])}${unit ? `\u00a0${unit}` : ''}`),
    ]);
    this.#summary.replaceChildren(...parts);
  }
}
