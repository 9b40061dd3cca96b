/**
 * The axes of the wall while it is a scatter plot: lines below the tiles; numbers and names in letters of one size, which stay at the
 * view's edge when their place is out of sight.
 *
 * @typedef {import('./layout-scatter.js').Axes} Axes
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

import { toScreen } from './camera.js';
import { fitText } from './wall-type.js';

const LETTERS_PX = 12;
const NAME_PX = 13;
const AWAY_PX = 9; // of the numbers from the plot
const LEFT_PX = 76; // room for numbers left of the plot
const BELOW_PX = 44;
const BACK = 0.82; // of the ground behind letters that stand over tiles

/** Where the plot is in the view, in CSS pixels. @param {Axes} axes @param {Camera} camera */
const plotOf = ({ rect }, camera) => toScreen(camera, rect);

/** Draw what is below the tiles. @param {Context} context @param {Axes} axes @param {Camera} camera @param {Size} view @param {Style} style */
export function drawAxisLines(context, axes, camera, view, { theme, ratio }) {
  const plot = plotOf(axes, camera);
  const line = Math.max(1, Math.floor(ratio));
  const [left, top] = [Math.max(0, plot.x), Math.max(0, plot.y)];
  const [right, bottom] = [Math.min(view.width, plot.x + plot.width), Math.min(view.height, plot.y + plot.height)];
  if (right <= left || bottom <= top) return;
  context.fillStyle = theme.edge;
  context.globalAlpha = 0.6;
  for (const { at } of axes.x.ticks) fillLine(context, (at - camera.x) * camera.scale, top, 0, bottom - top, line, ratio);
  for (const { at } of axes.y.ticks) fillLine(context, left, (at - camera.y) * camera.scale, right - left, 0, line, ratio);
  context.globalAlpha = 1;
  context.fillStyle = theme.edgeStrong;
  fillLine(context, plot.x, top, 0, bottom - top, line, ratio);
  fillLine(context, left, plot.y + plot.height, right - left, 0, line, ratio);
}

/** @param {Context} context @param {number} x @param {number} y @param {number} width @param {number} height CSS pixels @param {number} line device pixels @param {number} ratio */
function fillLine(context, x, y, width, height, line, ratio) {
  context.fillRect(Math.round(x * ratio), Math.round(y * ratio), width > 0 ? Math.round(width * ratio) : line, height > 0 ? Math.round(height * ratio) : line);
}

/** Draw numbers and names, over the tiles. @param {Context} context @param {Axes} axes @param {Camera} camera @param {Size} view @param {Style} style */
export function drawAxisWords(context, axes, camera, view, style) {
  const plot = plotOf(axes, camera);
  if (plot.x > view.width || plot.y > view.height || plot.x + plot.width < 0 || plot.y + plot.height < 0) return;
  const edge = { x: Math.max(plot.x, LEFT_PX), y: Math.min(plot.y + plot.height, view.height - BELOW_PX) };
  const over = { left: edge.x > plot.x, below: edge.y < plot.y + plot.height };
  context.font = `${LETTERS_PX * style.ratio}px ${style.theme.font}`;
  context.textBaseline = 'middle';
  for (const { at, text } of axes.y.ticks) {
    const y = (at - camera.y) * camera.scale;
    if (y > 6 && y < edge.y) word(context, text, edge.x - AWAY_PX, y, 'right', LEFT_PX - AWAY_PX - NAME_PX, over.left, style);
  }
  for (const { at, text } of axes.x.ticks) {
    const x = (at - camera.x) * camera.scale;
    if (x > edge.x && x < view.width - 6) word(context, text, x, edge.y + AWAY_PX + LETTERS_PX / 2, 'center', 90, over.below, style);
  }
  context.font = `600 ${NAME_PX * style.ratio}px ${style.theme.font}`;
  /** Of what is in sight of an axis. */
  const middle = (/** @type {number} */ from, /** @type {number} */ length, /** @type {number} */ room) => (Math.max(from, 0) + Math.min(from + length, room)) / 2;
  word(context, axes.x.label, middle(plot.x, plot.width, view.width), edge.y + AWAY_PX + LETTERS_PX + NAME_PX, 'center', view.width - 20, over.below, style, style.theme.text);
  context.save();
  context.translate((edge.x - LEFT_PX + NAME_PX / 2 + 2) * style.ratio, middle(plot.y, plot.height, Math.min(view.height, edge.y)) * style.ratio);
  context.rotate(-Math.PI / 2);
  word(context, axes.y.label, 0, 0, 'center', view.height - 20, over.left, style, style.theme.text);
  context.restore();
}

/** @param {Context} context @param {string} text @param {number} x @param {number} y CSS pixels @param {'right'|'center'} align @param {number} most @param {boolean} backed @param {Style} style @param {string} [colour] */
function word(context, text, x, y, align, most, backed, { theme, ratio }, colour = theme.muted) {
  const shown = fitText(context, text, most * ratio);
  context.textAlign = align;
  if (backed) {
    const width = context.measureText(shown).width + 6 * ratio;
    context.fillStyle = theme.ground;
    context.globalAlpha = BACK;
    context.fillRect(x * ratio - (align === 'right' ? width - 3 * ratio : width / 2), y * ratio - 9 * ratio, width, 18 * ratio);
    context.globalAlpha = 1;
  }
  context.fillStyle = colour;
  context.fillText(shown, x * ratio, y * ratio);
}

/** Draw the ground behind a tile's title, which may stand over another tile. @param {Context} context @param {Rect} cell CSS pixels @param {Style} style */
export function drawGround(context, { x, y, width, height }, { theme, ratio, strip }) {
  context.fillStyle = theme.ground;
  context.fillRect(Math.round(x * ratio), Math.round((y + height - strip) * ratio), Math.round(width * ratio), Math.round(strip * ratio));
}

/** Yield tiles in the order in which they are drawn where they cover each other: the one that is looked at is above. @param {Map<number, import('./scene-types.js').SceneTile>} tiles */
export function* lookedAtLast(tiles) {
  /** @type {import('./scene-types.js').SceneTile[]} */
  const above = [];
  for (const tile of tiles.values()) {
    if (tile.focused || tile.hovered) above.push(tile);
    else yield tile;
  }
  yield* above.sort((a, b) => Number(a.focused) - Number(b.focused));
}
