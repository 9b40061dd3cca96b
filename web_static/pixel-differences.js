/**
 * How two pictures differ, pixel by pixel, exactly. Pure.
 *
 * Absolute: in each of red, green and blue, how far apart the two are, times a factor, at most 255. Signed: how much brighter the first is than the
 * second, as a colour of the diverging scale: its middle where they are equally bright, one end where the first is darker, the other where it is
 * brighter by 255 parts of the factor or more. Brightness is luma as of ITU-R BT.709, in 256ths: of a grey exactly its value.
 *
 * @typedef {'absolute'|'signed'} Kind
 * @typedef {Uint8Array|Uint8ClampedArray} Pixels  red, green, blue, opacity, and so on
 */

import { colourAt } from './scales.js';

/** By how much a difference may be made stronger. */
export const FACTORS = [1, 2, 4, 8, 16, 32];
const WHITE = 255;
/** @type {Map<number, Uint8Array>} by factor: for each difference of luma, from -255 to 255, three parts of a colour */
const tables = new Map();

/** Return how bright a pixel is, 0 to 255. @param {number} red @param {number} green @param {number} blue */
export const lumaOf = (red, green, blue) => (54 * red + 183 * green + 19 * blue) >> 8;

/** Return where a difference of brightness stands on the scale, 0 to 1. @param {number} difference -255 to 255 @param {number} factor */
export const placeOf = (difference, factor) => (Math.max(-WHITE, Math.min(WHITE, difference * factor)) + WHITE) / (2 * WHITE);

/** @param {number} factor */
function tableOf(factor) {
  const known = tables.get(factor);
  if (known) return known;
  const table = new Uint8Array(3 * (2 * WHITE + 1));
  for (let i = 0; i <= 2 * WHITE; i += 1) {
    const colour = Number.parseInt(colourAt('diverging', placeOf(i - WHITE, factor)).slice(1), 16);
    table.set([colour >> 16, (colour >> 8) & WHITE, colour & WHITE], 3 * i);
  }
  tables.set(factor, table);
  return table;
}

/**
 * Write how two pictures of one size differ; `into` may be one of them. What comes is opaque, whatever the two are.
 * @param {Pixels} a @param {Pixels} b @param {Pixels} into @param {Kind} kind @param {number} factor
 */
export function differ(a, b, into, kind, factor) {
  if (a.length !== b.length || a.length !== into.length) throw new RangeError(`pictures of ${a.length}, ${b.length} and ${into.length} bytes are not of one size`);
  if (kind === 'absolute') absolute(a, b, into, factor);
  else signed(a, b, into, tableOf(factor));
}

/** @param {Pixels} a @param {Pixels} b @param {Pixels} into @param {number} factor */
function absolute(a, b, into, factor) {
  const table = Uint8Array.from({ length: WHITE + 1 }, (_, i) => Math.min(WHITE, i * factor));
  for (let i = 0; i < a.length; i += 4) {
    into[i] = table[Math.abs(a[i] - b[i])];
    into[i + 1] = table[Math.abs(a[i + 1] - b[i + 1])];
    into[i + 2] = table[Math.abs(a[i + 2] - b[i + 2])];
    into[i + 3] = WHITE;
  }
}

/** @param {Pixels} a @param {Pixels} b @param {Pixels} into @param {Uint8Array} table */
function signed(a, b, into, table) {
  for (let i = 0; i < a.length; i += 4) {
    const at = 3 * (lumaOf(a[i], a[i + 1], a[i + 2]) - lumaOf(b[i], b[i + 1], b[i + 2]) + WHITE);
    into[i] = table[at];
    into[i + 1] = table[at + 1];
    into[i + 2] = table[at + 2];
    into[i + 3] = WHITE;
  }
}
