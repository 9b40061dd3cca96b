/**
 * Marks on tiles: where the keys go, who leads, who follows, what is chosen, what the others are held against. A word and a shape each, within the picture.
 *
 * @typedef {'working'|'leading'|'leader'|'follower'|'chosen'|'reference'} Mark  leading: leader and worked in
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

import { t } from './text.js';

/** From the most words to the fewest: the first that fits is said. @type {Record<Mark, string[]>} */
const WORDS = {
  working: [t('mark.working'), t('mark.working-short')],
  leading: [t('mark.leading'), t('mark.leader')],
  leader: [t('mark.leader')],
  follower: [t('mark.follower'), '='],
  chosen: [t('mark.chosen'), '✓'],
  reference: [t('mark.reference'), t('mark.reference-short')],
};
const LEADING = ['working', 'leading', 'leader'];
const LETTERS_PX = 11.5;
const LETTERS_LEAST_PX = 8;

/** Return the words for a mark that fit into `width`, or ''. Pure but for the context's font. */
export function markWords(/** @type {Context} */ context, /** @type {Mark} */ mark, /** @type {number} */ width) {
  return WORDS[mark].find((text) => context.measureText(text).width <= width) ?? '';
}

/** Draw a tile's mark over its picture. @param {Context} context @param {Mark} mark @param {Rect} box in device pixels @param {Style} style */
export function drawMark(context, mark, box, { theme, ratio }) {
  const side = Math.min(box.width, box.height);
  const line = Math.max(1, Math.round(Math.min(LEADING.includes(mark) ? 3 : 2, side / ratio / 16) * ratio));
  context.strokeStyle = theme.accent;
  context.lineWidth = line;
  if (mark === 'follower') context.setLineDash([line * 4, line * 2]);
  context.strokeRect(box.x + line / 2, box.y + line / 2, box.width - line, box.height - line);
  context.setLineDash([]);
  drawWords(context, mark, box, { theme, ratio }, line);
}

/** @param {Context} context @param {Mark} mark @param {Rect} box @param {Pick<Style, 'theme'|'ratio'>} style @param {number} line */
function drawWords(context, mark, box, { theme, ratio }, line) {
  const px = Math.min(LETTERS_PX * ratio, box.height / 4);
  if (px < LETTERS_LEAST_PX * ratio) return;
  context.font = `650 ${px}px ${theme.font}`;
  const pad = px * 0.5;
  const words = markWords(context, mark, box.width - 2 * (pad + line));
  if (!words) return;
  const strong = LEADING.includes(mark);
  const width = context.measureText(words).width + 2 * pad;
  const height = Math.round(px * 1.55);
  context.fillStyle = strong ? theme.accent : theme.ground;
  context.fillRect(box.x + line, box.y + line, width, height);
  context.fillStyle = strong ? theme.onAccent : theme.accent;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(words, box.x + line + pad, box.y + line + height / 2);
}
