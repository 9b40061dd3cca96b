/**
 * The order of the tiles. Pure. What they are sorted by: '' (as they were put), 'title', 'state', 'node', 'column:NAME', or 'tag:NAME', a
 * number that tags give, or whether a tile has the tag.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./model.js').Value} Value
 * @typedef {{key: string, descending: boolean}} Order
 * @typedef {import('./document.js').Document} Document
 */

import { valueBy } from './tags.js';

const STATES = ['live', 'starting', 'queued', 'failed', 'stopped'];
const words = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Return what a tile is sorted by. @param {Tile} tile @param {string} key @param {Document} [document] where tags by hand are */
export function sortValue(tile, key, document) {
  if (key.startsWith('tag:')) return document ? valueBy(tile, key, document) : null;
  if (key.startsWith('column:')) return tile.metadata[key.slice(7)] ?? null;
  if (key === 'title') return tile.title;
  if (key === 'state') return STATES.indexOf(tile.state);
  if (key === 'node') return tile.node;
  return null;
}

/** Compare two values: numbers by size, words as people do (2 before 10), numbers before words. */
export function compareValues(/** @type {Value} */ a, /** @type {Value} */ b) {
  if (typeof a === 'string' && typeof b === 'string') return words.compare(a, b);
  if (typeof a === 'string' || typeof b === 'string') return typeof a === 'string' ? 1 : -1;
  return Number(a) - Number(b);
}

/** Return whether there is no value to sort by; such tiles come last, whichever way is up. */
function isMissing(/** @type {Value} */ value) {
  return value === null || value === '' || (typeof value === 'number' && Number.isNaN(value));
}

/** Return the tiles' ids in `order`; equal ones stay as they stand. @param {Iterable<Tile>} tiles @param {Order} order @param {Document} [document] */
export function sortTiles(tiles, order, document) {
  const list = [...tiles].map((tile, position) => ({ id: tile.id, position, value: sortValue(tile, order.key, document) }));
  const sign = order.descending ? -1 : 1;
  list.sort((a, b) => {
    if (order.key === '') return sign * (a.position - b.position);
    const missing = Number(isMissing(a.value)) - Number(isMissing(b.value));
    if (missing !== 0) return missing;
    return (isMissing(a.value) ? 0 : sign * compareValues(a.value, b.value)) || a.position - b.position;
  });
  return list.map(({ id }) => id);
}
