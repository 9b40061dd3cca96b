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

import { ago, clock } from './times.js';
import { drawShape, fitText } from './wall-type.js';

const TITLE_PX = 13;
const TITLE_MOST_PX = 17;
const TITLE_LEAST_PX = 8.5;
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
    return [ending(`as of ${at} · ${age} ago`, 5), ending(`as of ${at}`, 4.5), ending(`${age} ago`, 3), ending('', 3)];
  }
  const plain = [ending(tile.state, 4.5), ending('', 3)];
  if (!badge) return plain;
  const [long, short, least] = [badge.words[0], badge.words[1], badge.words[badge.words.length - 1]];
  if (!badge.bad) return [ending(tile.state, WHOLE, long), ending('', WHOLE, long), ending('', WHOLE, short), ...plain];
  return [ending(tile.state, WHOLE, long), ending('', 5, long), ending(tile.state, 5, short), ending('', 4, short), ending('', 0, least)];
}

/** Draw the strip. */
export function drawStrip(/** @type {Context} */ context, /** @type {Painted} */ painted, /** @type {Style} */ style) {
  const { tile, cell } = painted;
  const { theme, ratio } = style;
  const size = Math.min(TITLE_MOST_PX, Math.max(Math.min(TITLE_PX, style.strip * 0.62), style.strip * 0.34));
  if (size < TITLE_LEAST_PX || cell.width < 28) return;
  const px = size * ratio;
  const left = Math.max(painted.picture.x, 0) * ratio; // a tile larger than the view keeps its title in sight
  const right = (painted.picture.x + painted.picture.width) * ratio;
  const top = (cell.y + cell.height - style.strip) * ratio;
  const middle = Math.round(top + Math.min(style.strip * 0.56, size * 1.25) * ratio);
  context.globalAlpha = tile.dimmed ? 1 - theme.dim * 0.7 : 1;
  context.textBaseline = 'middle';

  const fonts = { title: `500 ${px}px ${theme.font}`, word: `${Math.round(px * 0.88)}px ${theme.font}`, bad: `650 ${Math.round(px * 0.88)}px ${theme.font}` };
  context.font = fonts.title;
  const whole = context.measureText(tile.title).width;
  const shape = px * 0.62;
  const widthOf = (/** @type {Ending} */ { badge, bad, word }) => {
    context.font = fonts.word;
    const state = shape + (word ? px * 0.4 + context.measureText(word).width : 0);
    context.font = bad ? fonts.bad : fonts.word;
    const mark = badge === null ? 0 : context.measureText(marked(badge, bad)).width + px * 0.75;
    return { state, mark };
  };
  const found = endingsOf(tile, painted.asOf, style.now)
    .map((ending) => ({ ...ending, ...widthOf(ending) }))
    .find(({ title, state, mark }) => right - left >= state + mark + px + (title === WHOLE ? Math.min(whole, title * px) : title * px));
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
  context.fillText(fitText(context, tile.title, end - left), left, middle);
  context.globalAlpha = 1;
}

/** @param {string} words @param {boolean} bad */
const marked = (words, bad) => (bad ? `! ${words}`.trim() : words);
