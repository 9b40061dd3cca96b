/**
 * Stickers: a tile's tags on its title strip, each a small shape in its colour; what has no room is counted.
 *
 * @typedef {import('./wall-scene.js').Sticker} Sticker
 * @typedef {import('./wall-scene.js').Theme} Theme
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

const GAP = 0.4; // of a sticker's height

/** Return the width that `count` stickers take. @param {number} count @param {number} size */
export const widthOf = (count, size) => Math.max(0, count * size * (1 + GAP) - size * GAP);

/**
 * Return how many stickers are drawn in a width, and how many are just counted. Pure.
 * @param {number} count @param {number} size @param {number} width @param {number} counter width that "+N" takes
 */
export function fitting(count, size, width, counter) {
  if (widthOf(count, size) <= width) return { drawn: count, more: 0 };
  const room = counter > 0 ? width - counter : width + size * GAP;
  const drawn = Math.max(0, Math.floor(room / (size * (1 + GAP))));
  return { drawn, more: count - drawn };
}

/**
 * Draw stickers from `left`, and return where they end.
 * @param {Context} context @param {Sticker[]} stickers @param {{left: number, width: number, middle: number, size: number}} place in device pixels @param {Theme} theme
 */
export function drawStickers(context, stickers, { left, width, middle, size }, theme) {
  context.font = `${Math.round(size * 1.15)}px ${theme.font}`;
  const words = size >= 6;
  const { drawn, more } = fitting(stickers.length, size, width, words ? context.measureText(`+${stickers.length}`).width + size * GAP : 0);
  let x = left;
  for (const { colour, shape } of stickers.slice(0, drawn)) {
    context.fillStyle = colour;
    context.beginPath();
    stickerPath(context, shape, x + size / 2, middle, size / 2);
    context.fill();
    x += size * (1 + GAP);
  }
  if (more === 0 || !words) return x;
  context.fillStyle = theme.muted;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(`+${more}`, x, middle);
  return x + context.measureText(`+${more}`).width + size * GAP;
}

/** Points of the shapes after the disc, of a circle of radius 1; each about as heavy as the others. @type {[number, number][][]} */
const SHAPES = [
  [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]], // square
  [[0, -0.95], [1, 0.8], [-1, 0.8]], // triangle
  [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]], // diamond
  [[-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35], [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]], // cross
  [[-1, -0.8], [1, -0.8], [0, 0.95]], // triangle on its tip
  [[-0.5, -0.95], [0.5, -0.95], [1, 0], [0.5, 0.95], [-0.5, 0.95], [-1, 0]], // hexagon
  [[0, -1.1], [0.3, -0.35], [1.1, -0.3], [0.5, 0.2], [0.7, 1], [0, 0.55], [-0.7, 1], [-0.5, 0.2], [-1.1, -0.3], [-0.3, -0.35]], // star
];
export const SHAPE_COUNT = SHAPES.length + 1;

/** Add the path of a sticker's shape, of radius `r` around (x, y). @param {Pick<Context, 'arc'|'moveTo'|'lineTo'|'closePath'>} context @param {number} shape @param {number} x @param {number} y @param {number} r */
export function stickerPath(context, shape, x, y, r) {
  const points = SHAPES[(shape % SHAPE_COUNT) - 1];
  if (!points) return context.arc(x, y, r * 0.95, 0, 2 * Math.PI);
  points.forEach(([px, py], i) => (i === 0 ? context.moveTo(x + px * r, y + py * r) : context.lineTo(x + px * r, y + py * r)));
  context.closePath();
}
