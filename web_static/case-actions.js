/**
 * The actions of a case: its buttons, for a tile, the selected ones or all; progress, and what came of each tile.
 *
 * @typedef {import('./api.js').CaseAction} CaseAction
 * @typedef {import('./api.js').Result} Result
 */

import { caseAct, caseActions } from './api.js';
import { button, make, setText } from './dom.js';
import { t } from './text.js';
import { Turns } from './turns.js';
import { resultsTable } from './work-results.js';

const AT_ONCE = 4; // tiles that are acted on at a time

/** @type {Record<string, string>} a sign for each word that a case may say; a word unknown to this release has none */
const SIGNS = { act: '▸', restart: '↻', save: '⤓', look: '◉', count: '№', stop: '■' };

export class CaseActions {
  #dialog = make('dialog', { class: 'work', 'aria-labelledby': 'case-actions-title' });
  #title = make('h2', { id: 'case-actions-title' });
  #buttons = make('div', { class: 'buttons', role: 'group', 'aria-label': t('case.actions') });
  #some = make('p', { class: 'about' });
  #question = make('div', { class: 'question', role: 'alert' });
  #progress = make('progress', { 'aria-label': t('case.progress') });
  #cancel = button(t('case.cancel'), () => this.#turns?.cancel());
  #said = make('p', { class: 'said', role: 'status' });
  #results = make('div', { class: 'results' });
  /** @type {Turns<number[], Result[]>|null} what is under way */ #turns = null;
  /** @type {number[]} */ #ids = [];

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    const close = button(t('page.close'), () => this.#dialog.close());
    this.#dialog.append(make('header', {}, this.#title, close), this.#buttons, this.#some, this.#question, this.#progress, this.#cancel, this.#said, this.#results);
    this.#question.hidden = this.#progress.hidden = this.#cancel.hidden = true;
    document.body.append(this.#dialog);
  }

  /** Show what can be done with tiles: those selected, else all, unless it is said which. @param {number[]} [ids] */
  open(ids) {
    const { model } = this;
    if (!this.#dialog.open) this.#dialog.showModal();
    if (this.#turns) return; // what is under way is shown until its end
    this.#ids = ids ?? (model.chosen.size > 0 ? model.order.filter((id) => model.chosen.has(id)) : [...model.order]);
    const [first] = this.#ids;
    setText(this.#title, this.#ids.length === 1 ? t('case.of-one', { title: model.tiles.get(first)?.title ?? '' }) : t('case.of', { n: this.#ids.length }));
    this.#buttons.replaceChildren();
    setText(this.#some, '');
    this.#results.replaceChildren();
    this.#question.hidden = true;
    this.#say(this.#ids.length > 0 ? t('case.asks') : t('case.none'));
    if (this.#ids.length > 0) void this.#offer(this.#ids);
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
    made.append(...sign, action.title);
    return made;
  }

  /** Do it, or ask first where the case wants that. @param {CaseAction} action */
  #ask(action) {
    if (!action.confirm) return void this.#run(action);
    const yes = button(action.title, () => void this.#run(action), { class: 'primary' });
    const no = button(t('case.no'), () => (this.#question.hidden = true));
    this.#question.replaceChildren(make('p', {}, action.confirm), make('div', { class: 'buttons' }, yes, no));
    this.#question.hidden = false;
    yes.focus();
  }

  /** @param {CaseAction} action */
  async #run(action) {
    if (this.#turns) return;
    const tiles = action.tiles.map((id) => ({ id, title: this.model.tiles.get(id)?.title ?? String(id) }));
    /** @type {Result[]} */ const results = [];
    const table = resultsTable(tiles);
    const tell = (/** @type {Result[]} */ found) => {
      results.push(...found);
      found.forEach(table.show);
    };
    const shares = action.each === 'tile' ? action.tiles.map((id) => [id]) : [action.tiles];
    const turns = new Turns(shares, (ids) => act(ids, action.name), {
      atOnce: AT_ONCE,
      told: (_, found) => {
        tell(found);
        this.#progress.value = results.length;
      },
    });
    this.#turns = turns;
    this.#busy(true, tiles.length);
    this.#say(t('case.under-way', { title: action.title }));
    this.#results.replaceChildren(table.element);
    await turns.run();
    this.#turns = null;
    this.#busy(false);
    const bad = results.filter(({ error }) => error).length;
    const missing = tiles.length - results.length;
    const begun = new Set(results.map(({ tile }) => tile));
    tell(action.tiles.filter((id) => !begun.has(id)).map((tile) => ({ tile, error: t('case.cancelled') })));
    const parts = [t('case.done', { n: tiles.length - bad - missing, all: tiles.length }), bad ? t('case.bad', { n: bad }) : '', missing ? t('case.left', { n: missing }) : ''];
    this.#say(parts.filter(Boolean).join(' '), bad > 0);
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

/** Do an action, and make of a portal that does not answer a result for each tile. @param {number[]} ids @param {string} name @returns {Promise<Result[]>} */
async function act(ids, name) {
  try {
    return await caseAct(ids, name);
  } catch (error) {
    return ids.map((tile) => ({ tile, error: /** @type {Error} */ (error).message }));
  }
}

/** The panel's button, for the tile in focus. @param {import('./model.js').Model} model @param {CaseActions} actions */
export function caseActionsButton(model, actions) {
  const made = button(t('case.open'), () => model.focus !== null && actions.open([model.focus]), { class: 'case-actions' });
  const refresh = () => (made.hidden = model.focus === null || !model.takesInput(model.focus));
  for (const type of ['focus', 'tiles', 'wall', 'me']) model.addEventListener(type, refresh);
  refresh();
  return made;
}

/** @param {CaseActions} actions @returns {import('./commands.js').Command[]} */
export const caseActionCommands = (actions) => [
  { id: 'case-actions', label: () => t('command.case-actions'), group: 'work', needs: 'operate', run: () => actions.open() },
];
