/**
 * The actions of a case: its buttons, for a tile, the selected ones or all; what an action asks for; progress, cancelling,
 * and what came of each tile.
 *
 * @typedef {import('./api.js').CaseAction} CaseAction
 * @typedef {import('./api.js').Result} Result
 */

import { ApiError, caseActions } from './api.js';
import { Act } from './case-act.js';
import { button, make, setText } from './dom.js';
import { Fields } from './fields.js';
import { fieldsOf } from './fields-schema.js';
import { t } from './text.js';
import { resultsTable } from './work-results.js';

/** @type {Record<string, string>} a sign for each word that a case may say; a word unknown to this release has none */
const SIGNS = { act: '▸', restart: '↻', save: '⤓', look: '◉', count: '№', stop: '■', camera: '◎', colour: '◐', level: '≈', table: '▦' };

/** As the portal says it of a tile. @param {string} error */
const isCancelled = (error) => /\bcancelled$/.test(error);

export class CaseActions {
  #dialog = make('dialog', { class: 'work', 'aria-labelledby': 'case-actions-title' });
  #title = make('h2', { id: 'case-actions-title' });
  #buttons = make('div', { class: 'buttons', role: 'group', 'aria-label': t('case.actions') });
  #some = make('p', { class: 'about' });
  #question = make('form', { class: 'question', novalidate: '', hidden: '' });
  #progress = make('progress', { 'aria-label': t('case.progress') });
  #cancel = button(t('case.cancel'), () => {
    this.#say(t('case.cancelling'));
    void this.#act?.cancel();
  });
  #said = make('p', { class: 'said', role: 'status' });
  #results = make('div', { class: 'results' });
  /** @type {Act|null} what is under way */ #act = null;
  /** @type {number[]} */ #ids = [];
  /** @type {Map<string, Record<string, unknown>>} what was chosen last, by case and action */ #chosen = new Map();

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    const close = button(t('page.close'), () => this.#dialog.close());
    this.#dialog.append(make('header', {}, this.#title, close), this.#buttons, this.#some, this.#question, this.#progress, this.#cancel, this.#said, this.#results);
    this.#progress.hidden = this.#cancel.hidden = true;
    this.#dialog.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key !== 'Escape' || this.#question.hidden) return;
      event.preventDefault(); // back to the buttons first
      this.#leave();
    });
    document.body.append(this.#dialog);
  }

  /** Show what can be done with tiles: those selected, else all, unless it is said which. @param {number[]} [ids] */
  open(ids) {
    const { model } = this;
    if (!this.#dialog.open) this.#dialog.showModal();
    if (this.#act) return; // what is under way is shown until its end
    this.#ids = ids ?? (model.chosen.size > 0 ? model.order.filter((id) => model.chosen.has(id)) : [...model.order]);
    const [first] = this.#ids;
    setText(this.#title, this.#ids.length === 1 ? t('case.of-one', { title: this.#titleOf(first) }) : t('case.of', { n: this.#ids.length }));
    this.#buttons.replaceChildren();
    setText(this.#some, '');
    this.#results.replaceChildren();
    this.#question.hidden = true;
    this.#say(this.#ids.length > 0 ? t('case.asks') : t('case.none'));
    if (this.#ids.length > 0) void this.#offer(this.#ids);
  }

  /** @param {number} id */
  #titleOf(id) {
    return this.model.tiles.get(id)?.title ?? String(id);
  }

  /** @param {number[]} ids */
  async #offer(ids) {
    try {
      const { actions, errors } = await caseActions(ids);
      if (ids !== this.#ids) return;
      this.#buttons.replaceChildren(...actions.map((action) => this.#button(action)));
      const live = ids.filter((id) => this.model.tiles.get(id)?.state === 'live').length;
      setText(this.#some, actions.length > 0 && live < ids.length ? t('case.some', { n: live, all: ids.length }) : '');
      this.#say(errors.join(' ') || (actions.length > 0 ? '' : t('case.none')), errors.length > 0);
      /** @type {HTMLElement|null} */ (this.#buttons.firstElementChild)?.focus();
    } catch (error) {
      if (ids === this.#ids) this.#say(/** @type {Error} */ (error).message, true);
    }
  }

  /** @param {CaseAction} action */
  #button(action) {
    const sign = action.icon in SIGNS ? [make('span', { 'aria-hidden': 'true' }, `${SIGNS[action.icon]} `)] : [];
    const made = button('', () => this.#ask(action), { title: t(action.each === 'tile' ? 'case.each' : 'case.once', { n: action.tiles.length }) });
    made.append(...sign, action.title, ...(action.parameters ? [' …'] : []));
    return made;
  }

  /** Do it; or ask first, for what it takes, for who leads, and where the case wants that. @param {CaseAction} action */
  #ask(action) {
    const fields = action.parameters ? new Fields(fieldsOf(action.parameters)) : null;
    const leader = action.leader && action.tiles.length > 1 ? this.#leaderField(action.tiles) : null;
    if (!fields && !leader && !action.confirm) return void this.#run(action, action.tiles, {});
    const key = `${action.case} ${action.name}`;
    fields?.fill(this.#chosen.get(key) ?? {});
    const said = make('p', { class: 'wrong', role: 'alert' });
    const yes = make('button', { type: 'submit', class: 'primary' }, action.title);
    const no = button(t('case.no'), () => this.#leave());
    this.#question.onsubmit = (event) => {
      event.preventDefault();
      const first = leader ? Number(leader.select.value) : action.tiles[0];
      const given = fields?.given ?? {};
      this.#chosen.set(key, fields?.open ?? {});
      void this.#run(action, [first, ...action.tiles.filter((id) => id !== first)], given, (why) => setText(said, wrongIn(fields, why)));
    };
    this.#question.replaceChildren(...(fields ? [fields.element] : []), ...(leader ? [leader.element] : []), ...(action.confirm ? [make('p', {}, action.confirm)] : []), said, make('div', { class: 'buttons' }, yes, no));
    this.#question.setAttribute('aria-label', action.title);
    this.#question.hidden = false;
    this.#say('');
    if (fields) fields.focus();
    else if (leader) leader.select.focus();
    else yes.focus();
  }

  /** The tile whose state the others take: the one in focus, if it is among them. @param {number[]} tiles */
  #leaderField(tiles) {
    const { focus } = this.model;
    const select = make('select', { id: 'case-leader', 'aria-describedby': 'case-leader-help' }, ...tiles.map((id) => make('option', { value: String(id) }, this.#titleOf(id))));
    select.value = String(focus !== null && tiles.includes(focus) ? focus : tiles[0]);
    const element = make('div', { class: 'field-row of-choice' }, make('div', { class: 'field-head' }, make('label', { for: 'case-leader' }, t('case.leader'))), make('div', { class: 'field-control' }, select), make('p', { class: 'small', id: 'case-leader-help' }, t('case.leader-help')));
    return { element, select };
  }

  /** Back from a question to the buttons. */
  #leave() {
    this.#question.hidden = true;
    this.#buttons.querySelector('button')?.focus();
  }

  /** @param {CaseAction} action @param {number[]} ids a leader first @param {Record<string, unknown>} given @param {(why: ApiError) => void} [refused] */
  async #run(action, ids, given, refused) {
    if (this.#act) return;
    const tiles = action.tiles.map((id) => ({ id, title: this.#titleOf(id) }));
    const table = resultsTable(tiles);
    const act = new Act((far) => {
      for (const { tile, fraction, text, state } of far) table.far(tile, text || t(state === 'waits' ? 'case.waits' : state === 'done' ? 'work.result-done' : 'work.under-way'), state === 'runs' && fraction > 0 ? fraction : null);
      this.#progress.value = far.reduce((sum, { fraction, state }) => sum + (state === 'done' || state === 'failed' ? 1 : fraction), 0);
    });
    this.#act = act;
    this.#busy(true, tiles.length);
    this.#say(t('case.under-way', { title: action.title }));
    this.#results.replaceChildren(table.element);
    /** @type {Result[]} */ let results;
    try {
      results = await act.run(ids, action.name, given);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#act = null;
      this.#busy(false);
      this.#results.replaceChildren();
      if (refused && error.status >= 400 && error.status < 500) {
        this.#say('');
        this.#question.hidden = false;
        refused(error);
        if (!this.#question.querySelector('[aria-invalid=true]')) this.#question.querySelector('button')?.focus();
      } else this.#say(error.message, true);
      return;
    }
    this.#act = null;
    this.#busy(false);
    const known = new Set(results.map(({ tile }) => tile));
    const all = [...results, ...ids.filter((id) => !known.has(id)).map((tile) => ({ tile, error: t('work.no-answer') }))];
    const left = all.filter(({ error }) => act.cancelled && isCancelled(error)).length;
    const bad = all.filter(({ error }) => error).length - left;
    for (const each of all) table.show(act.cancelled && isCancelled(each.error) ? { ...each, error: t('case.cancelled') } : each);
    this.#say([t('case.done', { n: all.length - bad - left, all: all.length }), bad ? t('case.bad', { n: bad }) : '', left ? t('case.left', { n: left }) : ''].filter(Boolean).join(' '), bad > 0);
  }

  /** @param {boolean} yes @param {number} [most] */
  #busy(yes, most = 1) {
    this.#progress.max = most;
    this.#progress.value = 0;
    this.#progress.hidden = this.#cancel.hidden = !yes;
    this.#question.hidden = true;
    for (const each of this.#buttons.querySelectorAll('button')) each.disabled = yes;
    if (yes) this.#cancel.focus();
    else this.#buttons.querySelector('button')?.focus();
  }

  /** @param {string} text @param {boolean} [problem] */
  #say(text, problem = false) {
    setText(this.#said, text);
    this.#said.classList.toggle('problem', problem);
  }
}

/** Say beside each field what is wrong with it; return what belongs to none. @param {Fields|null} fields @param {ApiError} why */
function wrongIn(fields, { message, answer }) {
  const rest = fields?.tell(answer?.problems ?? [{ key: '', text: message }]) ?? [{ text: message }];
  fields?.focusWrong();
  return rest.map(({ text }) => text).join(' ');
}

/** The panel's button, for the tile in focus. @param {import('./model.js').Model} model @param {CaseActions} actions */
export function caseActionsButton(model, actions) {
  const made = button(t('case.open'), () => model.focus !== null && actions.open([model.focus]), { class: 'case-actions' });
  const refresh = () => (made.hidden = model.focus === null || !model.takesInput(model.focus) || !model.may('act'));
  for (const type of ['focus', 'tiles', 'wall', 'me']) model.addEventListener(type, refresh);
  refresh();
  return made;
}

/** Some actions a case allows to those who may only look: the portal offers each what is theirs. @param {CaseActions} actions @returns {import('./commands.js').Command[]} */
export const caseActionCommands = (actions) => [
  { id: 'case-actions', label: () => t('command.case-actions'), group: 'work', needs: 'all', run: () => actions.open() },
];
