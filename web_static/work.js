/**
 * The dialog for what is done in many tiles at once: a command, a size, a file put there; or a file fetched from one.
 *
 * @typedef {'run'|'size'|'put'|'get'} Kind
 * @typedef {'this'|'found'|'all'} Where
 */

import { button, byId, make, setText } from './dom.js';
import { formatCount } from './format.js';
import { isDisplay } from './model.js';
import { t } from './text.js';
import { KINDS } from './work-kinds.js';
import { resultsTable } from './work-results.js';

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
      make('header', {}, make('h2', { id: 'work-title' }, t('work.title')), button(t('page.close'), () => this.#dialog.close())),
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
      choice(t('work.what'), 'work-kind', ORDER.map((each) => ({ value: each, text: t(`work.${each}`), on: each === kind })), (value) => {
        this.#take(/** @type {Kind} */ (value));
        /** @type {HTMLElement|null} */ (this.#form.querySelector(`input[value=${value}]`))?.focus();
      }),
      this.#places,
      this.#fields.element,
      make('div', { class: 'buttons' }, this.#go),
    );
    if (!this.#busy) { // what is under way is shown until its end
      setText(this.#said, '');
      this.#results.replaceChildren();
    }
    this.#refresh();
  }

  /** Tiles that a choice means, and of these the live displays: in others nothing can be done. @param {Where} where */
  #tiles(where) {
    const { order, tiles, matches } = this.model;
    const meant = order.filter((id) => (where === 'this' ? id === this.#tile : where === 'found' ? matches?.has(id) : true));
    const works = (/** @type {import('./model.js').Tile|undefined} */ tile) => tile?.state === 'live' && isDisplay(tile);
    return { meant, live: meant.filter((id) => works(tiles.get(id))) };
  }

  /** Bring the choice of tiles and the button up to date. */
  #refresh() {
    const one = KINDS[this.#kind].one === true;
    if (one || (this.#where === 'found' && !this.model.matches)) this.#where = one ? 'this' : 'all';
    const title = this.model.tiles.get(this.#tile ?? -1)?.title ?? t('work.no-tile');
    const count = (/** @type {Where} */ where) => {
      const { meant, live } = this.#tiles(where);
      const rest = meant.length - live.length;
      const shown = formatCount(live.length);
      return rest > 0 ? t('work.not-live', { n: rest, count: shown, rest: formatCount(rest) }) : shown;
    };
    /** @type {{value: string, text: string, on: boolean, off?: boolean}[]} */
    const options = [
      { value: 'this', text: t('work.this', { title }), on: this.#where === 'this' },
      { value: 'found', text: this.model.matches ? t('work.found', { count: count('found') }) : t('work.found-none'), on: this.#where === 'found', off: one || !this.model.matches },
      { value: 'all', text: t('work.all', { count: count('all') }), on: this.#where === 'all', off: one },
    ];
    const set = choice(t('work.where'), 'work-where', options, (value) => {
      this.#where = /** @type {Where} */ (value);
      this.#refreshButton();
    });
    this.#places.replaceChildren(...set.childNodes);
    this.#refreshButton();
  }

  #refreshButton() {
    const { live } = this.#tiles(this.#where);
    const one = live.length > 0 ? t(`work.${this.#kind}-this`) : t(`work.${this.#kind}-later`);
    setText(this.#go, this.#where === 'this' ? one : t(`work.${this.#kind}-in`, { n: live.length, shown: formatCount(live.length) }));
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
    const what = t(`work.${this.#kind}-doing`);
    const doing = () => this.#say(t('work.doing', { doing: what, n: Math.floor((Date.now() - started) / 1000) }), false);
    doing();
    const timer = setInterval(doing, 1000);
    const table = resultsTable(titles);
    this.#results.replaceChildren(make('progress', { 'aria-label': what }), table.element);
    try {
      const answers = new Map((await asked(live)).map((result) => [result.tile, result]));
      const results = live.map((tile) => answers.get(tile) ?? { tile, error: t('work.no-answer') });
      results.forEach(table.show);
      this.#results.replaceChildren(table.element);
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
    if (bad === 0) return results.length === 1 ? t('work.done') : t('work.done-all', { count: formatCount(results.length) });
    return t('work.done-some', { good: formatCount(results.length - bad), count: formatCount(results.length), bad: formatCount(bad) });
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
