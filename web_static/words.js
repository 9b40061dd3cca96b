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
import { ago, ahead, clock } from './times.js';

/** What is said of a state when nobody gave a reason. @type {Record<Tile['state'], string>} */
const WAITING = {
  queued: 'waits for its job to start',
  starting: 'its display is coming up',
  stopped: 'its program was ended',
  failed: '',
  live: '',
};

/** @param {number|null|undefined} start @param {number} now */
function whenOf(start, now) {
  if (!start) return ['start not known yet', 'start unknown'];
  const at = clock(start, now);
  if (start <= now) return [`was to start at ${at}, waits on`, `later than ${at}`];
  const wait = ahead(start, now);
  return [`starts about ${at} · in ${wait}`, `about ${at} · in ${wait}`, `about ${at}`, `~ ${at}`];
}

/** @type {Said} */
const OFF = { head: 'off', why: 'turned off in this page: nothing of it is sent', when: [], where: '', advice: '', since: null, badge: null };

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
    head: cause || state,
    why: cause && reason.startsWith(`${cause}: `) ? reason.slice(cause.length + 2) : reason,
    when: state === 'queued' ? whenOf(tile.expected_start ?? set?.expected_start, now) : [],
    where: state === 'starting' && tile.node ? `on ${tile.node}` : '',
    advice: state === 'failed' ? (tile.advice ?? '') : '',
    since: state === 'live' ? (tile.away ?? null) : null,
    badge: state === 'live' ? badgeOf(tile) : null,
  };
}

/** Return the line of a tile's state: why and until when. */
export function lineOf(/** @type {Said} */ { why, when, where, since }, /** @type {number} */ now) {
  const away = since === null ? '' : `its node has not answered since ${clock(since, now)} (${ago(since, now)}): this is its last picture`;
  return [why, where, when[0] ?? '', away].filter(Boolean).join(' · ');
}

/** Return what is said aloud of a tile, and beside the pointer: its name, its state, why, and what is wrong with its GL. */
export function nameOf(/** @type {Tile} */ tile, /** @type {Said} */ said, /** @type {number} */ now) {
  const state = said.head === tile.state || said === OFF ? said.head : `${tile.state}: ${said.head}`;
  const line = lineOf(said, now);
  const { badge } = said;
  const gl = badge ? `, ${badge.bad ? 'warning, ' : ''}${badge.words[0]}${badge.bad ? `: ${badge.why}` : ''}` : '';
  return `${tile.title}, ${state}${line ? `: ${line}` : ''}${gl}`;
}

/** Return whether a tile has a log that says why. */
export const tellsWhy = (/** @type {Tile['state']} */ state) => state === 'failed' || state === 'stopped' || state === 'starting';
