/** The dialog that finds groups, planes, outliers and neighbours in the numbers of tiles. (What it says: analyse-words.js.) */

import { barsOf, chosenAtFirst, METHODS, numbersOf, wordsOf } from './analyse-words.js';
import { call } from './api.js';
import { PLAIN } from './colouring.js';
import { button, byId, make, setText } from './dom.js';
import { formatValue } from './format.js';
import { t } from './text.js';
import { choice } from './work.js';

/** @typedef {import('./analyse-words.js').Answer} Answer @typedef {import('./analyse-words.js').Method} Method */

const TICK_MS = 500;
const SAYS_FROM = 2; // seconds from which on it is said how long it takes
const K_MOST = 50;

export class Analyse {
  #dialog = byId('analysis', HTMLDialogElement);
  #about = make('p', { class: 'about', id: 'analysis-about' });
  #columns = make('fieldset', { class: 'choice columns' });
  #k = make('input', { type: 'number', id: 'analysis-k', min: '2', max: String(K_MOST), placeholder: t('analysis.proposed') });
  #kField = make('div', { class: 'field' }, make('label', { for: 'analysis-k' }, make('span', {}, t('analysis.k')), this.#k));
  #found = make('input', { type: 'checkbox', id: 'analysis-found' });
  #foundField = make('label', { class: 'tick' }, this.#found, make('span', {}));
  #methods = make('div', {});
  #go = make('button', { type: 'submit', class: 'primary' }, t('analysis.go'));
  #bar = make('progress', { 'aria-label': t('analysis.working'), hidden: '' });
  #wait = make('p', { class: 'said', role: 'status' });
  #problem = make('p', { class: 'said problem', role: 'alert' });
  #outcome = make('section', { class: 'outcome', 'aria-label': t('analysis.outcome'), hidden: '' });
  /** @type {Method} */ #method = 'kmeans';
  /** @type {Set<string>|null} names of columns; null: nobody chose yet */ #chosen = null;
  /** @type {AbortController|null} */ #asked = null;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    const form = make(
      'form', {}, this.#methods, this.#columns, this.#kField, this.#foundField,
      make('div', { class: 'buttons' }, this.#go), this.#bar, this.#wait, this.#problem,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run(this.#k.value === '' ? null : Number(this.#k.value));
    });
    this.#dialog.append(make('header', {}, make('h2', { id: 'analysis-title' }, t('analysis.title')), button(t('page.close'), () => this.#dialog.close())), form, this.#outcome);
    this.#dialog.addEventListener('keydown', (event) => event.stopPropagation());
    this.#dialog.addEventListener('close', () => this.#asked?.abort());
  }

  /** @param {Method} [method] */
  open(method = this.#method) {
    if (!this.model.may('arrange') || this.#dialog.open) return;
    this.#method = method;
    this.#show();
    this.#dialog.showModal();
    this.#dialog.querySelector('input')?.focus();
  }

  /** Show what there is to choose now. */
  #show() {
    const { model } = this;
    const focused = model.focused()?.title ?? '';
    const options = METHODS.map((value) => ({ value, text: t(`analysis.${value}`, { title: focused }), on: value === this.#method, off: value === 'nearest' && focused === '' }));
    this.#methods.replaceChildren(
      choice(t('analysis.what'), 'analysis-method', options, (value) => {
        this.#method = /** @type {Method} */ (value);
        this.#showMethod();
      }),
      this.#about,
    );
    this.#showColumns();
    const count = model.matches?.size ?? 0;
    this.#foundField.hidden = model.matches === null;
    if (model.matches === null) this.#found.checked = false;
    setText(/** @type {Element} */ (this.#foundField.lastElementChild), t('analysis.only-found', { n: count }));
    this.#showMethod();
  }

  #showMethod() {
    setText(this.#about, t(`analysis.about-${this.#method}`));
    this.#kField.hidden = this.#method !== 'kmeans';
  }

  #showColumns() {
    const columns = numbersOf(this.model);
    const there = new Set(columns.map(({ name }) => name));
    const chosen = new Set([...(this.#chosen ?? chosenAtFirst(columns))].filter((name) => there.has(name)));
    const boxes = columns.map(({ name, unit, made, share }) => {
      const input = make('input', { type: 'checkbox', value: name });
      input.checked = chosen.has(name);
      input.addEventListener('change', () => (this.#chosen = new Set(this.#ticked())));
      const notes = [unit, made ? t('analysis.made') : '', share < 1 ? t('analysis.share', { share: Math.floor(share * 100) }) : ''].filter((each) => each !== '');
      return make('label', {}, input, make('span', {}, name), ...(notes.length > 0 ? [make('span', { class: 'unit' }, notes.join(' · '))] : []));
    });
    const set = (/** @type {boolean} */ on) => {
      for (const box of this.#boxes()) box.checked = on;
      this.#chosen = new Set(this.#ticked());
    };
    const all = make('span', { class: 'all' }, button(t('analysis.all'), () => set(true)), button(t('analysis.none'), () => set(false)));
    this.#columns.replaceChildren(make('legend', {}, t('analysis.columns')), ...(columns.length > 0 ? [...boxes, all] : [make('p', { class: 'about' }, t('analysis.no-columns'))]));
  }

  #boxes() {
    return [.../** @type {NodeListOf<HTMLInputElement>} */ (this.#columns.querySelectorAll('input'))];
  }

  #ticked() {
    return this.#boxes().filter(({ checked }) => checked).map(({ value }) => value);
  }

  /** @param {number|null} k */
  async #run(k) {
    const columns = this.#ticked();
    if (this.#asked) return;
    if (columns.length === 0) return setText(this.#problem, t('analysis.choose'));
    const asked = (this.#asked = new AbortController());
    const begun = performance.now();
    setText(this.#problem, '');
    this.#go.disabled = true;
    this.#bar.hidden = false;
    const tell = () => {
      const seconds = Math.round((performance.now() - begun) / 1000);
      setText(this.#wait, seconds < SAYS_FROM ? '' : t('analysis.takes', { n: seconds }));
    };
    const ticking = setInterval(tell, TICK_MS);
    const { model } = this;
    const query = this.#found.checked ? (model.room.document.get(model.own('filter'))?.text ?? '') : '';
    const tile = this.#method === 'nearest' ? model.focus : null;
    try {
      const answer = await call('POST', '/analysis', { method: this.#method, columns, query, k: this.#method === 'kmeans' ? k : null, tile }, asked.signal);
      this.#showOutcome(answer);
    } catch (error) {
      if (!asked.signal.aborted) setText(this.#problem, error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(ticking);
      this.#asked = null;
      this.#go.disabled = false;
      this.#bar.hidden = true;
      setText(this.#wait, '');
    }
  }

  /** @param {Answer} answer */
  #showOutcome(answer) {
    const { text, lines } = wordsOf(answer);
    const told = make('p', { class: 'came', role: 'status' });
    const list = lines.length > 0 ? [make('ul', {}, ...lines.map((line) => make('li', {}, line)))] : [];
    this.#outcome.replaceChildren(
      told, ...list, ...(answer.method === 'kmeans' ? [this.#chart(answer)] : []), make('div', { class: 'buttons' }, ...this.#ways(answer)),
      ...answer.said.map((line) => make('p', { class: 'about' }, line)), make('p', { class: 'about' }, t('analysis.recorded', { made: answer.made.join(', ') })),
    );
    this.#outcome.hidden = false;
    told.textContent = text; // in a line that is there already it is read aloud
    this.#showColumns();
    this.#outcome.scrollIntoView({ block: 'nearest' });
  }

  /** The silhouette of each number of groups; each is a button that takes so many. @param {Answer} answer */
  #chart(answer) {
    const bars = barsOf(answer).map(({ k, value, share, chosen, proposed }) => {
      const name = t(proposed ? 'analysis.bar-proposed' : 'analysis.bar', { k, value: formatValue(Number(value.toFixed(2))) });
      const bar = button('', () => void this.#run(k), { 'aria-label': name, title: name, 'aria-pressed': String(chosen), class: proposed ? 'proposed' : '' });
      const column = make('span', { class: 'column' });
      column.style.setProperty('--share', String(share));
      // What is read aloud is the name: these are drawn.
      bar.append(make('span', { class: 'value', 'data-text': formatValue(Number(value.toFixed(2))) }), column, make('span', { class: 'k', 'data-text': String(k) }));
      return bar;
    });
    const sampled = answer.sampled ? ` ${t('analysis.sampled', { n: answer.sampled })}` : '';
    return make('figure', { class: 'silhouettes' }, make('div', { class: 'bars', role: 'group', 'aria-label': t('analysis.silhouettes') }, ...bars), make('figcaption', { class: 'about' }, t('analysis.why', { k: answer.proposed ?? 0 }) + sampled));
  }

  /** What one does with it: buttons. @param {Answer} answer */
  #ways({ method, made, outliers = [], near = [] }) {
    const { model } = this;
    const by = `column:${made[0]}`;
    const act = (/** @type {import('./text.js').Key} */ word, /** @type {() => void} */ run, first = false) => button(t(word), () => (this.#dialog.close(), run()), first ? { class: 'primary' } : {});
    const set = (/** @type {[string, any][]} */ ...registers) => model.room.set(registers, 'analysis-show');
    const grid = /** @type {[string, null]} */ (['layout/scatter', null]);
    const colour = act('analysis.colour', () => set(['colour', { ...PLAIN, by }]));
    const sort = (/** @type {boolean} */ descending) => act('analysis.sort', () => set(['sort', { by, descending }], ['group', null], grid), true);
    switch (method) {
      case 'kmeans':
        return [act('analysis.group', () => set(['group', { by }], grid), true), colour];
      case 'outliers':
        return [sort(true), colour, ...(outliers.length > 0 ? [act('analysis.select', () => model.select(outliers.map(({ tile }) => tile)))] : [])];
      case 'nearest':
        return [sort(false), colour, ...(near.length > 0 ? [act('analysis.select', () => model.select(near.map(({ tile }) => tile)))] : [])];
      default:
        return [act('analysis.scatter', () => set(['layout/scatter', { x: { by, log: false }, y: { by: `column:${made[1]}`, log: false }, size: 1 }]), true)];
    }
  }
}

/** @param {Analyse} analyse @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function analyseCommands(analyse, model) {
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange'), enabled: () => model.tiles.size > 0 };
  return [
    { ...common, id: 'analysis', label: () => t('analysis.command'), keys: ['Shift+A'], run: () => analyse.open() },
    ...METHODS.map((method) => ({ ...common, id: `analysis-${method}`, label: () => t('analysis.command-one', { what: t(`analysis.${method}`, { title: model.focused()?.title ?? '' }) }), run: () => analyse.open(method) })),
  ];
}
