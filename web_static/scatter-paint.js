/**
 * Draws the cells of the scatter matrix: a dot for each member, or, where there are too many, how many there are in each pair of bins.
 *
 * @typedef {import('./views-types.js').Shown} Shown
 * @typedef {{x: number, y: number, size: number}} Cell  CSS pixels
 * @typedef {[number, number]} Pair  axes: of x, of y
 */

import { shadesOf } from './density.js';
import { rgbOf } from './parallel-paint.js';
import { BINS, NONE } from './tallies.js';

const SHIFT = 1; // bins are twice as wide as those of the parallel axes
const SIDE = (NONE >> SHIFT) + 1;
const PLACES = BINS >> SHIFT;
export const NONE_PX = 9; // left and below, for those without a value
const PAD_PX = 3;
const FAINT = 0.28;
const DOT_PX = 4;

/** Return where a place of an axis is in a cell, from its left or its lower edge. @param {number} place @param {number} size */
export const inCell = (place, size) => (Number.isNaN(place) ? NONE_PX / 2 : NONE_PX + PAD_PX + place * (size - NONE_PX - 2 * PAD_PX));
/** Return the place at a distance from that edge. @param {number} at @param {number} size */
export const placeIn = (at, size) => (at - NONE_PX - PAD_PX) / (size - NONE_PX - 2 * PAD_PX);

export class ScatterPaint {
  canvas = document.createElement('canvas');
  over = document.createElement('canvas');
  #image = new ImageData(SIDE, SIDE);
  #picture = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });

  /** @param {number} size of the square, CSS pixels @param {number} ratio */
  layout(size, ratio) {
    for (const canvas of [this.canvas, this.over]) {
      const side = Math.round(size * ratio);
      if (canvas.width !== side) Object.assign(canvas, { width: side, height: side });
      canvas.style.setProperty('width', `${size}px`);
      canvas.style.setProperty('height', `${size}px`);
    }
  }

  /** @param {HTMLCanvasElement} canvas @param {number} ratio */
  #begin(canvas, ratio) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    return context;
  }

  /** @param {Shown} shown @param {{pair: Pair, cell: Cell}[]} cells */
  paint(shown, cells) {
    const context = this.#begin(this.canvas, shown.ratio);
    const { linked } = shown;
    if (linked.many && (linked.tallies?.shift !== SHIFT || linked.tallies.pairs.length !== cells.length)) linked.count(cells.map(({ pair }) => pair), SHIFT);
    cells.forEach(({ pair, cell }, at) => (linked.many ? this.#paintMany(context, shown, cell, at) : this.#paintDots(context, shown, pair, cell)));
    linked.tallies?.drain(() => {});
  }

  /** @param {CanvasRenderingContext2D} context @param {Shown} shown @param {Pair} pair @param {Cell} cell */
  #paintDots(context, { linked, colours, colourOf }, [x, y], cell) {
    const dot = dotsOf(context, linked, x, y, cell);
    context.fillStyle = colours.rest;
    context.globalAlpha = FAINT;
    for (let member = 0; member < linked.size; member += 1) if (!linked.passes(member)) dot(member, DOT_PX);
    context.globalAlpha = 0.85;
    for (let member = 0; member < linked.size; member += 1) {
      if (!linked.passes(member)) continue;
      context.fillStyle = colourOf(member) ?? colours.line;
      dot(member, DOT_PX);
    }
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {Shown} shown @param {Cell} cell @param {number} at which pair */
  #paintMany(context, { linked, colours }, { x, y, size }, at) {
    const tallies = linked.tallies;
    if (!tallies) return;
    const offset = at * SIDE * SIDE;
    const all = tallies.all.subarray(offset, offset + SIDE * SIDE);
    const passing = tallies.passing.subarray(offset, offset + SIDE * SIDE);
    const most = all.reduce((a, b) => Math.max(a, b), 1);
    const [faint, full] = [shadesOf(rgbOf(colours.rest), 2 * FAINT, most), shadesOf(rgbOf(colours.line), 1, most)];
    const pixels = new Uint32Array(this.#image.data.buffer);
    for (let one = 0; one < SIDE; one += 1) {
      for (let other = 0; other < SIDE; other += 1) {
        const place = one * SIDE + other;
        // Those without a value are in the first column and the last row.
        const pixel = (other === PLACES ? SIDE - 1 : PLACES - 1 - other) * SIDE + (one === PLACES ? 0 : one + 1);
        pixels[pixel] = passing[place] > 0 ? full(passing[place]) : all[place] > 0 ? faint(all[place]) : 0;
      }
    }
    /** @type {CanvasRenderingContext2D} */ (this.#picture.getContext('2d')).putImageData(this.#image, 0, 0);
    context.imageSmoothingEnabled = false;
    const inner = size - NONE_PX - 2 * PAD_PX;
    const left = x + NONE_PX + PAD_PX;
    context.drawImage(this.#picture, 1, 0, PLACES, PLACES, left, y + PAD_PX, inner, inner);
    context.drawImage(this.#picture, 0, 0, 1, PLACES, x + 2, y + PAD_PX, NONE_PX - 4, inner);
    context.drawImage(this.#picture, 1, PLACES, PLACES, 1, left, y + size - NONE_PX + 2, inner, NONE_PX - 4);
  }

  /** @param {Shown} shown @param {{pair: Pair, cell: Cell}[]} cells */
  light({ linked, selected, looked, colours, ratio }, cells) {
    const context = this.#begin(this.over, ratio);
    for (const { pair: [x, y], cell } of cells) {
      const dot = dotsOf(context, linked, x, y, cell);
      context.fillStyle = colours.accent;
      for (const member of selected) dot(member, DOT_PX + 1);
      for (const member of looked) {
        context.fillStyle = colours.text;
        dot(member, DOT_PX + 4);
        context.fillStyle = colours.accent;
        dot(member, DOT_PX);
      }
    }
  }
}

/** Return what draws a dot for a member in a cell. @param {CanvasRenderingContext2D} context @param {import('./linked.js').Linked} linked @param {number} x axis @param {number} y axis @param {Cell} cell */
function dotsOf(context, { axes }, x, y, cell) {
  const [across, up] = [axes[x].places, axes[y].places];
  return (/** @type {number} */ member, /** @type {number} */ size) => {
    const [left, top] = [cell.x + inCell(across[member], cell.size), cell.y + cell.size - inCell(up[member], cell.size)];
    context.fillRect(left - size / 2, top - size / 2, size, size);
  };
}
