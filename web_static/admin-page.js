/** The page of the portal's accounts, for who administers it. */

import * as calls from './account-calls.js';
import { command } from './command-line.js';
import { named, part, listOf, row } from './desk.js';
import { whenWords } from './desk-words.js';
import { button, make } from './dom.js';
import { stateWords } from './project-page.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./account-calls.js').Listed} Listed */

const NAME_MOST = 40;

export class AdminPage {
  title = t('admin.title');
  /** @type {HTMLElement[]} */ #tools = [];

  /** @param {import('./model.js').Model} model @param {{audit: (desk: Desk) => void, ways: () => Promise<import('./login.js').Way>}} does */
  constructor(model, does) {
    this.model = model;
    this.does = does;
  }

  /** @param {Desk} desk */
  async show(desk) {
    const [accounts, { way }] = await Promise.all([calls.accounts(), this.does.ways()]);
    if (this.#tools.length === 0) {
      const make_ = button(t('admin.new'), () => this.#new(desk), { class: 'primary' });
      this.#tools = [...(way === 'accounts' ? [make_] : []), button(t('audit.all'), () => this.does.audit(desk))];
    }
    const waiting = accounts.filter(({ state }) => state === 'pending');
    const rest = accounts.filter(({ state }) => state !== 'pending');
    const parts = waiting.length > 0 ? [part(t('admin.waiting', { n: waiting.length }), listOf(t('admin.waiting', { n: waiting.length }), waiting.map((each) => this.#row(desk, each)), ''))] : [];
    parts.push(part(t('admin.people'), listOf(t('admin.people'), rest.map((each) => this.#row(desk, each)), t('admin.none'))));
    return { tools: this.#tools, content: parts };
  }

  /** @param {Desk} desk @param {Listed} account */
  #row(desk, account) {
    const { id, name, display, way, mail, verified, state, administrator, password, totp, seen } = account;
    const own = id === this.model.me.who?.id;
    const marks = [...(administrator ? [make('span', { class: 'desk-mark' }, t('admin.administrator'))] : []), ...(state === 'active' ? [] : [make('span', { class: 'desk-mark' }, stateWords(state))])];
    const facts = [
      [display === name ? way : `${name} · ${way}`, ...(mail ? [verified ? mail : t('admin.mail-unverified', { mail })] : []), ...(totp ? [t('admin.totp')] : []), seen === null ? t('admin.never') : t('admin.seen', { at: whenWords(seen) })].join(' · '),
    ];
    const change = (/** @type {'approve'|'deactivate'|'activate'} */ verb) => () => void desk.do(() => calls.setState(id, verb), t(`admin.did-${verb}`, { name: display }));
    const does = [];
    if (state === 'pending') does.push(named(t('admin.approve'), t('admin.approve-name', { name: display }), change('approve')));
    if (state === 'deactivated') does.push(named(t('admin.activate'), t('admin.activate-name', { name: display }), change('activate')));
    if (password || way === 'accounts') does.push(named(t('admin.reset'), t('admin.reset-name', { name: display }), () => this.#reset(desk, account)));
    if (state === 'active') does.push(administrator ? named(t('admin.demote'), t('admin.demote-name', { name: display }), () => void desk.do(() => calls.setAdministrator(id, false), t('admin.did-demote', { name: display }))) : named(t('admin.promote'), t('admin.promote-name', { name: display }), () => this.#promote(desk, account)));
    if (state !== 'deactivated' && !own) {
      does.push(named(t('admin.deactivate'), t('admin.deactivate-name', { name: display }), () => desk.ask(t('admin.deactivate-name', { name: display }), [], t('admin.deactivate'), async () => {
      await calls.setState(id, 'deactivate');
      return t('admin.did-deactivate', { name: display });
    }, make('p', {}, t('admin.deactivate-about')))));
    }
    return row(make('span', { class: 'desk-name' }, make('strong', {}, display), ...marks), facts, does);
  }

  /** @param {Desk} desk @param {Listed} account */
  #promote(desk, { id, display }) {
    desk.ask(t('admin.promote-name', { name: display }), [], t('admin.promote'), async () => {
      await calls.setAdministrator(id, true);
      return t('admin.did-promote', { name: display });
    }, make('p', {}, t('admin.promote-about')));
  }

  /** @param {Desk} desk */
  #new(desk) {
    const fields = [
      { name: 'name', label: t('login.name'), maxlength: NAME_MOST, hint: t('login.name-hint') },
      { name: 'display', label: t('account.display'), maxlength: 80, optional: true },
      { name: 'mail', label: t('account.mail'), type: /** @type {const} */ ('email'), optional: true },
    ];
    desk.ask(t('admin.new'), fields, t('sessions.make'), async ({ name, display, mail }) => {
      const made = await calls.newAccount({ name: name.trim(), ...(display.trim() ? { display: display.trim() } : {}), ...(mail.trim() ? { mail: mail.trim() } : {}) });
      return () => tellLink(desk, name.trim(), made.secret, made.expires);
    });
  }

  /** @param {Desk} desk @param {Listed} account */
  #reset(desk, { id, name, display, totp }) {
    const off = make('input', { type: 'checkbox' });
    const more = totp ? [make('label', { class: 'desk-sure' }, off, make('span', {}, t('admin.reset-totp')))] : [];
    desk.ask(t('admin.reset-name', { name: display }), [], t('admin.reset-do'), async () => {
      const made = await calls.resetLink(id, off.checked);
      return () => tellLink(desk, name, made.secret, made.expires);
    }, make('p', {}, t('admin.reset-about')), ...more);
  }
}

/** Show a link by which somebody chooses a password: this once. @param {Desk} desk @param {string} name @param {string} secret @param {number} expires */
function tellLink(desk, name, secret, expires) {
  const address = new URL(`#reset=${secret}`, location.href).href;
  desk.tell(t('admin.link', { name }), make('p', {}, t('admin.link-about', { name, at: whenWords(expires) })), command(address, t('invite.link')));
}
