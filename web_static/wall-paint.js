/**
 * How one tile looks: picture, hairline edge, title, state as a word and a shape, dimming, the ring of the focus.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-scene.js').Theme} Theme
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 * @typedef {{tile: SceneTile, cell: Rect, picture: Rect, image: OffscreenCanvas|undefined}} Painted  CSS pixels of the view
 * @typedef {{theme: Theme, ratio: number, strip: number, stale: string|null}} Style  strip: its height in CSS pixels
 */

import { drawShape, fitText, wrapText } from './wall-type.js';

const TITLE_PX = 13;
const TITLE_MOST_PX = 17;
const TITLE_LEAST_PX = 8.5;
const REASON_LEAST_PX = 10.5;
const REASON_MOST_LINES = 5;
const SOFT_FROM_PX = 1.02; // scaled up or down by more than this share, a picture is smoothed

/** Return the rectangle in whole device pixels, so that edges and pictures are crisp. */
function snapped(/** @type {Rect} */ rect, /** @type {number} */ ratio) {
  const x = Math.round(rect.x * ratio);
  const y = Math.round(rect.y * ratio);
  return {
    x,
    y,
    width: Math.max(1, Math.round((rect.x + rect.width) * ratio) - x),
    height: Math.max(1, Math.round((rect.y + rect.height) * ratio) - y),
  };
}

/** Draw a tile whole: its picture and all around it. */
export function drawTile(/** @type {Context} */ context, /** @type {Painted} */ painted, /** @type {Style} */ style) {
  drawPicture(context, painted, style);
  if (painted.tile.focused) drawRing(context, snapped(painted.picture, style.ratio), style);
  drawStrip(context, painted, style);
}

/** Draw what is within a tile's edge: the picture, or what stands in for it, then the edge itself. */
export function drawPicture(/** @type {Context} */ context, /** @type {Painted} */ painted, /** @type {Style} */ style) {
  const { tile, image } = painted;
  const { theme } = style;
  const box = snapped(painted.picture, style.ratio);
  const live = tile.state === 'live';
  if (image) drawImage(context, image, box);
  if (!image || !live) {
    context.globalAlpha = image ? 0.82 : 1; // of what has stopped the last picture still shines through
    context.fillStyle = theme.surface;
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 1;
  }
  if (!live) drawState(context, tile, box, style);
  if (tile.dimmed || (live && style.stale)) {
    context.globalAlpha = tile.dimmed ? theme.dim : 0.4;
    context.fillStyle = theme.ground;
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 1;
  }
  const line = Math.max(1, Math.floor(style.ratio));
  context.strokeStyle = tile.hovered && !tile.dimmed ? theme.edgeStrong : theme.edge;
  context.lineWidth = line;
  context.strokeRect(box.x + line / 2, box.y + line / 2, box.width - line, box.height - line);
}

/** @param {Context} context @param {OffscreenCanvas} image @param {Rect} box in device pixels */
function drawImage(context, image, box) {
  const scale = box.width / image.width;
  context.imageSmoothingEnabled = Math.max(scale, 1 / scale) > SOFT_FROM_PX || box.height !== image.height;
  context.imageSmoothingQuality = scale < 0.75 ? 'medium' : 'low';
  context.drawImage(image, box.x, box.y, box.width, box.height);
}

/** The focus: an accent line around the tile, a hair away so that it covers nothing. */
function drawRing(/** @type {Context} */ context, /** @type {Rect} */ box, /** @type {Style} */ style) {
  const width = Math.round(2 * style.ratio);
  const away = Math.round(2 * style.ratio) + width / 2;
  context.strokeStyle = style.theme.accent;
  context.lineWidth = width;
  context.strokeRect(box.x - away, box.y - away, box.width + 2 * away, box.height + 2 * away);
}

