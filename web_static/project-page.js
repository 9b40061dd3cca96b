/** The page of a project: who is a member and what each may do, and what becomes of the project itself. */

import { named, part, listOf, row } from './desk.js';
import { lostWords, roleWords, whenWords } from './desk-words.js';
import { button, make } from './dom.js';
import { goTo } from './here.js';
import * as calls from './people-calls.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./people-calls.js').Member} Member */

export class ProjectPage {
  /**
   * @param {import('./people-calls.js').Project} project
   * @param {{audit: (desk: Desk) => void}} does  audit: opens who did what, for its owners
   */
  constructor(project, { audit }) {
    this.project = project;
    this.title = t('project.title', { name: project.name });
    this.audit = audit;
  }

  /** @param {Desk} desk */
  async show(desk) {
    const { members, roles, shell } = await calls.members(this.project.id);
    const may = (/** @type {import('./me.js').Right} */ right) => this.project.rights.includes(right);
    const rows = members.map((member) => this.#row(desk, member, roles, shell));
    const add = may('manage') && roles.length > 0 ? this.#adding(desk, roles) : null;
    const table = make('details', { class: 'desk-table' }, make('summary', {}, t('project.who-may')), rolesTable());
    const does = [
      ...(may('own') ? [button(t('audit.open'), () => this.audit(desk))] : []),
      ...(may('own') ? [button(t('project.rename'), () => this.#rename(desk))] : []),
      ...(members.some(({ you }) => you) ? [button(t('project.leave'), () => this.#leave(desk))] : []),
      ...(may('own') && !this.project.first ? [button(t('project.delete'), () => this.#delete(desk))] : []),
    ];
    const title = t('project.members', { n: members.length });
    return { tools: [], content: [part(title, listOf(title, rows, ''), add, table), ...(does.length > 0 ? [part(t('project.self'), make('div', { class: 'buttons' }, ...does))] : [])] };
  }

  /** @param {Desk} desk @param {Member} member @param {string[]} roles @param {string} shell */
  #row(desk, member, roles, shell) {
    const { person, display, way, name, role, operate, you, may } = member;
    const id = this.project.id;
    const marks = [...(you ? [make('span', { class: 'desk-mark' }, t('project.you'))] : []), ...(operate || role === 'owner' ? [make('span', { class: 'desk-mark' }, t('project.operates'))] : [])];
    const known = display === name ? way : `${name} · ${way}`;
    const state = member.state && member.state !== 'active' ? t('admin.state', { state: stateWords(member.state) }) : '';
    const facts = [[known, t('project.since', { at: whenWords(member.added) }), ...(state ? [state] : [])].join(' · ')];
    const does = [];
    if (may.includes('role')) does.push(...this.#role(desk, member, roles));
    else does.push(make('span', { class: 'desk-role' }, roleWords(role)));
    if (may.includes('operate')) {
      if (operate) does.push(named(t('project.operate-take'), t('project.operate-take-name', { name: display }), () => void desk.do(() => calls.setOperate(id, person, false), t('project.did-take', { name: display }))));
      else does.push(named(t('project.operate'), t('project.operate-name', { name: display }), () => this.#operate(desk, member, shell)));
    }
    if (may.includes('owner')) does.push(named(t('project.transfer'), t('project.transfer-name', { name: display }), () => this.#transfer(desk, member, shell)));
    if (may.includes('remove')) {
      does.push(named(t('project.remove'), t('project.remove-name', { name: display }), () =>
        desk.ask(t('project.remove-ask', { name: display }), [], t('project.remove'), async () => {
          await calls.removeMember(id, person);
          return t('project.did-remove', { name: display });
        }, make('p', {}, t('project.remove-about')))));
    }
    return row(make('span', { class: 'desk-name' }, make('strong', {}, display), ...marks), facts, does);
  }

  /** A role to choose, and a button that gives it: who goes through the roles by keys gives none on the way. @param {Desk} desk @param {Member} member @param {string[]} roles */
  #role(desk, { person, display: name, role }, roles) {
    const offered = roles.includes(role) ? roles : [role, ...roles];
    const choice = make('select', { 'aria-label': t('project.role-of', { name }) }, ...offered.map((each) => make('option', { value: each }, roleWords(each))));
    const follow = () => (give.hidden = choice.value === role);
    const give = named(t('project.give'), t('project.give-name', { name }), async () => {
      const wanted = choice.value;
      if (await desk.do(() => calls.setRole(this.project.id, person, wanted), t('project.did-role', { name, role: roleWords(wanted) }))) return;
      choice.value = role; // what was refused stands nowhere
      choice.focus();
      follow();
    });
    give.classList.add('primary');
    choice.value = role;
    choice.addEventListener('input', follow);
    follow();
    return [make('span', { class: 'select' }, choice), give];
  }

  /** @param {Desk} desk @param {string[]} roles */
  #adding(desk, roles) {
    const name = make('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none', required: '', maxlength: '120' });
    const role = make('select', {}, ...roles.map((each) => make('option', { value: each }, roleWords(each))));
    role.value = roles.includes('editor') ? 'editor' : roles[0];
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ control) => make('label', {}, make('span', {}, label), control);
    const form = make('form', { class: 'desk-form', 'aria-label': t('project.add') }, field(t('project.add-name'), name), field(t('project.role'), make('span', { class: 'select' }, role)), make('button', { type: 'submit', class: 'primary' }, t('project.add')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void desk.do(() => calls.addMember(this.project.id, name.value.trim(), role.value), t('project.did-add', { name: name.value.trim() }));
    });
    return form;
  }

  /** To operate is a shell: that is said in words, and has to be said yes to. @param {Desk} desk @param {Member} member @param {string} shell */
  #operate(desk, { person, display }, shell) {
    const sure = sureOf(t('project.operate-sure', { name: display }));
    desk.ask(t('project.operate-name', { name: display }), [], t('project.operate-do'), async () => {
      await calls.setOperate(this.project.id, person, true);
      return t('project.did-operate', { name: display });
    }, ...shellWords(shell), make('p', {}, t('project.operate-about')), sure);
  }

  /** @param {Desk} desk @param {Member} member @param {string} shell */
  #transfer(desk, { person, display }, shell) {
    const sure = sureOf(t('project.transfer-sure', { name: display }));
    desk.ask(t('project.transfer-name', { name: display }), [], t('project.transfer'), async () => {
      await calls.transferProject(this.project.id, person);
      this.project = (await calls.projects()).find(({ id }) => id === this.project.id) ?? this.project;
      return t('project.did-transfer', { name: display });
    }, make('p', {}, t('project.transfer-about', { name: display })), ...shellWords(shell), sure);
  }

  /** @param {Desk} desk */
  #rename(desk) {
    desk.ask(t('project.rename'), [{ name: 'name', label: t('project.name'), value: this.project.name, maxlength: 80 }], t('sessions.rename'), async ({ name }) => {
      this.project = await calls.renameProject(this.project.id, name.trim());
      this.title = t('project.title', { name: this.project.name });
      desk.retitle();
      return t('project.did-rename', { name: this.project.name });
    });
  }

  /** @param {Desk} desk */
  #leave(desk) {
    desk.ask(t('project.leave-ask', { name: this.project.name }), [], t('project.leave-do'), async () => {
      await calls.leaveProject(this.project.id);
      goTo('');
    }, make('p', {}, t('project.leave-about')));
  }

  /** @param {Desk} desk */
  #delete(desk) {
    const lost = { sessions: this.project.sessions, sets: 0, tiles: 0, marks: 0, versions: 0, invitations: 0, tilesets: 0, presets: 0 };
    desk.ask(t('project.delete-ask', { name: this.project.name }), [], t('project.delete-do'), async () => {
      const gone = await calls.deleteProject(this.project.id);
      desk.back();
      return [t('project.did-delete', { name: gone.name }), lostWords(gone.lost)].filter(Boolean).join(' ');
    }, make('p', {}, [t('project.delete-about'), lostWords(lost)].filter(Boolean).join(' ')), sureOf(t('project.delete-sure')));
  }
}

/** A box that has to be ticked before what is asked is done. @param {string} words */
export const sureOf = (words) => make('label', { class: 'desk-sure' }, make('input', { type: 'checkbox', required: '' }), make('span', {}, words));

/** What it means that somebody may operate. @param {string} shell the portal's sentence */
export const shellWords = (shell) => [make('p', { class: 'desk-shell' }, t('project.shell', { user: userIn(shell) }))];

/** The Unix user of the portal's sentence. Pure. @param {string} shell */
export const userIn = (shell) => /Unix user ([^:\s]+)/.exec(shell)?.[1] ?? '?';

/** @param {string} state of an account */
export const stateWords = (state) => {
  const key = /** @type {import('./text.js').Key} */ (`state.account-${state}`);
  const words = t(key);
  return words === key ? state : words;
};

const ROLES = /** @type {const} */ (['owner', 'admin', 'editor', 'viewer', 'guest']);
/** The table of tvcore/portal/roles.py, as docs/projects.md has it too. @type {Record<string, readonly string[]>} */
export const TABLE = { see: ROLES, read: ROLES.slice(0, 4), arrange: ROLES.slice(0, 3), host: ROLES.slice(0, 3), manage: ROLES.slice(0, 2), own: ROLES.slice(0, 1), operate: ROLES.slice(0, 1) };

/** Who may do what, for people. */
function rolesTable() {
  const head = make('tr', {}, make('td', {}), ...ROLES.map((role) => make('th', { scope: 'col' }, roleWords(role))));
  const lines = Object.entries(TABLE).map(([right, roles]) =>
    make('tr', {}, make('th', { scope: 'row' }, t(/** @type {import('./text.js').Key} */ (`right.${right}`))), ...ROLES.map((role) => make('td', {}, roles.includes(role) ? t('value.yes') : right === 'operate' ? t('right.if-granted') : '–'))));
  return make('table', {}, make('caption', {}, t('project.who-may')), make('thead', {}, head), make('tbody', {}, ...lines));
}
