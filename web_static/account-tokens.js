/** One's API tokens: what a program shows instead of a login, with fewer rights and an end. */

import * as calls from './account-calls.js';
import { command } from './command-line.js';
import { named, part, listOf, row } from './desk.js';
import { namesWords, whenWords } from './desk-words.js';
import { button, make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./me.js').Right} Right */

const DAYS = 90;
const DAYS_MOST = 366;
/** @type {Right[]} */
const RIGHTS = ['see', 'read', 'arrange', 'host', 'manage', 'own', 'operate'];

const rightWords = (/** @type {Right} */ right) => t(/** @type {import('./text.js').Key} */ (`right.${right}`));

/** @param {Desk} desk @param {calls.Token[]} tokens @param {import('./model.js').Model} model */
export function tokenPart(desk, tokens, model) {
  const now = Date.now() / 1000;
  const rows = tokens.map((token) => {
    const { id, name, rights, session, expires, used } = token;
    const where = session === null ? t('tokens.everywhere') : t('tokens.in', { session });
    const facts = [
      [where, expires > now ? t('tokens.until', { at: whenWords(expires) }) : t('tokens.over'), used === null ? t('tokens.unused') : t('tokens.used', { at: whenWords(used) })].join(' · '),
      namesWords(rights.map(rightWords)),
    ];
    return row(make('strong', {}, name), facts, [named(t('tokens.revoke'), t('tokens.revoke-name', { name }), () => desk.do(() => calls.revokeToken(id), t('tokens.revoked', { name })))]);
  });
  const make_ = button(t('tokens.new'), () => askToken(desk, model));
  return part(t('tokens.title'), make('p', { class: 'small' }, t('tokens.about')), listOf(t('tokens.title'), rows, t('tokens.none')), make('div', { class: 'buttons' }, make_));
}

/** @param {Desk} desk @param {import('./model.js').Model} model */
function askToken(desk, model) {
  const boxes = RIGHTS.filter((right) => model.may(right)).map((right) => {
    const box = make('input', { type: 'checkbox', value: right });
    box.checked = right === 'see' || right === 'read';
    return { right, box, line: make('label', { class: 'desk-check' }, box, make('span', {}, rightWords(right))) };
  });
  const session = model.me.session ?? '';
  const where = /** @type {[string, string][]} */ ([['', t('tokens.everywhere')], ...(session ? [[session, t('tokens.in', { session: model.me.title || session })]] : [])]);
  const fields = [
    { name: 'name', label: t('tokens.name'), maxlength: 80, hint: t('tokens.name-hint') },
    { name: 'session', label: t('tokens.where'), choices: where },
    { name: 'days', label: t('invite.days'), type: /** @type {const} */ ('number'), min: 1, max: DAYS_MOST, value: String(DAYS) },
  ];
  desk.ask(t('tokens.new'), fields, t('tokens.make'), async (given) => {
    const rights = boxes.filter(({ box }) => box.checked).map(({ right }) => right);
    const made = await calls.newToken({ name: given.name.trim(), rights, days: Number(given.days), ...(given.session ? { session: given.session } : {}) });
    return () => desk.tell(t('tokens.made'), make('p', {}, t('tokens.made-about')), command(made.token, t('tokens.token')), make('p', { class: 'small' }, t('tokens.how')));
  }, make('fieldset', { class: 'desk-rights' }, make('legend', {}, t('tokens.rights')), ...boxes.map(({ line }) => line)));
}
