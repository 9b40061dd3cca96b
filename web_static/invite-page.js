/** The page of a session's invitations: links by which guests come in with a name only; for all of it, or for chosen tiles. */

import { command } from './command-line.js';
import { named, part, listOf, row } from './desk.js';
import { invitationFacts } from './desk-words.js';
import { button, make } from './dom.js';
import * as calls from './people-calls.js';
import { shellWords, sureOf } from './project-page.js';
import { drawCode } from './qr.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */

const DAYS = 7;
const DAYS_MOST = 366;
const USES_MOST = 1000;
const NOTE_MOST = 200;

export class InvitePage {
  #shell = '';

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.title = t('invite.title', { title: model.me.title || model.session });
    this.new = button(t('invite.new'), () => {}, { class: 'primary' });
  }

  /** @param {Desk} desk */
  async show(desk) {
    const { invitations, shell } = await calls.invitations();
    this.#shell = shell;
    this.new.onclick = () => this.ask(desk);
    const open = invitations.filter(({ state }) => state === 'open');
    const over = invitations.filter(({ state, guests }) => state !== 'open' && guests.length === 0);
    const used = invitations.filter((each) => !open.includes(each) && !over.includes(each));
    const content = [part(t('invite.open'), listOf(t('invite.open'), [...open, ...used].map((each) => this.#row(desk, each)), t('invite.none')))];
    if (over.length > 0) content.push(make('details', { class: 'desk-part' }, make('summary', {}, t('invite.over', { n: over.length })), listOf(t('invite.over', { n: over.length }), over.map((each) => this.#row(desk, each)), '')));
    return { tools: [this.new], content };
  }

  /** @param {Desk} desk @param {calls.Invitation} invitation */
  #row(desk, invitation) {
    const { id, note, control, state, guests } = invitation;
    const name = note || t('invite.unnamed', { n: id });
    const head = make('span', { class: 'desk-name' }, make('strong', {}, name), make('span', { class: 'desk-mark' }, t(control ? 'invite.control' : 'invite.view')));
    const does = state === 'open' || guests.length > 0 ? [named(t('invite.revoke'), t('invite.revoke-name', { name }), () => this.#revoke(desk, invitation, name))] : [];
    return row(head, invitationFacts(invitation), does);
  }

  /** @param {Desk} desk @param {calls.Invitation} invitation @param {string} name */
  #revoke(desk, { id, guests }, name) {
    const away = guests.length > 0 ? [make('p', {}, t('invite.revoke-guests', { n: guests.length }))] : [];
    desk.ask(t('invite.revoke-name', { name }), [], t('invite.revoke'), async () => {
      await calls.revoke(id);
      return t('invite.revoked', { name });
    }, make('p', {}, t('invite.revoke-about')), ...away);
  }

  /** Ask what an invitation is to be for, and make it. @param {Desk} desk */
  ask(desk) {
    const { model } = this;
    const chosen = [...model.chosen];
    const where = /** @type {[string, string][]} */ ([['all', t('invite.whole')], ...(chosen.length > 0 ? [['chosen', t('invite.selected', { n: chosen.length })]] : [])]);
    const what = /** @type {[string, string][]} */ ([['view', t('invite.may-view')], ...(model.may('operate') ? [['control', t('invite.may-control')]] : [])]);
    const fields = [
      { name: 'where', label: t('invite.what'), choices: where, value: chosen.length > 0 ? 'chosen' : 'all', hint: chosen.length > 0 ? '' : t('invite.select-first') },
      { name: 'may', label: t('invite.may'), choices: what, value: 'view' },
      { name: 'days', label: t('invite.days'), type: /** @type {const} */ ('number'), min: 1, max: DAYS_MOST, value: String(DAYS) },
      { name: 'uses', label: t('invite.uses'), type: /** @type {const} */ ('number'), min: 1, max: USES_MOST, value: '1', optional: true, hint: t('invite.uses-hint') },
      { name: 'note', label: t('invite.note'), optional: true, maxlength: NOTE_MOST, hint: t('invite.note-hint') },
    ];
    const sure = sureOf(t('invite.sure'));
    const shell = make('div', { class: 'desk-operates', hidden: '' }, ...shellWords(this.#shell), sure);
    desk.ask(t('invite.new'), fields, t('invite.make'), async ({ where: place, may, days, uses, note }) => {
      const made = await calls.invite({ control: may === 'control', tiles: place === 'chosen' ? chosen : null, days: Number(days), uses: uses === '' ? null : Number(uses), note: note.trim() });
      return () => void this.#tell(desk, made.secret, made.invitation);
    }, shell);
    const may = [...shell.closest('form')?.querySelectorAll('select') ?? []].find((each) => each.querySelector('[value=control], [value=view]'));
    const box = sure.querySelector('input');
    const follow = () => {
      shell.hidden = may?.value !== 'control';
      if (box) box.required = !shell.hidden;
    };
    may?.addEventListener('change', follow);
    follow();
  }

  /** Show the link: this once, as the portal keeps only what it is known by. @param {Desk} desk @param {string} secret @param {calls.Invitation} invitation */
  async #tell(desk, secret, invitation) {
    const address = new URL(`#invite=${secret}`, location.href).href;
    const code = make('div', { class: 'code' });
    desk.tell(t('invite.made'), make('p', {}, t('invite.made-about')), command(address, t('invite.link')), make('p', { class: 'small' }, invitationFacts(invitation)[0]), code);
    await desk.try(async () => code.append(drawCode(await calls.codeOf(address), t('invite.code'))));
  }
}
