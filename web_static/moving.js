/**
 * Moves of tiles: from the lanes as they stand to the lanes as they shall stand, and the registers that make it so. Pure.
 * Tiles stay within their lane: which lane a tile is in says its tag or its value, not its place.
 *
 * @typedef {number[]} Ids  of a lane, in order
 */

import { LONGEST, keysBetween, keysUpTo } from './keys.js';

// ---------------------------------------------------------------- where tiles go

/** Put tiles before another one, or at the end. @param {Ids} ids @param {Set<number>} moved @param {number|null} before @returns {Ids} */
export function insert(ids, moved, before) {
  const going = ids.filter((id) => moved.has(id));
  // What they are put before may be one of them: then before the next that stays.
  const at = before === null ? -1 : ids.indexOf(before);
  const next = at < 0 ? undefined : ids.slice(at).find((id) => !moved.has(id));
  const staying = ids.filter((id) => !moved.has(id));
  const place = next === undefined ? staying.length : staying.indexOf(next);
  return [...staying.slice(0, place), ...going, ...staying.slice(place)];
}

/**
 * Move tiles by a number of places, 1 for the next one, the number of columns for the row below: each changes places with what stands
 * there. They go together, or not at all.
 * @param {Ids} ids @param {Set<number>} moved @param {number} by @returns {Ids}
 */
export function shift(ids, moved, by) {
  const places = ids.flatMap((id, place) => (moved.has(id) ? [place] : []));
  if (places.some((place) => place + by < 0 || place + by >= ids.length)) return ids;
  const result = [...ids];
  for (const place of by < 0 ? places : places.reverse()) [result[place], result[place + by]] = [result[place + by], result[place]];
  return result;
}

/** Let two tiles change places. @param {Ids} ids @param {number} a @param {number} b @returns {Ids} */
export const swap = (ids, a, b) => (ids.includes(a) && ids.includes(b) ? ids.map((id) => (id === a ? b : id === b ? a : id)) : ids);

/** Let two rows change places, tile by tile: what a shorter one has no place for stays. @param {Ids} ids @param {number} columns @param {number} a @param {number} b */
export function swapRows(ids, columns, a, b) {
  let result = ids;
  for (let column = 0; column < columns; column += 1) result = swap(result, ids[a * columns + column], ids[b * columns + column]);
  return result;
}

/** Let two columns change places. @param {Ids} ids @param {number} columns @param {number} a @param {number} b */
export function swapColumns(ids, columns, a, b) {
  let result = ids;
  for (let row = 0; row * columns < ids.length; row += 1) result = swap(result, ids[row * columns + a], ids[row * columns + b]);
  return result;
}

/** Turn the rows: the first `rows` go to the end; below zero, the last ones to the front. @param {Ids} ids @param {number} columns @param {number} rows @returns {Ids} */
export function rotate(ids, columns, rows) {
  if (ids.length <= columns) return ids;
  const by = (((rows * columns) % ids.length) + ids.length) % ids.length;
  return [...ids.slice(by), ...ids.slice(0, by)];
}

// ------------------------------------------------------------- what makes it so

/**
 * Return the tiles that need another key, with it, so that these stand in this order: as few as can be, those that were moved first of all.
 * @param {Ids} wanted @param {(id: number) => string} keyOf the key that a tile has @param {Set<number>} [moved] @returns {[number, string][]}
 */
export function placesFor(wanted, keyOf, moved = new Set()) {
  const staying = wanted.filter((id) => !moved.has(id));
  const ascend = staying.every((id, i) => i === 0 || keyOf(staying[i - 1]) < keyOf(id));
  const places = keysAmong(wanted, keyOf, new Set(ascend ? staying : longestRun(wanted, keyOf)));
  if (places.every(([, key]) => key.length <= LONGEST)) return places;
  const keys = keysUpTo(Math.max(...wanted), wanted.length); // after very many moves to one place: all of them anew
  return wanted.map((id, i) => [id, keys[i]]);
}

/** Return keys for all tiles but those that keep theirs. @param {Ids} wanted @param {(id: number) => string} keyOf @param {Set<number>} kept */
function keysAmong(wanted, keyOf, kept) {
  /** @type {[number, string][]} */
  const places = [];
  for (let i = 0; i < wanted.length; i += 1) {
    if (kept.has(wanted[i])) continue;
    let end = i;
    while (end < wanted.length && !kept.has(wanted[end])) end += 1;
    const keys = keysBetween(i > 0 ? keyOf(wanted[i - 1]) : '', end < wanted.length ? keyOf(wanted[end]) : '', end - i);
    for (const [n, key] of keys.entries()) places.push([wanted[i + n], key]);
    i = end;
  }
  return places;
}

/** Return the longest run of tiles whose keys ascend already. @param {Ids} wanted @param {(id: number) => string} keyOf */
function longestRun(wanted, keyOf) {
  /** @type {number[]} ends[n]: place of the least last one of a run of n + 1 */
  const ends = [];
  /** @type {number[]} the place before each in its run */
  const previous = [];
  wanted.forEach((id, place) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keyOf(wanted[ends[middle]]) < keyOf(id)) low = middle + 1;
      else high = middle;
    }
    previous[place] = low > 0 ? ends[low - 1] : -1;
    ends[low] = place;
  });
  /** @type {Ids} */
  const run = [];
  for (let place = ends.at(-1) ?? -1; place >= 0; place = previous[place]) run.push(wanted[place]);
  return run;
}

/** Return whether two orders are the same. @param {Ids} a @param {Ids} b */
export const isSame = (a, b) => a.length === b.length && a.every((id, i) => id === b[i]);

/**
 * Return the registers that make lanes stand as wanted, from how they stand: none if nothing moves. Where the wall is sorted, every
 * tile of it first gets the place that it has by that, and the sorting ends.
 * @param {Ids[]} lanes @param {Ids[]} wanted @param {{keyOf: (id: number) => string, sorted?: Ids|null, moved?: Set<number>}} about
 *   sorted: all tiles of the wall, if it is
 * @returns {[string, string|null][]}
 */
export function movesTo(lanes, wanted, { keyOf, sorted = null, moved }) {
  if (lanes.every((lane, n) => isSame(lane, wanted[n]))) return [];
  const keys = new Map(sorted ? placesFor(sorted, keyOf) : []);
  const keyNow = (/** @type {number} */ id) => keys.get(id) ?? keyOf(id);
  lanes.forEach((lane, n) => {
    if (isSame(lane, wanted[n])) return;
    for (const [id, key] of placesFor(wanted[n], keyNow, moved)) keys.set(id, key);
  });
  /** @type {[string, string|null][]} */
  const set = [...keys].map(([id, key]) => [`order/${id}`, key]);
  return sorted ? [...set, ['sort', null]] : set;
}
