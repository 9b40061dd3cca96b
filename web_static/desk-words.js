/** The words of sessions, members and invitations. Pure. */

import { localeOf, t } from './text.js';

/** Return a time of the past, or to come, as people write it. @param {number} at seconds since the epoch */
export const whenWords = (at) => new Date(at * 1000).toLocaleString(localeOf(), { dateStyle: 'medium', timeStyle: 'short' });

/** Return names as one says them one after another. @param {string[]} names */
export const namesWords = (names) => new Intl.ListFormat(localeOf(), { type: 'conjunction' }).format(names);

/** @param {string} role one of a later release is said as it is */
export const roleWords = (role) => {
  const key = /** @type {import('./text.js').Key} */ (`role.${role}`);
  const words = t(key);
  return words === key ? role : words;
};

const COUNTED = /** @type {const} */ (['sessions', 'sets', 'tiles', 'marks', 'versions', 'invitations', 'tilesets', 'presets']);

/** Return what a delete takes away, '' when that is nothing. @param {import('./people-calls.js').Lost} lost */
export function lostWords(lost) {
  const parts = /** @type {string[]} */ (COUNTED.flatMap((what) => (lost[what] > 0 ? [t(`lost.${what}`, { n: lost[what] })] : [])));
  return parts.length > 0 ? t('lost.all', { what: namesWords(parts) }) : '';
}

/** Return what is said of a session in a list. @param {import('./people-calls.js').Session} session */
export function sessionFacts({ tiles, sets, changed, people }) {
  return [
    [t('sessions.tiles', { n: tiles }), ...(sets > 1 ? [t('sessions.sets', { n: sets })] : []), ...(changed === null ? [] : [t('sessions.changed', { at: whenWords(changed) })])].join(' · '),
    people.length > 0 ? t('sessions.people', { n: people.length, names: namesWords(people) }) : '',
  ];
}

/** Return what is said of an invitation in a list. @param {import('./people-calls.js').Invitation} invitation */
export function invitationFacts({ state, tiles, uses, uses_max: most, expires, by, guests }) {
  const where = tiles === null ? t('invite.whole') : t('invite.of-tiles', { n: tiles.length });
  const used = most === null ? t('invite.used-any', { n: uses }) : t('invite.used', { n: most, uses });
  const until = state === 'open' ? t('invite.until', { at: whenWords(expires) }) : t(`invite.state-${state}`);
  return [[where, used, until, ...(by ? [t('invite.by', { name: by })] : [])].join(' · '), guests.length > 0 ? t('invite.here', { n: guests.length, names: namesWords(guests.map(({ display }) => display)) }) : ''];
}