/** The strip below: the title, and the state as shape and word. Where there is no room, less of it. */
function drawStrip(/** @type {Context} */ context, /** @type {Painted} */ painted, /** @type {Style} */ style) {
  const { tile, cell } = painted;
  const { theme, ratio } = style;
  const size = Math.min(TITLE_MOST_PX, Math.max(Math.min(TITLE_PX, style.strip * 0.62), style.strip * 0.34));
  if (size < TITLE_LEAST_PX || cell.width < 28) return;
  const px = size * ratio;
  const left = Math.max(painted.picture.x, 0) * ratio; // a tile larger than the view keeps its title in sight
  const right = (painted.picture.x + painted.picture.width) * ratio;
  const top = (cell.y + cell.height - style.strip) * ratio;
  const middle = Math.round(top + Math.min(style.strip * 0.56, size * 1.25) * ratio);
  const word = style.stale && tile.state === 'live' ? `as of ${style.stale}` : tile.state;
  const color = tile.state === 'failed' ? theme.failed : theme.muted;
  context.globalAlpha = tile.dimmed ? 1 - theme.dim * 0.7 : 1;
  context.textBaseline = 'middle';

  const small = `${Math.round(px * 0.88)}px ${theme.font}`;
  context.font = small;
  const wordWidth = context.measureText(word).width;
  const shape = px * 0.62;
  const room = right - left;
  const worded = room > wordWidth + shape * 2 + px * 4.5;
  const stateWidth = shape + (worded ? px * 0.4 + wordWidth : 0);
  const shown = room > px * 4;
  if (shown) {
    drawShape(context, tile.state, right - stateWidth + shape / 2, middle, shape, color);
    context.fillStyle = color;
    context.textAlign = 'right';
    if (worded) context.fillText(word, right, middle);
  }
  context.font = `500 ${px}px ${theme.font}`;
  context.fillStyle = theme.text;
  context.textAlign = 'left';
  context.fillText(fitText(context, tile.title, room - (shown ? stateWidth + px : 0)), left, middle);
  context.globalAlpha = 1;
}

/** In place of the picture: the shape, the word, and why. Where not all of it fits, why comes before the word. */
function drawState(
  /** @type {Context} */ context,
  /** @type {SceneTile} */ tile,
  /** @type {Rect} */ box,
  /** @type {Style} */ style,
) {
  const { theme, ratio } = style;
  const size = Math.min(Math.max(Math.min(box.width, box.height) / ratio / 13, 12), 20) * ratio;
  if (box.height < size * 2 || box.width < size * 2) return;
  const small = Math.max(size * 0.82, REASON_LEAST_PX * ratio);
  const line = small * 1.3;
  context.font = `${small}px ${theme.font}`;
  const broad = box.width > size * 5;
  const why = (/** @type {number} */ most) =>
    broad && most > 0 ? wrapText(context, tile.reason, Math.min(box.width - size * 1.5, size * 26), most) : [];
  const inAll = (/** @type {number} */ shape, /** @type {boolean} */ worded, /** @type {number} */ count) =>
    shape + (worded ? size * 1.7 : 0) + (count > 0 ? size * 0.5 + count * line : 0);
  const room = box.height - size;

  let lines = why(REASON_MOST_LINES);
  const worded = broad && inAll(size * 1.5, true, lines.length) <= room;
  const shape = size * (worded ? 1.5 : 1.2);
  if (!worded) lines = why(Math.min(REASON_MOST_LINES, Math.floor((room - inAll(shape, false, 0) - size * 0.5) / line)));

  let y = box.y + (box.height - inAll(shape, worded, lines.length)) / 2;
  const center = box.x + box.width / 2;
  drawShape(context, tile.state, center, y + shape / 2, shape, tile.state === 'failed' ? theme.failed : theme.muted);
  y += shape;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  if (worded) {
    context.font = `600 ${size}px ${theme.font}`;
    context.fillStyle = tile.state === 'failed' ? theme.failed : theme.text;
    context.fillText(tile.state, center, y + size * 1.1);
    y += size * 1.7;
  }
  context.font = `${small}px ${theme.font}`;
  context.fillStyle = worded ? theme.muted : theme.text;
  lines.forEach((text, i) => context.fillText(text, center, y + size * 0.5 + line * (i + 0.5)));
}
