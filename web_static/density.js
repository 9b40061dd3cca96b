/**
 * Pictures of many members: between two axes a band for each pair of bins, as dark as there are members in it. All sums are of whole
 * numbers, so that what is added and taken away as brushes change comes to just what a picture made anew would be. Pure.
 *
 * @typedef {[number, number, number]} Rgb
 */

import { BINS, NONE } from './tallies.js';

export const COLUMNS = 48; // of the picture between two axes, whatever its size on the screen
const BIN_ROWS = 2;
export const ROWS = BINS * BIN_ROWS; // of the axes
export const GAP_ROWS = 12; // between the axes and those without a value
export const NONE_ROWS = 8;
export const HEIGHT = ROWS + GAP_ROWS + NONE_ROWS;
const FRACTION = 16; // bits
const HALF = 1 << (FRACTION - 1);
const LEAST = 0.16; // opacity of one member where there are others elsewhere

/** Return the first row of a bin: high values are up. @param {number} bin */
const topOf = (bin) => (bin === NONE ? ROWS + GAP_ROWS : ROWS - (bin + 1) * BIN_ROWS);

export class Density {
  /** @type {Int32Array} column by column, down each: by how much more members are there than one row above */ #steps;
  #most = 1;

  /** @param {number} gaps between axes */
  constructor(gaps) {
    this.gaps = gaps;
    this.width = gaps * COLUMNS;
    this.#steps = new Int32Array(this.width * (HEIGHT + 1));
  }

  /** Add members between two bins of neighbouring axes, or take them away. @param {number} gap @param {number} one @param {number} other @param {number} by how many */
  add(gap, one, other, by) {
    const steps = this.#steps;
    const [from, to] = [topOf(one), topOf(other)];
    const [high, end] = [one === NONE ? NONE_ROWS : BIN_ROWS, other === NONE ? NONE_ROWS : BIN_ROWS];
    const slope = (((to - from) << FRACTION) / COLUMNS) | 0;
    const growth = (((end - high) << FRACTION) / COLUMNS) | 0;
    // A column shows all that the band goes through in it: a steep one has no holes.
    let top = (from << FRACTION) + HALF + Math.min(0, slope);
    let bottom = (from << FRACTION) + HALF + (high << FRACTION) + Math.max(0, slope + growth);
    let at = gap * COLUMNS * (HEIGHT + 1);
    for (let column = 0; column < COLUMNS; column += 1) {
      steps[at + (top >> FRACTION)] += by;
      steps[at + (bottom >> FRACTION)] -= by;
      top += slope;
      bottom += slope + growth;
      at += HEIGHT + 1;
    }
  }

  /** Take all of these counts. @param {Int32Array} counts by gap, bin, bin */
  fill(counts) {
    const side = NONE + 1;
    this.#steps.fill(0);
    let place = 0;
    for (let gap = 0; gap < this.gaps; gap += 1) {
      for (let one = 0; one < side; one += 1) for (let other = 0; other < side; other += 1, place += 1) if (counts[place] !== 0) this.add(gap, one, other, counts[place]);
    }
  }

  /** The most members that are in one place. */
  most() {
    let most = 0;
    let sum = 0;
    for (const step of this.#steps) {
      sum += step;
      if (sum > most) most = sum;
    }
    return (this.#most = Math.max(1, most));
  }

  /**
   * Draw it: opacity grows with the logarithm of how many members are there.
   * @param {Uint32Array} pixels of a picture `width` by HEIGHT, RGBA @param {Rgb} colour @param {number} opacity of the most @param {number} [most]
   */
  draw(pixels, colour, opacity, most = this.#most) {
    const shades = shadesOf(colour, opacity, most);
    const steps = this.#steps;
    const { width } = this;
    let at = 0;
    for (let column = 0; column < width; column += 1) {
      let sum = 0;
      for (let pixel = column; pixel < width * HEIGHT; pixel += width) {
        sum += steps[at++];
        pixels[pixel] = sum === 0 ? 0 : shades(sum);
      }
      at += 1;
    }
  }
}

/** Return the colour of so many members, as a pixel. @param {Rgb} colour @param {number} opacity @param {number} most @returns {(count: number) => number} */
export function shadesOf([red, green, blue], opacity, most) {
  const ground = (blue << 16) | (green << 8) | red;
  const scale = 1 / Math.log1p(most);
  const shade = (/** @type {number} */ count) => ((Math.round(255 * opacity * (LEAST + (1 - LEAST) * Math.min(1, Math.log1p(count) * scale))) << 24) | ground) >>> 0;
  const table = Uint32Array.from({ length: Math.min(4096, most + 1) }, (_, count) => shade(count));
  return (count) => (count < table.length ? table[count] : shade(count));
}
