/** The second factor of one's account: an authenticator's codes, and the recovery codes for when that is lost. */

import * as calls from './account-calls.js';
import { passwordField } from './account-page.js';
import { command } from './command-line.js';
import { part, row } from './desk.js';
import { button, make, saveFile } from './dom.js';
import { drawCode } from './qr.js';
import { t } from './text.js';

/** @typedef {import('./desk.js').Desk} Desk */

/** @param {Desk} desk @param {calls.Account} account */
export function totpPart(desk, { totp, recovery }) {
  const does = totp
    ? [button(t('totp.new-codes'), () => renew(desk)), button(t('totp.off'), () => turnOff(desk))]
    : [button(t('totp.on'), () => begin(desk))];
  const facts = totp ? [t('totp.left', { n: recovery })] : [t('totp.about')];
  return part(t('totp.title'), make('ul', { class: 'desk-list' }, row(make('strong', {}, t(totp ? 'totp.is-on' : 'totp.is-off')), facts, does)));
}

/** First the password, then the code to scan, then a number as proof. @param {Desk} desk */
function begin(desk) {
  desk.ask(t('totp.on'), [passwordField()], t('totp.next'), async ({ password }) => {
    const { secret, rows } = await calls.totpSetup(password);
    return () => confirm(desk, secret, rows);
  }, make('p', { class: 'small' }, t('totp.how')));
}

/** @param {Desk} desk @param {string} secret @param {string[]} rows */
function confirm(desk, secret, rows) {
  const code = { name: 'code', label: t('totp.code'), maxlength: 12, autocomplete: 'one-time-code', hint: t('totp.code-hint') };
  const spaced = secret.replace(/(.{4})(?=.)/g, '$1 ');
  desk.ask(t('totp.scan'), [code], t('totp.confirm'), async (given) => {
    const { recovery } = await calls.totpConfirm(given.code.replace(/\s/g, ''));
    return () => tellCodes(desk, recovery, t('totp.done'));
  }, make('div', { class: 'code' }, drawCode(rows, t('totp.qr'))), make('p', { class: 'small' }, t('totp.by-hand')), command(spaced, t('totp.secret')));
}

/** @param {Desk} desk */
function renew(desk) {
  desk.ask(t('totp.new-codes'), [passwordField()], t('totp.make'), async ({ password }) => {
    const { recovery } = await calls.totpRecovery(password);
    return () => tellCodes(desk, recovery, t('totp.renewed'));
  }, make('p', { class: 'small' }, t('totp.new-about')));
}

/** @param {Desk} desk */
function turnOff(desk) {
  desk.ask(t('totp.off'), [passwordField()], t('totp.off'), async ({ password }) => {
    await calls.totpOff(password);
    return t('totp.was-off');
  }, make('p', { class: 'small' }, t('totp.off-about')));
}

/** Show the recovery codes, this once. @param {Desk} desk @param {string[]} codes @param {string} done */
function tellCodes(desk, codes, done) {
  const list = make('ol', { class: 'desk-codes' }, ...codes.map((code) => make('li', {}, make('code', {}, code))));
  const save = button(t('totp.save'), () => saveFile(new Blob([`${codes.join('\n')}\n`], { type: 'text/plain' }), 'tiledviz-recovery-codes.txt'));
  desk.say(done);
  desk.tell(t('totp.codes'), make('p', {}, t('totp.codes-about')), list, make('div', { class: 'buttons' }, save));
}
