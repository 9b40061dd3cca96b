/** The form of one case: its parameters, what its job asks for, what is wrong with either as `--set` says it, and the script. */

import { ApiError } from './api.js';
import { button, make, setText } from './dom.js';
import { Fields } from './fields.js';
import { fieldsOf, withoutSecrets } from './fields-schema.js';
import * as calls from './launch-calls.js';
import { dropDraft, keepDraft } from './launch-drafts.js';
import { TILES, jobFields, tilesField } from './launch-job.js';
import { commandLine, gresOf, partitionWords } from './launch-words.js';
import { command } from './command-line.js';
import { t } from './text.js';
import { newRequest } from './under-way.js';

const CHECK_MS = 350; // after the last letter

/**
 * @typedef {import('./fields.js').Problem} Problem
 * @typedef {object} Does
 * @property {(job: {id: string, tiles: number}) => void} launched
 * @property {(prepared: calls.Prepared) => void} prepared
 * @property {(set: calls.Given, tiles: string|null) => void} save
 */

export class LaunchForm {
  #params;
  #tiles = new Fields([tilesField()], { withKeys: true });
  /** @type {Fields[]} of the job: what one mostly asks for, and the rest */ #job = [];
  #jobPlace = make('div', {}, make('p', { class: 'small', role: 'status' }, t('launch.asking')));
  #said = make('p', { class: 'launch-said', role: 'status' });
  #whole = make('p', { class: 'wrong', role: 'alert' });
  #progress = make('progress', { 'aria-label': t('launch.progress'), hidden: '' });
  #line = make('div', { class: 'launch-line' });
  #note = make('p', { class: 'small' });
  #script = make('pre', { class: 'log', tabindex: '0', 'aria-label': t('launch.script') });
  #scriptPlace = make('details', { class: 'launch-script' }, make('summary', {}, t('launch.script')), this.#note, this.#script);
  #go = make('button', { type: 'submit', class: 'primary' }, t('launch.launch'));
  #prepare = button(t('launch.prepare'), () => void this.#busyWith(t('launch.preparing'), async (told, request) => this.does.prepared(await calls.prepare(this.of.name, ...this.asked, told, request))), { title: t('launch.prepare-title') });
  #cancel = button(t('case.cancel'), () => void calls.cancel(this.#request), { hidden: '' });
  #request = '';
  #busy = false;
  #over = false;
  #timer = 0;
  /** @type {AbortController|null} */ #asking = null;
  /** @type {calls.Partition[]} */ #partitions = [];

