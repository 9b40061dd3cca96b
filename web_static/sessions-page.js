/** The page of sessions: those that one is in, by project; to open, make, copy, rename, archive and delete them. */

import { named, part, listOf, row } from './desk.js';
import { lostWords, roleWords, sessionFacts } from './desk-words.js';
import { button, make } from './dom.js';
import { goTo } from './here.js';
import * as calls from './people-calls.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./people-calls.js').Session} Session */
/** @typedef {import('./people-calls.js').Project} Project */

const SEARCH_MS = 200; // after the last letter
const TITLE_MOST = 80;
const FIRST = 'main'; // the key of the one that is never deleted

const byTitle = (/** @type {Session} */ a, /** @type {Session} */ b) => a.title.localeCompare(b.title);

export class SessionsPage {
  title = t('sessions.title');
  #search = make('input', { type: 'search', 'aria-label': t('sessions.search'), placeholder: t('sessions.search'), autocomplete: 'off', maxlength: '100' });
  #archived = make('input', { type: 'checkbox' });
  /** @type {HTMLElement[]} */ #tools;
  #timer = 0;

  /**
   * @param {import('./model.js').Model} model
   * @param {{project: (desk: Desk, project: Project) => void, more: (desk: Desk) => HTMLElement[]}} does  project: opens its page; more: what else is offered beside the search
   */
  constructor(model, does) {
    this.model = model;
    this.does = does;
    this.#tools = [this.#search, make('label', { class: 'desk-check' }, this.#archived, t('sessions.with-archived'))];
  }

  /** @param {Desk} desk */
  async show(desk) {
    this.#search.oninput = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void desk.refresh(), SEARCH_MS);
    };
    this.#archived.onchange = () => void desk.refresh();
    const { who } = this.model.me;
    const [found, projects] = await Promise.all([calls.sessions(this.#search.value.trim(), this.#archived.checked ? 'all' : 'no'), who?.guest ? [] : calls.projects()]);
    if (this.#tools.length === 2) this.#tools.push(...this.does.more(desk));
    const other = found.filter(({ project }) => !projects.some(({ id }) => id === project));
    const parts = projects.map((project) => this.#project(desk, project, found.filter((each) => each.project === project.id)));
    if (other.length > 0) parts.push(part(t('sessions.invited'), listOf(t('sessions.invited'), other.sort(byTitle).map((each) => this.#row(desk, each)), '')));
    if (parts.length === 0) parts.push(make('p', { class: 'none' }, t('sessions.nowhere')));
    return { tools: this.#tools, content: parts };
  }

  /** @param {Desk} desk @param {Project} project @param {Session[]} sessions */
  #project(desk, project, sessions) {
    const may = (/** @type {import('./me.js').Right} */ right) => project.rights.includes(right);
    const name = project.name;
    const does = [
      ...(may('host') ? [named(t('sessions.new'), t('sessions.new-in', { name }), () => this.#new(desk, project))] : []),
      ...(may('read') ? [named(t('sessions.project'), t('sessions.project-of', { name }), () => this.does.project(desk, project))] : []),
    ];
    const facts = [roleWords(project.role), t('sessions.members', { n: project.members })].join(' · ');
    const head = make('div', { class: 'desk-head' }, make('h3', {}, name), make('span', { class: 'small' }, facts), make('div', { class: 'buttons' }, ...does));
    const none = this.#search.value ? t('sessions.none-found') : t('sessions.none');
    return make('section', { class: 'desk-part', 'aria-label': name }, head, listOf(name, sessions.sort(byTitle).map((each) => this.#row(desk, each)), none));
  }

  /** @param {Desk} desk @param {Session} session */
  #row(desk, session) {
    const { key, title, archived } = session;
    const may = (/** @type {import('./me.js').Right} */ right) => session.rights.includes(right);
    const here = key === this.model.me.session;
    const open = named(title, t(here ? 'sessions.open-here' : 'sessions.open', { title }), () => (here ? desk.close() : goTo(key)));
    open.classList.add('desk-open');
    if (here) open.setAttribute('aria-current', 'true');
    const marks = [...(here ? [make('span', { class: 'desk-mark' }, t('sessions.here'))] : []), ...(archived ? [make('span', { class: 'desk-mark' }, t('sessions.is-archived'))] : [])];
    const host = may('host') && !session.chosen;
    const does = [
      ...(host ? [named(t('sessions.rename'), t('sessions.rename-name', { title }), () => this.#rename(desk, session)), named(t('sessions.copy'), t('sessions.copy-name', { title }), () => this.#copy(desk, session))] : []),
      ...(host ? [archived ? named(t('sessions.back'), t('sessions.back-name', { title }), () => void desk.do(() => calls.archiveSession(key, false), t('sessions.did-back', { title }))) : named(t('sessions.archive'), t('sessions.archive-name', { title }), () => void desk.do(() => calls.archiveSession(key, true), t('sessions.did-archive', { title })))] : []),
      ...(may('manage') && !session.chosen && key !== FIRST ? [named(t('sessions.delete'), t('sessions.delete-name', { title }), () => void desk.try(() => this.#delete(desk, session)))] : []),
    ];
    return row(make('span', { class: 'desk-name' }, open, ...marks), session.chosen ? [t('sessions.chosen', { n: session.tiles })] : sessionFacts(session), does);
  }

  /** @param {Desk} desk @param {Project} project */
  #new(desk, project) {
    desk.ask(t('sessions.new-in', { name: project.name }), [titleField('')], t('sessions.make'), async ({ title }) => {
      goTo((await calls.newSession(project.id, title.trim())).key);
    });
  }

  /** @param {Desk} desk @param {Session} session */
  #rename(desk, { key, title: before }) {
    desk.ask(t('sessions.rename-name', { title: before }), [titleField(before)], t('sessions.rename'), async ({ title }) => {
      await calls.renameSession(key, title.trim());
      return t('sessions.did-rename', { title: title.trim() });
    });
  }

  /** @param {Desk} desk @param {Session} session */
  #copy(desk, { key, title: before }) {
    desk.ask(t('sessions.copy-name', { title: before }), [titleField(t('sessions.copy-title', { title: before }))], t('sessions.copy'), async ({ title }) => {
      await calls.copySession(key, title.trim());
      return t('sessions.did-copy', { title: title.trim() });
    }, make('p', { class: 'small' }, t('sessions.copy-about')));
  }

  /** Ask, with what goes. @param {Desk} desk @param {Session} session */
  async #delete(desk, { key, title }) {
    const { loses } = await calls.session(key);
    const words = [t('sessions.delete-about'), lostWords(loses)].filter(Boolean);
    desk.ask(t('sessions.delete-ask', { title }), [], t('sessions.delete'), async () => {
      await calls.deleteSession(key);
      if (key === this.model.me.session) goTo('');
      return t('sessions.did-delete', { title });
    }, ...words.map((line) => make('p', {}, line)));
  }
}

/** @param {string} value @returns {import('./ask.js').Field} */
const titleField = (value) => ({ name: 'title', label: t('sessions.name'), value, maxlength: TITLE_MOST });

/** What makes a project: for who administers the portal. @param {Desk} desk */
export const newProjectButton = (desk) =>
  button(t('project.new'), () => desk.ask(t('project.new'), [{ name: 'name', label: t('project.name'), maxlength: TITLE_MOST }], t('sessions.make'), async ({ name }) => {
    const made = await calls.newProject(name.trim());
    return t('project.did-new', { name: made.name });
  }, make('p', { class: 'small' }, t('project.new-about'))));
