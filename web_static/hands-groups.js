/**
 * Groups of hands: a leader and those who follow it, kept under a name in the session's document (`hands/ID`). Pure.
 *
 * A group is a list and no more: whoever types into it needs the right to in each of its tiles, as ever.
 *
 * @typedef {{name: string, leader: number|null, tiles: number[], together?: boolean}} Kept  as it stands in the document; leader null: the
 *   first that takes input; together: their views are kept as the leader's is
 * @typedef {Kept & {id: string}} Group
 * @typedef {[string, import('./document.js').Json][]} Sets
 */

import { followersOf } from './arming.js';

export const NAME_MOST = 80; // letters
const PREFIX = 'hands/';

/** @param {string} id */
export const pathOf = (id) => `${PREFIX}${id}`;

/** Return whether a path is that of a group, or says that any may have changed. @param {Iterable<string>} paths */
export const touchesGroups = (paths) => [...paths].some((path) => path === '' || path.startsWith(PREFIX));

/**
 * Return the groups there are, by name, without the tiles that are gone.
 * @param {import('./document.js').Document} document @param {(id: number) => boolean} isThere @returns {Group[]}
 */
export function groupsOf(document, isThere) {
  const words = new Intl.Collator(undefined, { numeric: true });
  return document
    .below(PREFIX)
    .map(([id, kept]) => standing({ id, .../** @type {Kept} */ (kept) }, isThere))
    .sort((a, b) => words.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

/** @param {Group} group @param {(id: number) => boolean} isThere @returns {Group} */
function standing(group, isThere) {
  const { leader } = group;
  return { ...group, leader: leader !== null && isThere(leader) ? leader : null, tiles: group.tiles.filter((id) => id !== leader && isThere(id)) };
}

/**
 * Return who leads a group now and who follows, or null when nobody does: a leader that takes no input leaves that to the first that does.
 * @param {Group} group @param {(id: number) => boolean} takesInput @returns {{leader: number, followers: number[]}|null}
 */
export function readyOf({ leader, tiles }, takesInput) {
  const first = [leader, ...tiles].find((id) => id !== null && takesInput(id)) ?? null;
  if (first === null) return null;
  const followers = followersOf(tiles, first, takesInput);
  return followers.length > 0 ? { leader: first, followers } : null;
}

/** Return a name as it is kept; '' if it is none. @param {string} text */
export const nameFrom = (text) => [...text.replace(/\s+/g, ' ').trim()].slice(0, NAME_MOST).join('');

/**
 * Return a name that no group has: the one that is meant, or that with a number.
 * @param {Group[]} groups @param {(n: number) => string} named
 */
export function freeName(groups, named) {
  const taken = new Set(groups.map(({ name }) => name));
  let n = 1;
  while (taken.has(named(n))) n += 1;
  return named(n);
}

/**
 * Return what keeps a group: over the one of that name, if there is one.
 * @param {Group[]} groups @param {string} name @param {number|null} leader @param {number[]} tiles @param {string} id of a new one @returns {Sets}
 */
export function keeping(groups, name, leader, tiles, id) {
  const before = groups.find((each) => each.name === name);
  /** @type {Kept} */
  const kept = { name, leader, tiles: tiles.filter((each) => each !== leader), ...(before?.together ? { together: true } : {}) };
  return [[pathOf(before?.id ?? id), kept]];
}

/** Return what changes something of a group, and nothing else: tiles that are gone may come back. @param {import('./document.js').Document} document @param {string} id @param {Partial<Kept>} changes @returns {Sets} */
export function changing(document, id, changes) {
  const kept = /** @type {Kept|undefined} */ (document.get(pathOf(id)));
  if (!kept) return [];
  const { together, ...rest } = { ...kept, ...changes };
  const next = together ? { ...rest, together } : rest;
  return JSON.stringify(next) === JSON.stringify(kept) ? [] : [[pathOf(id), next]];
}

/** Return the groups that keep their views together and that a tile leads now. @param {Group[]} groups @param {number} tile @param {(id: number) => boolean} takesInput */
export const ledBy = (groups, tile, takesInput) => groups.filter((group) => group.together && readyOf(group, takesInput)?.leader === tile);
