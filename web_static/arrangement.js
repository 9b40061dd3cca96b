/**
 * What stands on the wall, in which order, in which lane: from the tiles and the session's document. Pure.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./document.js').Document} Document
 * @typedef {{key: string, label: string, ids: number[]}} Lane  its label is '' where tiles are not grouped
 */

import { keyOf } from './keys.js';
import { sortTiles } from './sort.js';
import { parseTag, tagsOf } from './tags.js';

const BINS = 6; // lanes into which a column of many different numbers is cut
const DISTINCT_MOST = 12;

/** Return whether these changes of tiles may move them: what they are sorted and grouped by is in them. @param {Partial<Tile>[]} changes */
export const moves = (changes) => changes.some((change) => 'metadata' in change || 'tags' in change || 'title' in change);

/** Return the order in which people put the tiles by hand. @param {Iterable<Tile>} tiles @param {Document} document @returns {Tile[]} */
export function byHand(tiles, document) {
  const moved = new Map(document.below('order/'));
  const keyed = [...tiles].map((tile) => ({ tile, key: String(moved.get(String(tile.id)) ?? keyOf(tile.id)) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.tile.id - b.tile.id));
  return keyed.map(({ tile }) => tile);
}

/** Return the tiles that are on the wall: neither hidden one by one nor by a tag. @param {Iterable<Tile>} tiles @param {Document} document */
export function onWall(tiles, document) {
  const hidden = new Set(document.below('tile/').flatMap(([rest]) => (rest.endsWith('/hidden') ? [Number(rest.slice(0, -7))] : [])));
  const tags = new Set(document.below('tag/').flatMap(([rest]) => (rest.endsWith('/hidden') ? [decodeURIComponent(rest.slice(0, -7))] : [])));
  return [...tiles].filter((tile) => !hidden.has(tile.id) && !(tags.size > 0 && tagsOf(tile, document).some((tag) => tags.has(tag))));
}

/** Return the tiles of the wall as they are sorted, without lanes and search. @param {Iterable<Tile>} tiles @param {Document} document @returns {Tile[]} */
export function inOrder(tiles, document) {
  const { by, descending } = document.get('sort') ?? { by: '', descending: false };
  const standing = new Map(byHand(onWall(tiles, document), document).map((tile) => [tile.id, tile]));
  return sortTiles(standing.values(), { key: by, descending }, document).map((id) => /** @type {Tile} */ (standing.get(id)));
}

/**
 * Return the lanes of the wall, one without a label where tiles are not grouped.
 * @param {Iterable<Tile>} tiles @param {Document} document @param {{found: Set<number>|null, rest: 'dim'|'hide'|'last'}} search
 * @returns {Lane[]}
 */
export function lanesOf(tiles, document, { found, rest }) {
  let standing = inOrder(tiles, document);
  if (found && rest !== 'dim') standing = [...standing.filter(({ id }) => found.has(id)), ...(rest === 'last' ? standing.filter(({ id }) => !found.has(id)) : [])];
  const by = document.get('group')?.by ?? '';
  return by === '' ? [{ key: '', label: '', ids: standing.map(({ id }) => id) }] : grouped(standing, by, document);
}

/** @param {Tile[]} tiles @param {string} by @param {Document} document @returns {Lane[]} */
function grouped(tiles, by, document) {
  const placeOf = by === 'tags' ? (/** @type {Tile} */ tile) => byTag(tagsOf(tile, document)[0]) : byColumn(tiles, by.replace(/^column:/, ''));
  /** @type {Map<string, {place: Place, ids: number[]}>} */
  const lanes = new Map();
  for (const tile of tiles) {
    const place = placeOf(tile);
    const lane = lanes.get(place.key) ?? { place, ids: [] };
    lane.ids.push(tile.id);
    lanes.set(place.key, lane);
  }
  const words = new Intl.Collator(undefined, { numeric: true });
  // Those without a value stand last; numbers by their size, words as in a dictionary.
  const sorted = [...lanes.values()].sort((a, b) => {
    const [one, other] = [a.place, b.place];
    return Number(one.key === '') - Number(other.key === '') || byRank(one, other) || words.compare(one.key, other.key);
  });
  return sorted.map(({ place: { key, label }, ids }) => ({ key, label, ids }));
}

/** @typedef {{key: string, label: string, rank?: number}} Place  of a tile among the lanes; rank: of numbers */

/** @param {Place} one @param {Place} other */
const byRank = ({ rank: one }, { rank: other }) => (one === undefined || other === undefined ? Number(one === undefined) - Number(other === undefined) : one - other);

/** @param {unknown} value @returns {Place} */
const placeAt = (value) => ({ key: String(value ?? ''), label: String(value ?? '') });

/** @param {string|undefined} name of a tile's first tag @returns {Place} */
function byTag(name) {
  const tag = name === undefined ? null : parseTag(name);
  return tag ? { key: tag.name, label: tag.label, rank: tag.rank } : placeAt(null);
}

/** @param {Tile[]} tiles @param {string} column @returns {(tile: Tile) => Place} */
function byColumn(tiles, column) {
  const isNumber = (/** @type {unknown} */ value) => typeof value === 'number' && Number.isFinite(value);
  const numbers = /** @type {number[]} */ (tiles.map(({ metadata }) => metadata[column]).filter(isNumber));
  if (new Set(numbers).size <= DISTINCT_MOST) {
    return ({ metadata: { [column]: value } }) => (isNumber(value) ? { ...placeAt(value), label: `${column} ${value}`, rank: Number(value) } : placeAt(value));
  }
  const low = numbers.reduce((least, value) => Math.min(least, value));
  const step = (numbers.reduce((most, value) => Math.max(most, value)) - low) / BINS;
  const digits = Math.min(100, Math.max(0, 2 - Math.floor(Math.log10(step)))); // as many as tell one lane from the next, however great the numbers
  const edge = (/** @type {number} */ i) => Number((low + i * step).toFixed(digits));
  return ({ metadata: { [column]: value } }) => {
    if (!isNumber(value)) return placeAt(null);
    const rank = Math.min(BINS - 1, Math.floor((Number(value) - low) / step));
    return { key: String(rank), label: `${column} ${edge(rank)} – ${edge(rank + 1)}`, rank };
  };
}
