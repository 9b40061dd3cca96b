/** The page of one's own account: name, password, the second factor, API tokens, and out of it everywhere. */

import * as calls from './account-calls.js';
import { tokenPart } from './account-tokens.js';
import { totpPart } from './account-totp.js';
import { forgetKey } from './api.js';
import { part, row } from './desk.js';
import { whenWords } from './desk-words.js';
import { button, make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./ask.js').Field} Field */

const NAME_MOST = 80;
export const PASSWORD_MOST = 1000;

export class AccountPage {
  title = t('account.title');

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
  }

  /** @param {Desk} desk */
  async show(desk) {
    const [account, tokens] = await Promise.all([calls.account(), calls.tokens()]);
    const own = account.password;
    return { tools: [], content: [
      this.#self(desk, account),
      ...(own ? [this.#password(desk, account), totpPart(desk, account)] : []),
      tokenPart(desk, tokens, this.model),
      this.#out(desk),
    ] };
  }

  /** @param {Desk} desk @param {calls.Account} account */
  #self(desk, { name, display, way, mail, verified, password, administrator }) {
    const rename = button(t('account.rename'), () =>
      desk.ask(t('account.rename'), [{ name: 'display', label: t('account.display'), value: display, maxlength: NAME_MOST, autocomplete: 'name' }], t('sessions.rename'), async (given) => {
        await calls.setDisplay(given.display.trim());
        return t('account.renamed');
      }));
    const facts = [[name, ...(way === 'token' ? [t('account.way-token')] : []), ...(administrator ? [t('account.administers')] : [])].join(' · ')];
    const rows = [row(make('strong', {}, display), facts, way === 'token' ? [] : [rename])];
    if (password) {
      const words = !mail ? t('account.no-mail') : verified ? t('account.mail-verified') : t('account.mail-unverified');
      rows.push(row(make('strong', {}, mail || t('account.mail')), [words], [button(t('account.mail-change'), () => this.#mail(desk, mail ?? ''))]));
    }
    return part(t('account.who'), make('ul', { class: 'desk-list' }, ...rows));
  }

  /** @param {Desk} desk @param {string} before */
  #mail(desk, before) {
    const mail = { name: 'mail', label: t('account.mail'), type: /** @type {const} */ ('email'), value: before, optional: true, autocomplete: 'email', hint: t('account.mail-hint') };
    desk.ask(t('account.mail-change'), [mail, passwordField()], t('account.save'), async (given) => {
      const { sent } = await calls.setMail(given.mail.trim(), given.password);
      return t(sent ? 'account.mail-sent' : 'account.mail-saved');
    });
  }

  /** @param {Desk} desk @param {calls.Account} account */
  #password(desk, { changed }) {
    const change = button(t('account.password-change'), () =>
      desk.ask(t('account.password-change'), [passwordField('old'), newPasswordField()], t('account.save'), async (given) => {
        await calls.setPassword(given.old, given.new);
        return t('account.password-changed');
      }, make('p', { class: 'small' }, t('account.password-others'))));
    return part(t('account.password'), make('ul', { class: 'desk-list' }, row(make('strong', {}, t('account.password')), changed === null ? [] : [t('account.password-since', { at: whenWords(changed) })], [change])));
  }

  /** @param {Desk} desk */
  #out(desk) {
    const leave = async () => {
      forgetKey();
      location.assign(location.pathname + location.search);
    };
    const here = button(t('account.logout'), () => void desk.try(async () => {
      await calls.logout();
      await leave();
    }));
    const everywhere = button(t('account.logout-all'), () => void desk.try(async () => {
      await calls.logoutEverywhere();
      await leave();
    }));
    return part(t('account.out'), make('p', { class: 'small' }, t('account.out-about')), make('div', { class: 'buttons' }, here, everywhere));
  }
}

/** @param {string} [name] @returns {Field} */
export const passwordField = (name = 'password') => ({ name, label: t('account.password-now'), type: 'password', maxlength: PASSWORD_MOST, autocomplete: 'current-password' });
/** @returns {Field} */
export const newPasswordField = () => ({ name: 'new', label: t('account.password-new'), type: 'password', maxlength: PASSWORD_MOST, autocomplete: 'new-password', hint: t('account.password-hint') });
