/**
 * Places in an order, as keys that sort as text: between two there is always room for another, so that to move a tile changes it
 * alone (fractional indexing; Figma, "Realtime editing of ordered sequences", 2017). Pure.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length;
const WIDTH = 6; // digits of the key that a tile has until it is moved: ids up to 62 ** 6

export const LONGEST = 60; // characters of a key that may be

/** Return the key of a tile that was never moved: tiles stand in the order in which they were launched. @param {number} id */
export function keyOf(id) {
  let key = '';
  for (let rest = id, i = 0; i < WIDTH; i += 1, rest = Math.floor(rest / BASE)) key = DIGITS[rest % BASE] + key;
  return key;
}

/**
 * Return `count` keys in ascending order between `before` and `after` ('' for the beginning and the end). None ends with the digit 0.
 * @param {string} before @param {string} after @param {number} count @returns {string[]}
 */
export function keysBetween(before, after, count) {
  if (count <= 0) return [];
  const end = after === '' && before !== '' ? nextOf(before.slice(0, WIDTH)) : after; // at the end, but before tiles that are launched later
  const middle = keyBetween(before, end);
  const half = Math.floor((count - 1) / 2);
  return [...keysBetween(before, middle, half), middle, ...keysBetween(middle, end, count - 1 - half)];
}

/** Return keys for tiles up to this id, in ascending order, evenly, and before those of tiles that are launched later. @param {number} id @param {number} count */
export const keysUpTo = (id, count) => keysBetween('', nextOf(keyOf(id)), count);

/** Return the least key of this length, or shorter, behind `key` and all that begin with it; '' if there is none. @param {string} key */
function nextOf(key) {
  const bare = key.replace(/z+$/, '');
  return bare === '' ? '' : bare.slice(0, -1) + DIGITS[DIGITS.indexOf(bare[bare.length - 1]) + 1];
}

/** @param {string} before @param {string} after */
function keyBetween(before, after) {
  let key = '';
  for (let i = 0; ; i += 1) {
    const low = i < before.length ? DIGITS.indexOf(before[i]) : 0;
    const high = after !== '' && key === after.slice(0, i) ? (i < after.length ? DIGITS.indexOf(after[i]) : 0) : BASE;
    if (high - low > 1) return key + DIGITS[Math.floor((low + high) / 2)];
    key += DIGITS[low];
  }
}
