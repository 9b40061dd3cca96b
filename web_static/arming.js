/**
 * What is typed into a leader goes into its followers too, once the portal says so: the states of that. Pure.
 *
 * off → asking → armed → disarming → off. A refusal, a lost connection or the portal's word lead to off from anywhere.
 *
 * @typedef {'off'|'asking'|'armed'|'disarming'} Phase
 * @typedef {object} Armed
 * @property {Phase} phase
 * @property {number|null} leader
 * @property {number[]} followers  as asked for
 * @property {number} count        of followers, by the portal's word
 * @property {string} note         why it is off now, if that was nobody's wish
 */

import { t } from './text.js';

/** @type {Armed} */
export const OFF = Object.freeze({ phase: 'off', leader: null, followers: [], count: 0, note: '' });

/** Return how it is after somebody asked to arm. @param {number} leader @param {number[]} followers @returns {Armed} */
export function asked(leader, followers) {
  return { phase: 'asking', leader, followers: followers.filter((id) => id !== leader), count: 0, note: '' };
}

/** Return how it is after the portal's event `armed`. @param {Armed} before @param {{leader: number|null, followers: number}} event @returns {Armed} */
export function heard(before, { leader, followers }) {
  if (leader === null) return { ...OFF, note: before.phase === 'armed' ? t('follow.gone') : '' };
  if (before.phase === 'disarming') return before; // said before it heard of that
  // What others of this login have armed is armed here too, though it is not known with whom.
  const own = before.leader === leader;
  return { phase: 'armed', leader, followers: own ? before.followers : [], count: followers, note: '' };
}

/** Return how it is after the portal refused to arm. @param {Armed} before @param {string} why @returns {Armed} */
export function refused(before, why) {
  return before.phase === 'asking' ? { ...OFF, note: t('follow.refused', { why }) } : before;
}

/** Return how it is after somebody disarmed. @param {Armed} before @returns {Armed} */
export function disarmed(before) {
  return before.phase === 'off' ? OFF : { ...before, phase: 'disarming', note: '' };
}

/** Return how it is after the connection to the portal was lost: with it, the portal has disarmed. @param {Armed} before @returns {Armed} */
export function lost(before) {
  return before.phase === 'off' ? before : { ...OFF, note: t('follow.lost') };
}

/** Return which followers fit a leader: live tiles among these. @param {Iterable<number>} ids @param {number} leader @param {(id: number) => boolean} takesInput */
export function followersOf(ids, leader, takesInput) {
  return [...ids].filter((id) => id !== leader && takesInput(id));
}

/**
 * Return the marks on the wall: where keys go, who leads and follows, what is chosen.
 * @param {Armed} armed @param {Iterable<number>} chosen @param {number|null} working
 */
export function marksOf(armed, chosen, working) {
  /** @type {Map<number, import('./wall-mark.js').Mark>} */
  const marks = new Map();
  for (const id of chosen) marks.set(id, 'chosen');
  if (armed.phase === 'armed') {
    for (const id of armed.followers) marks.set(id, 'follower');
    if (armed.leader !== null) marks.set(armed.leader, 'leader');
  }
  if (working !== null) marks.set(working, marks.get(working) === 'leader' ? 'leading' : 'working');
  return marks;
}
