/** The pages before the wall: log in as this portal has it, make an account, choose a password, come in by an invitation. */

import { ApiError } from './api.js';
import { command } from './command-line.js';
import { button, make } from './dom.js';
import { sheet } from './sheet.js';
import { Entry, pluginForm, sentence } from './login-form.js';
import * as come from './login.js';
import { t } from './text.js';

/** @typedef {import('./login.js').Way} Way */

const NAME_MOST = 40;
const again = () => location.reload();
/** @param {string} line */
const problemLine = (line) => (line ? [make('p', { class: 'problem', role: 'alert' }, sentence(line))] : []);
const terminal = () => make('ul', { class: 'ways' }, make('li', {}, command('tiledviz open'), make('p', {}, t('login.about'))));

/** Show how to come in; by what else than the terminal as soon as that is known. @param {string} problem what went wrong, or '' @param {string} [done] what went well */
export function showLogin(problem, done = '') {
  const said = [...problemLine(problem), ...(done ? [make('p', { class: 'done', role: 'status' }, done)] : [])];
  sheet(t('login.title'), t('login.heading'), ...said, make('p', {}, t('login.no-key')), terminal());
  void come.loginWay().then((way) => {
    if (way.way === 'broken') sheet(t('login.title'), t('login.title'), ...said, make('p', { class: 'problem' }, t('login.broken')), make('p', {}, t('login.or')), terminal());
    else if (way.way === 'proxy') showProxy(problem, said);
    else if (way.way !== 'token') showForm(way, said);
  });
}

/** @param {Way} way @param {HTMLElement[]} said */
function showForm(way, said) {
  const run = async (/** @type {Record<string, string>} */ fields) => {
    await come.loginBy({ fields });
    again();
  };
  const form = way.way === 'accounts' ? accountForm(way) : pluginForm(way, run);
  sheet(t('login.title'), t('login.title'), ...said, form.element, make('p', {}, t('login.or')), terminal());
  form.focus();
}

/** @param {Way} way */
function accountForm(way) {
  const fields = [
    { name: 'name', label: t('login.name'), autocomplete: 'username' },
    { name: 'password', label: t('login.password'), type: /** @type {const} */ ('password'), autocomplete: 'current-password' },
    { name: 'code', label: t('login.code'), autocomplete: 'one-time-code', hint: t('login.code-hint'), hidden: true, maxlength: 40 },
  ];
  const more = [
    ...(way.registration && way.registration !== 'no' ? [button(t('login.register'), () => showRegister(way))] : []),
    ...(way.mail ? [button(t('login.forgot'), () => showForgot())] : []),
  ];
  /** @param {Record<string, string>} given @param {Entry} form */
  const run = async (given, form) => {
    try {
      await come.loginBy({ fields: given });
      again();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, state } = error.answer ?? {};
      if (code && given.code === undefined) return form.show('code');
      if (state) throw new ApiError(error.status, stateLine(state, error.message), null, error.answer);
      throw error;
    }
  };
  return new Entry({ label: t('login.title'), fields, go: t('login.enter'), run, more });
}

/** @param {string} state of an account @param {string} otherwise */
function stateLine(state, otherwise) {
  const lines = { pending: t('login.pending'), unverified: t('login.unverified'), deactivated: t('login.deactivated') };
  return lines[/** @type {keyof typeof lines} */ (state)] ?? otherwise;
}

/** The site's own login is in front of this portal: one is let in by it, or told why not. @param {string} problem @param {HTMLElement[]} said */
function showProxy(problem, said) {
  sheet(t('login.title'), t('login.proxy'), ...said, make('p', {}, t(problem ? 'login.proxy-failed' : 'login.proxy-about')), make('div', { class: 'buttons' }, button(t('login.again'), again, { class: 'primary' })));
}

const back = () => button(t('login.back'), () => showLogin(''));

/** @param {Way} way */
function showRegister(way) {
  const fields = [
    { name: 'name', label: t('login.name'), autocomplete: 'username', maxlength: NAME_MOST, hint: t('login.name-hint') },
    { name: 'display', label: t('account.display'), autocomplete: 'name', maxlength: 80, optional: true },
    ...(way.mail ? [{ name: 'mail', label: t('account.mail'), type: /** @type {const} */ ('email'), autocomplete: 'email' }] : []),
    { name: 'password', label: t('login.password'), type: /** @type {const} */ ('password'), autocomplete: 'new-password', hint: t('account.password-hint') },
  ];
  const form = new Entry({
    label: t('login.register-title'),
    fields,
    go: t('login.register-do'),
    more: [back()],
    run: async ({ name, password, display, mail }) => {
      const { state } = await come.register({ name, password, ...(display ? { display } : {}), ...(mail ? { mail } : {}) });
      if (state === 'active') {
        await come.loginBy({ fields: { name, password } });
        again();
      } else showLogin('', sentence(state === 'unverified' ? t('login.unverified') : t('login.pending')));
    },
  });
  sheet(t('login.register-title'), t('login.register-title'), ...(way.registration === 'approval' ? [make('p', {}, t('login.approval'))] : []), form.element);
  form.focus();
}

function showForgot() {
  const form = new Entry({
    label: t('login.forgot-title'),
    fields: [{ name: 'name', label: t('login.name-or-mail'), autocomplete: 'username' }],
    go: t('login.forgot-do'),
    more: [back()],
    run: async ({ name }) => {
      await come.forgot(name);
      showLogin('', t('login.forgot-done'));
    },
  });
  sheet(t('login.forgot-title'), t('login.forgot-title'), make('p', {}, t('login.forgot-about')), form.element);
  form.focus();
}

/** Choose a password, by a link that is good once. @param {string} secret */
export function showReset(secret) {
  const field = { name: 'password', label: t('account.password-new'), type: /** @type {const} */ ('password'), autocomplete: 'new-password', hint: t('account.password-hint') };
  const form = new Entry({
    label: t('login.reset-title'),
    fields: [field],
    go: t('account.save'),
    run: async ({ password }) => {
      const { name } = await come.reset(secret, password);
      showLogin('', t('login.reset-done', { name }));
    },
  });
  sheet(t('login.reset-title'), t('login.reset-title'), form.element);
  form.focus();
}

/** The mail address of an account is somebody's: say what came of it. @param {string} secret */
export async function showVerified(secret) {
  let done = '';
  const problem = await come.problemOf(async () => {
    const { state, name } = await come.verify(secret);
    done = sentence(state === 'pending' ? t('login.pending') : t('login.verified', { name }));
  });
  showLogin(problem, done);
}

/** Come in by an invitation: a name, and one button. Who invites is not told to whom has not come in. @param {string} secret @param {boolean} known whether this tab is logged in already */
export function showInvitation(secret, known) {
  const form = new Entry({
    label: t('invited.title'),
    fields: [{ name: 'name', label: t('invited.name'), autocomplete: 'nickname', maxlength: NAME_MOST, hint: t('invited.name-hint') }],
    go: t('invited.enter'),
    more: known ? [button(t('invited.stay'), again)] : [],
    run: async ({ name }) => {
      await come.accept(secret, name.trim());
      again();
    },
  });
  sheet(t('invited.title'), t('invited.title'), make('p', {}, t('invited.about')), form.element);
  form.focus();
}
