/** The page of who did what: of a project for its owners, of all for who administers the portal. */

import { call } from './api.js';
import { roleWords, whenWords } from './desk-words.js';
import { button, make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {{id: string, time: number, who: string, way: string, role: string, token: string|null, address: string, verb: string, session: string, tiles: number[], of?: number, what: Record<string, unknown>, outcome: string, failed: number, error: string}} Entry */

const PAGE = 50;
const WAIT_MS = 300; // after the last letter
const OUTCOMES = /** @type {const} */ (['done', 'failed', 'refused', 'begun', 'broken off']);

export class AuditPage {
  #who = make('input', { type: 'search', 'aria-label': t('audit.who'), placeholder: t('audit.who'), autocomplete: 'off', maxlength: '80' });
  #verb = make('input', { type: 'search', 'aria-label': t('audit.what'), placeholder: t('audit.what'), autocomplete: 'off', maxlength: '40' });
  #outcome = make('select', { 'aria-label': t('audit.outcome') }, make('option', { value: '' }, t('audit.any')), ...OUTCOMES.map((each) => make('option', { value: each }, outcomeWords(each))));
  #tools = [this.#who, this.#verb, make('span', { class: 'select' }, this.#outcome)];
  #timer = 0;

  /** @param {import('./people-calls.js').Project|null} project null: all that was done in the portal */
  constructor(project) {
    this.project = project;
    this.title = project ? t('audit.title', { name: project.name }) : t('audit.title-all');
  }

  /** @param {Desk} desk */
  async show(desk) {
    const again = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void desk.refresh(), WAIT_MS);
    };
    for (const control of [this.#who, this.#verb, this.#outcome]) control.oninput = again;
    let { rows, before } = await this.#ask('');
    const body = make('tbody', {}, ...(rows.length > 0 ? rows : [make('tr', {}, make('td', { colspan: '6', class: 'none' }, t('audit.none')))]));
    const more = button(t('audit.more'), async () => {
      if (more.ariaBusy) return; // the same ones are asked for already
      more.ariaBusy = 'true';
      await desk.try(async () => {
        ({ rows, before } = await this.#ask(before));
        body.append(...rows);
        more.hidden = before === '';
      });
      more.ariaBusy = null;
    });
    more.hidden = before === '';
    const heads = [t('audit.when'), t('audit.who'), t('audit.what'), t('audit.to'), t('audit.outcome'), t('audit.from')].map((words) => make('th', { scope: 'col' }, words));
    const table = make('table', { class: 'desk-audit' }, make('caption', {}, this.title), make('thead', {}, make('tr', {}, ...heads)), body);
    return { tools: this.#tools, content: [make('div', { class: 'desk-wide', tabindex: '0', role: 'region', 'aria-label': this.title }, table), make('div', { class: 'buttons' }, more)] };
  }

  /** @param {string} before the last one that stands there; '': from the newest on @returns {Promise<{rows: HTMLElement[], before: string}>} */
  async #ask(before) {
    const asked = { before, limit: String(PAGE), who: this.#who.value.trim(), verb: this.#verb.value.trim(), outcome: this.#outcome.value };
    const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
    const path = this.project ? `/projects/${this.project.id}/audit` : '/audit';
    const found = await call('GET', `${path}?${new URLSearchParams(given)}`);
    return { rows: found.entries.map((/** @type {Entry} */ entry) => rowOf(entry)), before: found.before };
  }
}

/** @param {string} outcome */
function outcomeWords(outcome) {
  const key = /** @type {import('./text.js').Key} */ (`audit.${outcome.replace(' ', '-')}`);
  const words = t(key);
  return words === key ? outcome : words;
}

/** Return what something was done to, in a line. Pure. @param {Entry} entry */
export function toWords({ session, tiles, of, what }) {
  const number = of || tiles.length;
  const more = Object.entries(what).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const named = number > 0 ? [number <= 3 ? t('audit.tiles', { n: number, tiles: tiles.join(', ') }) : t('audit.many', { n: number })] : [];
  return [...(session ? [session] : []), ...named, ...more].join(' · ');
}

/** @param {Entry} entry */
function rowOf(entry) {
  const { time, who, role, token, verb, outcome, error, address } = entry;
  const by = [...(token ? [t('audit.token', { name: token })] : []), ...(role ? [roleWords(role)] : [])].join(' · ');
  const cell = (/** @type {string} */ text, /** @type {string} */ small = '') => make('td', {}, text, ...(small ? [make('span', { class: 'small' }, small)] : []));
  return make('tr', { class: outcome === 'done' || outcome === 'begun' ? '' : 'bad' }, cell(whenWords(time)), cell(who, by), cell(verb), cell(toWords(entry)), cell(outcomeWords(outcome), error), cell(address));
}
