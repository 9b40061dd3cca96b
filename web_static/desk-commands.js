/** Sessions, projects, invitations, the account and the administration, as commands and in the bar. */

import { AccountPage } from './account-page.js';
import { AdminPage } from './admin-page.js';
import { AuditPage } from './audit-page.js';
import { Desk } from './desk.js';
import { button, byId, setText } from './dom.js';
import { InvitePage } from './invite-page.js';
import { loginWay } from './login.js';
import { ProjectPage } from './project-page.js';
import { SessionsPage, newProjectButton } from './sessions-page.js';
import { t } from './text.js';

/** @typedef {import('./people-calls.js').Project} Project */

/** @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function deskCommands(model) {
  const desk = new Desk();
  const administers = () => model.me.who?.administrator ?? false;
  const admin = () => new AdminPage(model, { ways: loginWay, audit: (at) => at.go(new AuditPage(null)) });
  const project = (/** @type {Desk} */ at, /** @type {Project} */ of) => at.go(new ProjectPage(of, { audit: () => at.go(new AuditPage(of)) }));
  const more = (/** @type {Desk} */ at) => [
    ...(model.may('manage') && model.may('all') ? [button(t('invite.open-page'), () => at.go(new InvitePage(model)))] : []),
    ...(administers() ? [newProjectButton(at), button(t('admin.open'), () => at.go(admin()))] : []),
    ...(model.may('member') ? [button(t('account.open'), () => at.go(new AccountPage(model)))] : []),
  ];
  const sessions = () => desk.open(new SessionsPage(model, { project, more }));
  watchTitle(model, sessions);
  const group = /** @type {const} */ ('session');
  return [
    { id: 'sessions', label: () => t('sessions.command'), group, keys: ['Shift+S'], run: sessions },
    { id: 'invite', label: () => t('invite.command'), group, keys: ['Shift+I'], needs: 'manage', enabled: () => model.may('all'), run: () => desk.open(new InvitePage(model)) },
    { id: 'account', label: () => t('account.command'), group, needs: 'member', run: () => desk.open(new AccountPage(model)) },
    { id: 'admin', label: () => t('admin.command'), group, needs: 'administer', run: () => desk.open(admin()) },
  ];
}

/** The bar says which session this is, and opens the others. @param {import('./model.js').Model} model @param {() => void} open */
function watchTitle(model, open) {
  const title = byId('session-open', HTMLButtonElement);
  title.addEventListener('click', open);
  const show = () => {
    const name = model.me.title || model.session;
    setText(title, name);
    title.setAttribute('aria-label', t('sessions.bar', { title: name }));
    title.hidden = name === '';
  };
  for (const type of ['me', 'wall']) model.addEventListener(type, show);
}
