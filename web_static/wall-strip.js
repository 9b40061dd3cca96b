/**
 * The strip below a tile's picture: its title, the state as shape and word, which GL draws, or how old the picture is.
 * Where there is no room for all, what matters most comes first; a word is left out whole, never cut.
 *
 * @typedef {import('./wall-paint.js').Painted} Painted
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 * @typedef {{badge: string|null, word: string, bad: boolean, title: number}} Ending
 *   what stands at the strip's right end, and the room that the title must have beside it, in its letters' heights
 */

import { t } from './text.js';
import { ago, clock } from './times.js';
import { drawStickers, widthOf } from './wall-stickers.js';
import { drawShape, fitText } from './wall-type.js';
import { stateWord } from './words.js';

const TITLE_PX = 13;
const TITLE_MOST_PX = 17;
const TITLE_LEAST_PX = 8.5;
const LEAST_LETTERS = 4; // heights of a letter: a title that keeps in sight has so much room, or is left out
const BESIDE_MOST = 4; // stickers beside a title before it is cut for more
const DOT_LEAST = 3; // device pixels
const WHOLE = 12; // so many heights of a letter, or all that it needs, the title keeps beside what is calm

/** Return what may stand at the end of a strip, from the most words to the fewest. Pure. @returns {Ending[]} */
export function endingsOf(
  /** @type {import('./wall-scene.js').SceneTile} */ tile,
  /** @type {number|null} */ asOf,
  /** @type {number} */ now,
) {
  const { badge } = tile.said;
  /** @param {string} word @param {number} title @param {string|null} [text] @returns {Ending} */
  const ending = (word, title, text = null) => ({ badge: text, word, bad: text !== null && badge?.bad === true, title });
  if (asOf !== null) {
    const [at, age] = [clock(asOf, now), ago(asOf, now)];
    return [ending(t('strip.as-of-ago', { at, age }), 5), ending(t('strip.as-of', { at }), 4.5), ending(t('strip.ago', { age }), 3), ending('', 3)];
  }
  const word = stateWord(tile.state);
  const plain = [ending(word, 4.5), ending('', 3)];
  if (!badge) return plain;
  const [long, short, least] = [badge.words[0], badge.words[1], badge.words[badge.words.length - 1]];
  if (!badge.bad) return [ending(word, WHOLE, long), ending('', WHOLE, long), ending('', WHOLE, short), ...plain];
  return [ending(word, WHOLE, long), ending('', 5, long), ending(word, 5, short), ending('', 4, short), ending('', 0, least)];
}

/** Draw the strip. */
export function drawStrip(/** @type {Context} */ context, /** @type {Painted} */ painted, /** @type {Style} */ style) {
  const { tile, cell } = painted;
  const { theme, ratio } = style;
  const size = Math.min(TITLE_MOST_PX, Math.max(Math.min(TITLE_PX, style.strip * 0.62), style.strip * 0.34));
  const left = Math.max(painted.picture.x, 0) * ratio; // a tile larger than the view keeps its title in sight
  const right = (painted.picture.x + painted.picture.width) * ratio;
  if (left > painted.picture.x * ratio && right - left < LEAST_LETTERS * size * ratio) return; // what is in sight of it has no room for a word
  const top = (cell.y + cell.height - style.strip) * ratio;
  context.globalAlpha = tile.dimmed ? 1 - theme.dim * 0.7 : 1;
  if (size < TITLE_LEAST_PX || cell.width < 28) drawDots(context, tile.stickers, { left, width: right - left, top, height: style.strip * ratio }, theme);
  else drawLine(context, painted, style, { left, right, top, px: size * ratio });
  context.globalAlpha = 1;
}

/** Where letters have no room, tags still do. @param {Context} context @param {import('./wall-scene.js').Sticker[]} stickers
 * @param {{left: number, width: number, top: number, height: number}} place in device pixels @param {import('./wall-scene.js').Theme} theme */
function drawDots(context, stickers, { left, width, top, height }, theme) {
  const size = Math.min(height * 0.7, width / 3);
  if (stickers.length > 0 && size >= DOT_LEAST) drawStickers(context, stickers, { left, width, middle: top + height * 0.55, size }, theme);
}

/** @param {Context} context @param {Painted} painted @param {Style} style @param {{left: number, right: number, top: number, px: number}} place in device pixels; px: of letters */
function drawLine(context, painted, style, { left, right, top, px }) {
  const { tile } = painted;
  const { theme, ratio } = style;
  const height = style.strip * ratio;
  const middle = Math.round(top + Math.min(height * 0.56, px * 1.25));
  const sticker = px * 0.78;
  const below = middle + px * 1.35; // a second line, where there is room for one
  const beside = tile.stickers.length > 0 && below + sticker > top + height;
  context.textBaseline = 'middle';
  const fonts = { title: `500 ${px}px ${theme.font}`, word: `${Math.round(px * 0.88)}px ${theme.font}`, bad: `650 ${Math.round(px * 0.88)}px ${theme.font}` };
  context.font = fonts.title;
  const whole = context.measureText(tile.title).width;
  const shape = px * 0.62;
  const widths = (/** @type {Ending} */ { badge, bad, word }) => {
    context.font = fonts.word;
    const state = shape + (word ? px * 0.4 + context.measureText(word).width : 0);
    context.font = bad ? fonts.bad : fonts.word;
    const mark = badge === null ? 0 : context.measureText(marked(badge, bad)).width + px * 0.75;
    return { state, mark };
  };
  const tags = beside ? widthOf(Math.min(tile.stickers.length, BESIDE_MOST), sticker) + px * 0.6 : 0;
  const found = endingsOf(tile, painted.asOf, style.now)
    .map((ending) => ({ ...ending, ...widths(ending) }))
    .find(({ title, state, mark }) => right - left - tags >= state + mark + px + (title === WHOLE ? Math.min(whole, title * px) : title * px));
  let end = right;
  if (found) {
    const color = tile.state === 'failed' ? theme.failed : theme.muted;
    drawShape(context, painted.asOf === null ? tile.state : 'aged', right - found.state + shape / 2, middle, shape, color);
    context.textAlign = 'right';
    context.font = fonts.word;
    context.fillStyle = color;
    context.fillText(found.word, right, middle);
    context.font = found.bad ? fonts.bad : fonts.word;
    context.fillStyle = found.bad ? theme.failed : theme.muted;
    if (found.badge !== null) context.fillText(marked(found.badge, found.bad), right - found.state - px * 0.75, middle);
    end = right - found.state - found.mark - px;
  }
  context.font = fonts.title;
  context.fillStyle = theme.text;
  context.textAlign = 'left';
  const title = fitText(context, tile.title, Math.max(end - left - tags, Math.min(whole, px * 2)));
  context.fillText(title, left, middle);
  if (tile.stickers.length === 0) return;
  const after = left + context.measureText(title).width + px * 0.6;
  const place = beside ? { left: after, width: end - after, middle } : { left, width: right - left, middle: below };
  drawStickers(context, tile.stickers, { ...place, size: sticker }, theme);
}

/** @param {string} words @param {boolean} bad */
const marked = (words, bad) => (bad ? `! ${words}`.trim() : words);
