/**
 * What somebody compares, and how: the register `person/P/compare`. Pure.
 *
 * @typedef {'side'|'overlay'|'swipe'|'blink'|'difference'} Way
 * @typedef {{x: number, y: number, zoom: number}} At  what of the pictures is in the middle, as shares of their sides, and how close; zoom 1: all of it
 * @typedef {object} Compare
 * @property {number[]} tiles     two to four
 * @property {Way} way
 * @property {[number, number]} pair  which two of them, by their places, where a way shows two
 * @property {At} at
 * @property {number} opacity     of what lies over, 0 to 1
 * @property {number} divider     where it stands, 0 to 1, from the left
 * @property {number} rate        pictures per second
 * @property {import('./pixel-differences.js').Kind} kind
 * @property {number} factor      by which a difference is stronger
 */

import { FACTORS } from './pixel-differences.js';

/** @type {Way[]} as their keys 1 to 5 say */
export const WAYS = ['side', 'overlay', 'swipe', 'blink', 'difference'];
export const TILES_LEAST = 2;
export const TILES_MOST = 4;
/** Pictures per second. Beyond three flashes in a second there are people whom it makes ill (WCAG 2.2, 2.3.1); a flash is two changes. */
export const RATES = { least: 0.25, most: 3 };
export const ZOOM_MOST = 32;
/** @type {Readonly<Omit<Compare, 'tiles'>>} */
const PLAIN = { way: 'side', pair: [0, 1], at: { x: 0.5, y: 0.5, zoom: 1 }, opacity: 0.5, divider: 0.5, rate: 1, kind: 'absolute', factor: 1 };

/** Return the comparison of these tiles as it begins; null if they are too few or too many. @param {number[]} tiles @returns {Compare|null} */
export const compareOf = (tiles) => (fits(tiles.length) ? { ...PLAIN, tiles } : null);

/** Return whether so many tiles can be compared. @param {number} count */
export const fits = (count) => count >= TILES_LEAST && count <= TILES_MOST;

/** Return which two tiles are shown where a way shows two. @param {Compare} compare @returns {[number, number]} */
export const pairOf = ({ tiles, pair: [a, b] }) => [tiles[a], tiles[b]];

/** Return the pair with another tile at a place (0 or 1); that which has it changes places. @param {[number, number]} pair @param {0|1} place @param {number} tile its place among all @returns {[number, number]} */
export function paired(pair, place, tile) {
  const other = pair[1 - place] === tile ? pair[place] : pair[1 - place];
  return place === 0 ? [tile, other] : [other, tile];
}

/** Return how many ms a picture is shown at least while it blinks, whatever rate is asked for. @param {number} rate */
export const beatOf = (rate) => 1000 / Math.max(RATES.least, Math.min(RATES.most, rate));

/** Return the register's value: what is as in the beginning is left out. @param {Compare} compare */
export function written(compare) {
  const other = Object.entries(PLAIN).filter(([name, value]) => JSON.stringify(compare[/** @type {keyof Compare} */ (name)]) !== JSON.stringify(value));
  return { tiles: compare.tiles, way: compare.way, ...Object.fromEntries(other.map(([name]) => [name, compare[/** @type {keyof Compare} */ (name)]])) };
}

/**
 * Return what a register says, of tiles that are there; null when it says nothing, or of too few of them. An address may bring anything.
 * @param {any} value @param {(tile: number) => boolean} there @returns {Compare|null}
 */
export function read(value, there) {
  if (!Array.isArray(value?.tiles) || new Set(value.tiles).size !== value.tiles.length) return null;
  const tiles = value.tiles.filter(there);
  if (!fits(tiles.length)) return null;
  const number = (/** @type {unknown} */ given, /** @type {number} */ plain, /** @type {number} */ least, /** @type {number} */ most) =>
    typeof given === 'number' && Number.isFinite(given) ? Math.max(least, Math.min(most, given)) : plain;
  const [a, b] = Array.isArray(value.pair) ? value.pair.map((/** @type {number} */ place) => tiles.indexOf(value.tiles[place])) : PLAIN.pair;
  return {
    tiles,
    way: WAYS.includes(value.way) ? value.way : PLAIN.way,
    pair: a >= 0 && b >= 0 && a !== b ? [a, b] : [0, 1],
    at: { x: number(value.at?.x, 0.5, 0, 1), y: number(value.at?.y, 0.5, 0, 1), zoom: number(value.at?.zoom, 1, 1, ZOOM_MOST) },
    opacity: number(value.opacity, PLAIN.opacity, 0, 1),
    divider: number(value.divider, PLAIN.divider, 0, 1),
    rate: number(value.rate, PLAIN.rate, RATES.least, RATES.most),
    kind: value.kind === 'signed' ? 'signed' : 'absolute',
    factor: FACTORS.includes(value.factor) ? value.factor : PLAIN.factor,
  };
}

/** Return of a value, from anywhere, what a register may hold of it here; null: nothing. @param {any} value @param {(tile: number) => boolean} there */
export function known(value, there) {
  const compare = read(value, there);
  return compare && written(compare);
}
