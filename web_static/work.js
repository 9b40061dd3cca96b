/**
 * The dialog for what is done in many tiles at once: a command, a size, a file put there; or a file fetched from one.
 *
 * @typedef {'run'|'size'|'put'|'get'} Kind
 * @typedef {'this'|'found'|'all'} Where
 */

import { button, byId, make, setText } from './dom.js';
import { formatCount } from './format.js';
import { KINDS } from './work-kinds.js';
import { resultsOf } from './work-results.js';

/** @type {Kind[]} */
const ORDER = ['run', 'size', 'put', 'get'];

export class Work {
  #dialog = byId('work', HTMLDialogElement);
  /** @type {Kind} */ #kind = 'run';
  /** @type {Where} */ #where = 'this';
  /** @type {number|null} */ #tile = null;
  #form = make('form', { novalidate: '' });
  #places = make('fieldset', { class: 'choice' });
  #go = make('button', { class: 'primary', type: 'submit' });
  #said = make('p', { class: 'said', role: 'status' });
  #results = make('div', { class: 'results' });
  #fields = KINDS.run.fields();
  #busy = false;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.#dialog.append(
      make('header', {}, make('h2', { id: 'work-title' }, 'Work in tiles'), button('Close', () => this.#dialog.close())),
      this.#form,
      this.#said,
      this.#results,
    );
  }

  /** Open the dialog for one kind of work, on a tile if one is meant. @param {Kind} [kind] @param {number|null} [tile] */
  open(kind = this.#kind, tile = null) {
    this.#tile = tile ?? this.model.focus;
    this.#where = tile !== null ? 'this' : this.model.matches ? 'found' : 'all';
    if (!this.#busy) this.#take(kind);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#fields.first.focus();
  }

  /** @param {Kind} kind */
  #take(kind) {
    this.#kind = kind;
    this.#fields = KINDS[kind].fields();
    this.#form.replaceChildren(
      choice('What', 'work-kind', ORDER.map((each) => ({ value: each, text: KINDS[each].title, on: each === kind })), (value) => {
        this.#take(/** @type {Kind} */ (value));
        /** @type {HTMLElement|null} */ (this.#form.querySelector(`input[value=${value}]`))?.focus();
      }),
      this.#places,
      this.#fields.element,
      make('div', { class: 'buttons' }, this.#go),
    );
    setText(this.#said, '');
    this.#results.replaceChildren();
    this.#refresh();
  }

  /** Tiles that a choice means, and of these the live ones: in others nothing can be done. @param {Where} where */
  #tiles(where) {
    const { order, tiles, matches } = this.model;
    const meant = order.filter((id) => (where === 'this' ? id === this.#tile : where === 'found' ? matches?.has(id) : true));
    return { meant, live: meant.filter((id) => tiles.get(id)?.state === 'live') };
  }

  /** Bring the choice of tiles and the button up to date. */
  #refresh() {
    const one = KINDS[this.#kind].one === true;
    if (one || (this.#where === 'found' && !this.model.matches)) this.#where = one ? 'this' : 'all';
    const title = this.model.tiles.get(this.#tile ?? -1)?.title ?? 'no tile';
    const count = (/** @type {Where} */ where) => {
      const { meant, live } = this.#tiles(where);
      const rest = meant.length - live.length;
      return `${formatCount(live.length)}${rest > 0 ? `, and ${formatCount(rest)} not live, left out` : ''}`;
    };
    /** @type {{value: string, text: string, on: boolean, off?: boolean}[]} */
    const options = [
      { value: 'this', text: `This tile: ${title}`, on: this.#where === 'this' },
      { value: 'found', text: this.model.matches ? `Those that the search found: ${count('found')}` : 'Those that a search finds', on: this.#where === 'found', off: one || !this.model.matches },
      { value: 'all', text: `All: ${count('all')}`, on: this.#where === 'all', off: one },
    ];
    const set = choice('Where', 'work-where', options, (value) => {
      this.#where = /** @type {Where} */ (value);
      this.#refreshButton();
    });
    this.#places.replaceChildren(...set.childNodes);
    this.#refreshButton();
  }

  #refreshButton() {
    const { live } = this.#tiles(this.#where);
    const many = `${formatCount(live.length)} ${live.length === 1 ? 'tile' : 'tiles'}`;
    const one = live.length > 0 ? 'this tile' : 'this tile, once it is live';
    setText(this.#go, `${KINDS[this.#kind].verb} in ${this.#where === 'this' ? one : many}`);
    this.#go.disabled = live.length === 0;
    this.#go.setAttribute('aria-disabled', String(this.#busy)); // and not disabled, so that it keeps the keyboard
  }

  async #run() {
    const { live } = this.#tiles(this.#where);
    const { asked, problem } = await this.#fields.read();
    this.#say(problem, problem !== '');
    if (problem || this.#busy || live.length === 0 || !asked) return;
    this.#busy = true;
    this.#refreshButton();
    const started = Date.now();
    const titles = live.map((id) => ({ id, title: this.model.tiles.get(id)?.title ?? String(id) }));
    const doing = () => this.#say(`${KINDS[this.#kind].doing} … ${Math.floor((Date.now() - started) / 1000)} s`, false);
    doing();
    const timer = setInterval(doing, 1000);
    this.#results.replaceChildren(make('progress', { 'aria-label': KINDS[this.#kind].doing }), resultsOf(titles, null));
    try {
      const answers = new Map((await asked(live)).map((result) => [result.tile, result]));
      const results = live.map((tile) => answers.get(tile) ?? { tile, error: 'no answer' });
      this.#results.replaceChildren(resultsOf(titles, results));
      this.#say(this.#summary(results), results.some(({ error, code }) => error || code));
    } catch (error) {
      this.#results.replaceChildren();
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
    clearInterval(timer);
    this.#busy = false;
    this.#refreshButton();
  }

  /** @param {import('./api.js').Result[]} results */
  #summary(results) {
    const bad = results.filter(({ error, code }) => error || code).length;
    if (bad === 0) return results.length === 1 ? 'Done.' : `Done in all ${formatCount(results.length)}.`;
    return `Done in ${formatCount(results.length - bad)} of ${formatCount(results.length)}; not in ${formatCount(bad)}: see below.`;
  }

  /** @param {string} text @param {boolean} bad */
  #say(text, bad) {
    this.#said.classList.toggle('problem', bad);
    setText(this.#said, text);
  }
}

/**
 * A set of radio buttons.
 * @param {string} legend @param {string} name @param {{value: string, text: string, on: boolean, off?: boolean}[]} options
 * @param {(value: string) => void} onChange
 */
export function choice(legend, name, options, onChange) {
  const lines = options.map(({ value, text, on, off }) => {
    const input = make('input', { type: 'radio', name, value });
    input.checked = on;
    input.disabled = off === true;
    input.addEventListener('change', () => input.checked && onChange(value));
    return make('label', {}, input, make('span', {}, text));
  });
  return make('fieldset', { class: 'choice' }, make('legend', {}, legend), ...lines);
}