  /** @param {calls.Case} of @param {{set: Record<string, unknown>, tiles: string}} given @param {Does} does */
  constructor(of, given, does) {
    this.of = of;
    this.does = does;
    /** what the settings are not there yet for */ this.waiting = given.set;
    this.#params = new Fields(fieldsOf(of.parameters), { withKeys: true });
    this.#params.fill(pick(given.set, (key) => !key.includes('.')));
    this.#tiles.fill({ [TILES]: given.tiles });
    this.form = make('form', { class: 'launch-form', novalidate: '', 'aria-label': of.title });
    const own = make('fieldset', {}, make('legend', {}, t('launch.parameters')), this.#params.element, this.#tiles.element);
    const job = make('fieldset', {}, make('legend', {}, t('launch.job')), this.#jobPlace);
    const beside = make('aside', { class: 'launch-beside', 'aria-label': t('launch.what-is-launched') }, make('h3', {}, t('launch.same')), this.#line, this.#scriptPlace);
    const foot = make('footer', {}, this.#progress, this.#said, make('div', { class: 'buttons' }, this.#go, this.#prepare, this.#cancel, button(t('launch.save-as'), () => does.save(...this.asked))));
    this.form.append(make('div', { class: 'launch-columns' }, make('div', { class: 'launch-fields' }, make('p', { class: 'about' }, of.description), own, job), beside), this.#whole, foot);
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#launch();
    });
    this.#scriptPlace.open = matchMedia('(min-width: 52rem)').matches; // else it is far below
    this.#scriptPlace.addEventListener('toggle', () => this.#scriptPlace.open && this.#asking && this.#soon(0));
    for (const each of [this.#params, this.#tiles]) each.addEventListener('change', () => this.#changed());
    this.#show();
    void this.#offer();
  }

  /** Give the keyboard to the first field. */
  focus() {
    this.#params.fields.length > 0 ? this.#params.focus() : this.#tiles.focus();
  }

  /** Nothing of it is to be shown any more. */
  leave() {
    this.#over = true;
    this.#asking?.abort();
    clearTimeout(this.#timer);
  }

  /** What is asked for, as one sends it. @returns {[calls.Given, string|null]} */
  get asked() {
    const tiles = /** @type {string|undefined} */ (this.#tiles.given[TILES]);
    return [{ ...this.#params.given, ...(this.#job.length > 0 ? Object.assign({}, ...this.#job.map(({ given }) => given)) : pick(this.waiting, (key) => key.includes('.'))) }, tiles || null];
  }

  /** What is asked for and may be kept or shown. @returns {[calls.Given, string|null]} */
  get #open() {
    const [set, tiles] = this.asked;
    return [withoutSecrets(this.#params.fields, set), tiles];
  }

  /** Ask what the site offers; without an answer the form works on. */
  async #offer() {
    let offers;
    try {
      offers = await calls.offers();
    } catch (error) {
      this.#jobPlace.replaceChildren(make('p', { class: 'wrong' }, t('launch.no-offers', { why: /** @type {Error} */ (error).message })));
      return this.#soon(0);
    }
    if (this.#over) return;
    this.#partitions = offers.partitions;
    const { first, more } = jobFields(offers);
    const shown = [new Fields(first, { withKeys: true }), new Fields(more, { withKeys: true })];
    const settings = pick(this.waiting, (key) => key.includes('.'));
    const rest = pick(settings, (key) => !first.some((each) => each.key === key));
    shown[0].fill(pick(settings, (key) => !(key in rest)));
    shown[1].fill(rest);
    this.#job = shown;
    shown[0].offer('job.account', offers.accounts.map(plain));
    shown[1].offer('job.account', offers.accounts.map(plain));
    shown[1].offer('job.qos', offers.qos.map(plain));
    shown[1].offer('job.reservation', offers.reservations.map(({ name }) => plain(name)));
    for (const each of shown) each.addEventListener('change', () => this.#changed());
    const words = offers.scheduler === 'local' ? t('launch.here', { what: this.#partitions[0] ? partitionWords(this.#partitions[0]) : '' }) : t('launch.there', { scheduler: offers.scheduler });
    const details = make('details', { class: 'launch-more' }, make('summary', {}, t('launch.more')), shown[1].element);
    details.open = Object.keys(rest).length > 0;
    this.#jobPlace.replaceChildren(make('p', { class: 'small' }, words), ...(offers.error ? [make('p', { class: 'wrong warning' }, offers.error)] : []), shown[0].element, details);
    this.#noteOffers();
    this.#show();
    this.#soon(0);
  }

  /** Say what the partition that is chosen has. */
  #noteOffers() {
    const name = this.#job[0]?.typed.get('job.partition') ?? '';
    const meant = this.#partitions.filter((each) => (name === '' ? each.default : name.split(',').includes(each.name)));
    this.#job[0]?.note('job.partition', meant.map(partitionWords).join('; '));
    for (const each of this.#job) each.offer('job.gres', gresOf(meant.length > 0 ? meant : this.#partitions).map(plain));
  }

  #changed() {
    this.#noteOffers();
    this.#show();
    this.#soon(CHECK_MS);
    const [set, tiles] = this.#open;
    keepDraft(this.of.name, { set, tiles: tiles ?? '' });
  }

  /** Show what one would type. */
  #show() {
    this.#line.replaceChildren(command(commandLine(this.of.name, ...this.#open)));
  }

  /** @param {number} wait in milliseconds */
  #soon(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check().catch((error) => this.#say(/** @type {Error} */ (error).message, true)), wait);
  }

  /** Ask what is wrong and show it; return how much is. Of two that are asked, the later counts. */
  async #check() {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    let answer;
    try {
      answer = await calls.check(this.of.name, ...this.asked, this.#scriptPlace.open, asking.signal);
    } catch (error) {
      if (asking.signal.aborted) return -1;
      throw error;
    }
    if (this.#over || this.#asking !== asking) return -1;
    this.#tell(answer.problems, answer.warnings);
    setText(this.#note, answer.note);
    setText(this.#script, answer.preview);
    this.#script.hidden = answer.preview === '';
    this.#note.hidden = answer.note === '';
    if (answer.problems.length > 0) {
      setText(this.#note, t('launch.no-script'));
      this.#note.hidden = false;
    }
    return answer.problems.length;
  }

  /** @param {Problem[]} problems @param {Problem[]} warnings */
  #tell(problems, warnings) {
    const all = [...problems, ...warnings.map((each) => ({ ...each, warning: true }))];
    const rest = [this.#params, this.#tiles, ...this.#job].reduce((left, each) => each.tell(left), all);
    setText(this.#whole, rest.map(({ text }) => text).join(' '));
    this.#whole.classList.toggle('warning', rest.every(({ warning }) => warning));
    if (!this.#busy) this.#say(problems.length > 0 ? t('launch.wrong', { n: problems.length }) : '', problems.length > 0);
  }

  async #launch() {
    await this.#busyWith(t('launch.launching'), async (told, request) => {
      const job = await calls.launch(this.of.name, ...this.asked, told, request);
      dropDraft(this.of.name);
      this.leave();
      this.does.launched(job);
    });
  }

  /** Do something long, once nothing is wrong; say how far it is, or since when. @param {string} what @param {(told: (far: calls.Far) => void, request: string) => Promise<void>} work */
  async #busyWith(what, work) {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    for (const each of [this.#go, this.#prepare]) each.setAttribute('aria-disabled', 'true');
    const began = Date.now();
    let far = '';
    const doing = () => this.#say([Date.now() - began < 2000 ? what : t('launch.since', { what, n: Math.floor((Date.now() - began) / 1000) }), far].filter(Boolean).join(' '));
    const told = (/** @type {calls.Far} */ { fraction, text }) => {
      far = text;
      if (fraction > 0) this.#progress.value = fraction;
      doing();
    };
    const timer = setInterval(doing, 1000);
    this.#progress.hidden = false;
    this.#progress.removeAttribute('value');
    doing();
    let said = '';
    let wrong = 0;
    try {
      wrong = await this.#check();
      if (wrong === 0) {
        this.#request = newRequest();
        this.#cancel.hidden = false;
        await work(told, this.#request);
      } else if (wrong > 0) said = t('launch.wrong', { n: wrong });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      said = error.message;
    } finally {
      clearInterval(timer);
      this.#busy = false;
      this.#progress.hidden = this.#cancel.hidden = true;
      for (const each of [this.#go, this.#prepare]) each.removeAttribute('aria-disabled');
      this.#say(said, said !== '');
    }
    if (wrong > 0) [this.#params, this.#tiles, ...this.#job].some((each) => each.focusWrong());
  }

  /** @param {string} text @param {boolean} [problem] */
  #say(text, problem = false) {
    setText(this.#said, text);
    this.#said.classList.toggle('problem', problem);
  }
}

/** @param {Record<string, unknown>} given @param {(key: string) => boolean} wanted @returns {Record<string, unknown>} */
const pick = (given, wanted) => Object.fromEntries(Object.entries(given).filter(([key]) => wanted(key)));

/** @param {string} value */
const plain = (value) => ({ value, words: value });
