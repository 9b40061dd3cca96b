/** The pages for who has no way onto the wall: thrown out, no member of this session, in no project yet. */

import { logout } from './account-calls.js';
import { call, forgetKey } from './api.js';
import { button, make } from './dom.js';
import { goTo } from './here.js';
import { Entry, sentence } from './login-form.js';
import { problemOf } from './login.js';
import { newProject, newSession } from './people-calls.js';
import { sheet } from './sheet.js';
import { t } from './text.js';

/** @typedef {import('./me.js').Me & {sessions: {key: string, title: string, archived: boolean}[], projects: {id: number, name: string}[]}} Known */

const leave = async () => {
  await problemOf(logout);
  forgetKey();
  location.assign(location.pathname + location.search);
};

/** A guest is out: the invitation is over, or was taken back. @param {string} reason */
export function showOut(reason) {
  sheet(t('out.title'), t('out.heading'), ...problemLine(reason), make('p', {}, t('out.guest')));
}

/** @param {string} line */
const problemLine = (line) => (line ? [make('p', { class: 'problem', role: 'alert' }, sentence(line))] : []);

/** There is no way into this session: show where there is one. @param {string} reason */
export async function showGone(reason) {
  /** @type {Known|null} */ let me = null;
  const problem = await problemOf(async () => (me = await call('GET', '/me')));
  showWays(me, problem || reason);
}

/** @param {Known|null} me null when the portal does not say who one is @param {string} reason */
function showWays(me, reason) {
  const again = button(t('out.again'), () => location.reload());
  const out = button(t('account.logout'), () => void leave());
  if (me === null) return sheet(t('out.title'), t('out.gone'), ...problemLine(reason), make('div', { class: 'buttons' }, again, out));
  const { sessions } = me;
  if (sessions.length === 0) return showNowhere(me, again, out);
  const open = sessions.filter(({ archived }) => !archived);
  const list = (open.length > 0 ? open : sessions).map(({ key, title }) => make('li', {}, button(title, () => goTo(key))));
  const words = t(open.length > 0 ? 'out.others' : 'out.archived', { n: list.length });
  sheet(t('out.title'), t('out.gone'), ...problemLine(reason), make('p', {}, words), make('ul', { class: 'ways' }, ...list), make('div', { class: 'buttons' }, again, out));
}

/** @param {Known} me @param {HTMLElement} again @param {HTMLElement} out */
function showNowhere(me, again, out) {
  const { who } = me;
  /** @type {HTMLElement[]} */
  const content = [make('p', {}, t(who?.guest ? 'out.guest' : 'out.nowhere-about', { name: who?.name ?? '' }))];
  if (who?.administrator) {
    const form = new Entry({
      label: t('project.new'),
      fields: [{ name: 'name', label: t('project.name'), maxlength: 80 }],
      go: t('sessions.make'),
      run: async ({ name }) => {
        const made = await newProject(name.trim());
        goTo((await newSession(made.id, name.trim())).key);
      },
    });
    content.push(make('p', {}, t('out.make')), form.element);
  }
  sheet(t('out.title'), t('out.nowhere'), ...content, make('div', { class: 'buttons' }, again, out));
}
