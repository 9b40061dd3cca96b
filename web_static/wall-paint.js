/**
 * How one tile looks: picture, hairline edge, title, state as a word and a shape, dimming, the ring of the focus.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-scene.js').Theme} Theme
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 * @typedef {import('./wall-keep.js').Place<import('./wall-decode.js').Image>} Place
 * @typedef {{tile: SceneTile, cell: Rect, picture: Rect, image: Place|undefined, asOf: number|null}} Painted
 *   CSS pixels of the view; asOf: from when the picture is, if it is not of now
 * @typedef {{theme: Theme, ratio: number, strip: number, now: number}} Style  strip: its height in CSS pixels
 */

import { drawMark } from './wall-mark.js';
import { drawState } from './wall-state.js';
import { drawStrip } from './wall-strip.js';

const AGED = 0.3; // share of the ground over a picture that is not of now
const SOFT_FROM_PX = 1.02; // scaled up or down by more than this share, a picture is smoothed
const SOFTER_BELOW = 0.6; // where two pixels each way are too few: seen until pictures of the new size come

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

/** Return the edge's width in device pixels. */
const edgeOf = (/** @type {number} */ ratio) => Math.max(1, Math.floor(ratio));

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
  if (tile.dimmed || painted.asOf !== null) {
    context.globalAlpha = tile.dimmed ? theme.dim : AGED;
    context.fillStyle = theme.ground;
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = 1;
  }
  const line = edgeOf(style.ratio);
  context.strokeStyle = tile.hovered && !tile.dimmed ? theme.edgeStrong : theme.edge;
  context.lineWidth = line;
  context.strokeRect(box.x + line / 2, box.y + line / 2, box.width - line, box.height - line);
  if (tile.marked) drawMark(context, tile.marked, box, style);
}

/** Return whether nothing lies over a tile's picture. @param {SceneTile} tile @param {number|null} asOf */
export function isPlain(tile, asOf) {
  return tile.state === 'live' && !tile.dimmed && !tile.marked && asOf === null;
}

/**
 * Draw just a new picture of a plain tile, and leave the edge around it as it is.
 * @param {Context} context @param {Place} image @param {Rect} picture in CSS pixels @param {Style} style
 */
export function drawWithinEdge(context, image, picture, { ratio }) {
  const box = snapped(picture, ratio);
  const line = edgeOf(ratio);
  const [across, down] = [image.width / box.width, image.height / box.height];
  if (box.width <= 2 * line || box.height <= 2 * line) return;
  smooth(context, image, box);
  context.drawImage(
    image.image.source,
    image.x + line * across,
    image.y + line * down,
    image.width - 2 * line * across,
    image.height - 2 * line * down,
    box.x + line,
    box.y + line,
    box.width - 2 * line,
    box.height - 2 * line,
  );
}

/** @param {Context} context @param {Place} image @param {Rect} box in device pixels */
function drawImage(context, image, box) {
  smooth(context, image, box);
  context.drawImage(image.image.source, image.x, image.y, image.width, image.height, box.x, box.y, box.width, box.height);
}

/** Scaled, a picture is smoothed; as it is, it stays crisp. @param {Context} context @param {Place} image @param {Rect} box */
function smooth(context, image, box) {
  const scale = box.width / image.width;
  context.imageSmoothingEnabled = Math.max(scale, 1 / scale) > SOFT_FROM_PX || box.height !== image.height;
  context.imageSmoothingQuality = scale < SOFTER_BELOW ? 'medium' : 'low';
}

/** The focus: an accent line around the tile, a hair away so that it covers nothing. */
function drawRing(/** @type {Context} */ context, /** @type {Rect} */ box, /** @type {Style} */ style) {
  const width = Math.round(2 * style.ratio);
  const away = Math.round(2 * style.ratio) + width / 2;
  context.strokeStyle = style.theme.accent;
  context.lineWidth = width;
  context.strokeRect(box.x - away, box.y - away, box.width + 2 * away, box.height + 2 * away);
}
