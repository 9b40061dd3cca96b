/**
 * What is said of a tile: the same on the wall, in the panel, in full and to a screen reader. Pure.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./model.js').TileSet} TileSet
 * @typedef {object} Said
 * @property {string} head    the state, or what kind of failure it is
 * @property {string} why     in a sentence; may be empty
 * @property {string[]} when  until when it waits, from the longest words to the shortest; none if nothing waits
 * @property {string} where   for what starts: on which node
 * @property {string} advice  what a person can do
 * @property {number|null} since  when its node was last heard, if that is away
 * @property {import('./gl.js').Badge|null} badge
 */

import { badgeOf } from './gl.js';
import { t } from './text.js';
import { ago, ahead, clock } from './times.js';

/** What is said of a state when nobody gave a reason. @type {Record<Tile['state'], string>} */
const WAITING = {
  queued: t('said.queued'),
  starting: t('said.starting'),
  stopped: t('said.stopped'),
  failed: '',
  live: '',
};

/** @param {number|null|undefined} start @param {number} now */
function whenOf(start, now) {
  if (!start) return [t('said.start-unknown'), t('said.start-unknown-short')];
  const at = clock(start, now);
  if (start <= now) return [t('said.was-to-start', { at }), t('said.later-than', { at })];
  const wait = ahead(start, now);
  return [t('said.starts', { at, wait }), t('said.about-in', { at, wait }), t('said.about', { at }), `~ ${at}`];
}

/** @type {Said} */
const OFF = { head: t('state.off'), why: t('said.off'), when: [], where: '', advice: '', since: null, badge: null };

/** Return what is said of a tile at the time `now`, and `shown` as in `Model.stateOf`. @returns {Said} */
export function say(
  /** @type {Tile} */ tile,
  /** @type {TileSet|undefined} */ set,
  /** @type {number} */ now,
  /** @type {Tile['state']|'off'} */ shown = tile.state,
) {
  if (shown === 'off') return OFF;
  const { state } = tile;
  const cause = state === 'failed' ? (tile.cause ?? '') : '';
  const reason = tile.reason || WAITING[state];
  return {
    head: cause || stateWord(state),
    why: cause && reason.startsWith(`${cause}: `) ? reason.slice(cause.length + 2) : reason,
    when: state === 'queued' ? whenOf(tile.expected_start ?? set?.expected_start, now) : [],
    where: state === 'starting' && tile.node ? t('said.on-node', { node: tile.node }) : '',
    advice: state === 'failed' ? (tile.advice ?? '') : '',
    since: state === 'live' ? (tile.away ?? null) : null,
    badge: state === 'live' ? badgeOf(tile) : null,
  };
}

/** Return the line of a tile's state: why and until when. */
export function lineOf(/** @type {Said} */ { why, when, where, since }, /** @type {number} */ now) {
  const away = since === null ? '' : t('said.away', { at: clock(since, now), ago: ago(since, now) });
  return [why, where, when[0] ?? '', away].filter(Boolean).join(' · ');
}

/** Return what is said aloud of a tile, and beside the pointer: its name, its state, why, and what is wrong with its GL. */
export function nameOf(/** @type {Tile} */ tile, /** @type {Said} */ said, /** @type {number} */ now) {
  const state = said.head === stateWord(tile.state) || said === OFF ? said.head : t('said.colon', { what: stateWord(tile.state), why: said.head });
  const line = lineOf(said, now);
  const { badge } = said;
  const gl = badge && (badge.bad ? t('said.warning', { what: badge.words[0], why: badge.why }) : badge.words[0]);
  return [tile.title, line ? t('said.colon', { what: state, why: line }) : state, gl].filter(Boolean).join(', ');
}

/** Return a state's word. @param {Tile['state']|'off'} state */
export const stateWord = (state) => t(`state.${state}`);

/** Return whether a tile has a log that says why. */
export const tellsWhy = (/** @type {Tile['state']} */ state) => state === 'failed' || state === 'stopped' || state === 'starting';
