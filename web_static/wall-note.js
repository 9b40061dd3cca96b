/**
 * A tile's note, as a post-it in the picture's lower right corner: its first words where there is room, else a folded corner.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

import { wrapText } from './wall-type.js';

const PAPER = '#f6dd7d'; // the same in each theme: paper is paper
const FOLD = '#d3b348';
const INK = '#2b2408';
const LETTERS_PX = 11;
const WORDS_FROM_PX = 150; // width of the picture
const LINES_MOST = 3;
const CORNER_PX = 16;

/** Draw the note. @param {Context} context @param {string} words @param {Rect} box of the picture, in device pixels @param {Style} style */
export function drawNote(context, words, box, style) {
  if (box.width / style.ratio >= WORDS_FROM_PX && box.height / style.ratio >= WORDS_FROM_PX / 2) return drawWords(context, words, box, style);
  const side = Math.max(3 * style.ratio, Math.min(CORNER_PX * style.ratio, box.width / 5, box.height / 3));
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  fill(context, PAPER, [[right - side, bottom], [right - side, bottom - side], [right, bottom - side], [right, bottom]]);
  fill(context, FOLD, [[right - side, bottom - side], [right - side * 0.45, bottom - side], [right - side, bottom - side * 0.45]]);
}

/** @param {Context} context @param {string} words @param {Rect} box @param {Style} style */
function drawWords(context, words, box, { theme, ratio }) {
  const px = LETTERS_PX * ratio;
  const pad = px * 0.6;
  context.font = `${px}px ${theme.font}`;
  const lines = wrapText(context, words, Math.min(box.width * 0.5, 190 * ratio) - 2 * pad, box.height / ratio > 130 ? LINES_MOST : 1);
  const width = Math.ceil(Math.max(px * 2, ...lines.map((line) => context.measureText(line).width)) + 2 * pad);
  const height = Math.ceil(lines.length * px * 1.3 + 1.4 * pad);
  const [x, y] = [box.x + box.width - width - Math.round(6 * ratio), box.y + box.height - height - Math.round(6 * ratio)];
  const fold = px * 0.8;
  context.shadowColor = 'rgb(0 0 0 / 0.45)';
  context.shadowBlur = 6 * ratio;
  context.shadowOffsetY = ratio;
  fill(context, PAPER, [[x, y], [x + width, y], [x + width, y + height - fold], [x + width - fold, y + height], [x, y + height]]);
  context.shadowColor = 'transparent';
  fill(context, FOLD, [[x + width, y + height - fold], [x + width - fold, y + height - fold], [x + width - fold, y + height]]);
  context.fillStyle = INK;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  lines.forEach((line, i) => context.fillText(line, x + pad, y + 0.7 * pad + (i + 0.5) * px * 1.3));
}

/** @param {Context} context @param {string} colour @param {[number, number][]} points */
function fill(context, colour, points) {
  context.fillStyle = colour;
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.fill();
}
