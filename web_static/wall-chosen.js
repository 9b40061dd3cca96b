/**
 * Who selected a tile: oneself, by an accent edge and a tick; others, by a thin corner in their colour.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

const EDGE_PX = 2;
const TICK_PX = 15; // side of the tick's ground
const TICK_FROM_PX = 56; // a smaller tile has its edge alone
const CORNER_PX = 18;

/** Return the width of a selected tile's edge in device pixels. @param {number} ratio */
export const chosenEdge = (ratio) => Math.max(1, Math.round(EDGE_PX * ratio));

/** Return whether a picture of this size, in CSS pixels, has room for the tick. @param {{width: number, height: number}} size */
export const hasTick = ({ width, height }) => Math.min(width, height) >= TICK_FROM_PX;

/** Draw the tick in the upper right corner. @param {Context} context @param {Rect} box in device pixels @param {Style} style */
export function drawTick(context, box, { theme, ratio }) {
  const side = Math.round(TICK_PX * ratio);
  const [x, y] = [box.x + box.width - side, box.y];
  context.fillStyle = theme.accent;
  context.beginPath();
  context.roundRect(x, y, side, side, [0, 0, 0, side * 0.3]);
  context.fill();
  context.strokeStyle = theme.onAccent;
  context.lineWidth = 1.8 * ratio;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  context.moveTo(x + side * 0.28, y + side * 0.52);
  context.lineTo(x + side * 0.45, y + side * 0.69);
  context.lineTo(x + side * 0.74, y + side * 0.33);
  context.stroke();
  context.lineCap = 'butt';
  context.lineJoin = 'miter';
}

/** Draw a corner for each of the others who selected the tile, the next within the last. @param {Context} context @param {string[]} colours @param {Rect} box in device pixels @param {Style} style */
export function drawOthers(context, colours, box, { theme, ratio }) {
  const width = Math.max(1, Math.round(Math.min(3, box.width / ratio / 24) * ratio));
  const length = Math.min(CORNER_PX * ratio, box.width / 3, box.height / 3);
  colours.forEach((colour, i) => {
    const away = i * (width + Math.round(ratio)) + width / 2 + Math.round(ratio);
    const [x, y] = [box.x + away, box.y + box.height - away];
    context.beginPath();
    context.moveTo(x, y - length);
    context.lineTo(x, y);
    context.lineTo(x + length, y);
    context.strokeStyle = theme.ground; // a dark hair, or a light one, around: seen on any picture
    context.lineWidth = width + 2 * Math.round(ratio);
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  });
}
