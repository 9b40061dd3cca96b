/**
 * What stands in for a picture: the state's shape, the word, why, until when. Where not all of it fits, what matters
 * most comes first: until when before why, the kind of failure before its reason.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 * @typedef {object} Item
 * @property {'head'|'line'} kind
 * @property {string[]} texts  from the longest to the shortest: the first that fits in a line; one alone is wrapped
 * @property {number} rank     the lower, the more it matters
 * @property {number} most     lines
 * @property {boolean} [quiet]
 * @typedef {{font: string, size: number, line: number, gap: number}} Letters
 * @typedef {{item: Item, lines: string[]}} Placed
 */

import { t } from './text.js';
import { drawShape, wrapText } from './wall-type.js';

const SMALL_LEAST_PX = 10.5;
/** Of the word, why, until when, and the rest. @type {Record<SceneTile['state'], number[]>} */
const RANKS = { queued: [3, 2, 1, 4], starting: [2, 1, 1, 3], failed: [1, 2, 1, 3], stopped: [2, 1, 1, 3], live: [1, 1, 1, 1], off: [1, 3, 4, 4] };
/** @type {Partial<Record<SceneTile['state'], string>>} */
const HINTS = { failed: t('said.hint-failed'), stopped: t('said.hint-stopped'), off: t('said.hint-off') };

/** Return what is to be said of a tile, in the order in which it stands. Pure. @returns {Item[]} */
export function itemsOf(/** @type {SceneTile} */ { state, said }) {
  const { head, why, when, where } = said;
  const [ofHead, ofWhy, ofWhen, ofRest] = RANKS[state];
  /** @type {Item[]} */
  const items = [
    { kind: 'head', texts: [head], rank: ofHead, most: 2 },
    { kind: 'line', texts: [why], rank: ofWhy, most: 5 },
    { kind: 'line', texts: when, rank: ofWhen, most: 1 },
    { kind: 'line', texts: [where], rank: ofRest, most: 1 },
    { kind: 'line', texts: [HINTS[state] ?? ''], rank: ofRest + 1, most: 2, quiet: true },
  ];
  return items.filter(({ texts }) => texts.some(Boolean));
}

/**
 * Return which of the items fit into a height, each with its lines, in the order given.
 * @param {Context} context @param {Item[]} items @param {Record<Item['kind'], Letters>} letters
 * @param {number} width @param {number} height
 */
export function fitItems(context, items, letters, width, height) {
  let room = height;
  /** @type {Map<Item, string[]>} */
  const found = new Map();
  for (const item of [...items].sort((a, b) => a.rank - b.rank)) {
    const { font, line, gap } = letters[item.kind];
    context.font = font;
    const most = Math.min(item.most, Math.floor((room - gap) / line));
    if (most < 1) continue;
    const lines = linesOf(context, item, width, most);
    if (lines.length === 0) continue;
    found.set(item, lines);
    room -= gap + lines.length * line;
  }
  return items.filter((item) => found.has(item)).map((item) => ({ item, lines: found.get(item) ?? [] }));
}

/** @param {Context} context @param {Item} item @param {number} width @param {number} most */
function linesOf(context, { kind, texts, quiet }, width, most) {
  const fits = (/** @type {string} */ text) => context.measureText(text).width <= width;
  if (texts.length > 1) return [texts.find(fits)].filter((text) => text !== undefined);
  const lines = wrapText(context, texts[0], width, most);
  // A kind of failure is said whole or not at all, and so is a hint; of a reason the beginning helps.
  return (kind === 'head' || quiet) && lines.join(' ') !== texts[0] ? [] : lines;
}

/** Draw the state in place of the picture. @param {Context} context @param {SceneTile} tile @param {Rect} box @param {Style} style */
export function drawState(context, tile, box, { theme, ratio }) {
  const size = Math.min(Math.max(Math.min(box.width, box.height) / ratio / 13, 12), 20) * ratio;
  if (box.height < size * 2 || box.width < size * 2) return;
  const small = Math.max(size * 0.82, SMALL_LEAST_PX * ratio);
  const letters = {
    head: { font: `600 ${size}px ${theme.font}`, size, line: size * 1.25, gap: size * 0.45 },
    line: { font: `${small}px ${theme.font}`, size: small, line: small * 1.3, gap: small * 0.45 },
  };
  const shape = size * 1.4;
  const broad = box.width > size * 4.5;
  const width = Math.min(box.width - size * 1.1, size * 26);
  const placed = broad ? fitItems(context, itemsOf(tile), letters, width, box.height - size * 0.9 - shape) : [];

  const height = placed.reduce((sum, { item, lines }) => sum + letters[item.kind].gap + lines.length * letters[item.kind].line, shape);
  const center = box.x + box.width / 2;
  let y = box.y + (box.height - height) / 2;
  const failed = tile.state === 'failed';
  drawShape(context, tile.state, center, y + shape / 2, shape, failed ? theme.failed : theme.muted);
  y += shape;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const headed = placed.some(({ item }) => item.kind === 'head');
  for (const { item, lines } of placed) {
    const { font, line, gap } = letters[item.kind];
    context.font = font;
    context.fillStyle = item.kind === 'head' && failed ? theme.failed : item.kind === 'head' || !headed ? theme.text : theme.muted;
    y += gap;
    for (const text of lines) {
      context.fillText(text, center, y + line / 2);
      y += line;
    }
  }
}
