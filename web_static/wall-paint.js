/**
 * How one tile looks: picture, drawings on it, edge, title, state as a word and a shape, dimming, the ring of the focus.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-scene.js').Theme} Theme
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 * @typedef {import('./wall-keep.js').Place<import('./wall-decode.js').Image>} Place
 * @typedef {{tile: SceneTile, cell: Rect, picture: Rect, image: Place|undefined, asOf: number|null}} Painted
 *   CSS pixels of the view; asOf: from when the picture is, if it is not of now
 * @typedef {{theme: Theme, ratio: number, strip: number, now: number, moving: boolean}} Style  strip: its height in CSS pixels; moving: tiles or the camera
 */

import { drawShapes } from './shapes.js';
import { chosenEdge, drawOthers, drawTick, hasTick } from './wall-chosen.js';
import { drawMark } from './wall-mark.js';
import { drawNote } from './wall-note.js';
import { drawState } from './wall-state.js';
import { drawStrip } from './wall-strip.js';
import { turned } from './wall-turn.js';

const COLOUR_PX = 3; // of an edge that says something
const AGED = 0.3; // share of the ground over a picture that is not of now
const SOFT_FROM_PX = 1.02; // scaled up or down by more than this share, a picture is smoothed
const SOFTER_BELOW = 0.6; // where two pixels each way are too few: seen until pictures of the new size come

/** Return the rectangle in whole device pixels, so that edges and pictures are crisp. */
export function snapped(/** @type {Rect} */ rect, /** @type {number} */ ratio) {
  const x = Math.round(rect.x * ratio);
  const y = Math.round(rect.y * ratio);
  return {
    x,
    y,
    width: Math.max(1, Math.round((rect.x + rect.width) * ratio) - x),
    height: Math.max(1, Math.round((rect.y + rect.height) * ratio) - y),
  };
}

/** Return the hairline's width in device pixels. */
const hairline = (/** @type {number} */ ratio) => Math.max(1, Math.floor(ratio));

/** Return the widths in device pixels of a tile's edge: the line around it, and within that the one of its colour. @param {SceneTile} tile @param {Rect} box @param {number} ratio */
function edgesOf({ selected, edge }, box, ratio) {
  const line = selected ? chosenEdge(ratio) : hairline(ratio);
  const colour = Math.max(1, Math.round(Math.min(COLOUR_PX, Math.min(box.width, box.height) / ratio / 16) * ratio));
  return { line, colour: edge === null ? 0 : colour };
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
  if (image && isPlain(tile, painted.asOf, painted.picture) && hasInside(tile, box, style.ratio)) {
    fillEdges(context, tile, box, style);
    return drawWithinEdge(context, tile, image, painted.picture, style);
  }
  if (image) {
    if (tile.opacity < 1) cover(context, box, theme.ground, 1);
    context.globalAlpha = tile.opacity;
    turned(context, box, tile.rotation, (upright) => drawImage(context, image, upright, style.moving));
  }
  // Of what has stopped the last picture still shines through.
  if (!image || !live) cover(context, box, theme.surface, image ? 0.82 : 1);
  context.globalAlpha = 1;
  if (!live) drawState(context, tile, box, style);
  if (tile.shapes.length > 0) drawDrawing(context, tile, box, style.ratio);
  if (tile.dimmed || painted.asOf !== null) cover(context, box, theme.ground, tile.dimmed ? theme.dim : AGED);
  drawEdges(context, tile, box, style);
  if (tile.others.length > 0) drawOthers(context, tile.others, box, style);
  if (tile.note !== '' && !tile.dimmed) drawNote(context, tile.note, box, style);
  if (tile.marked) drawMark(context, tile.marked, box, style);
  if (tile.selected && hasTick(painted.picture)) drawTick(context, box, style);
}

/** @param {Context} context @param {Rect} box @param {string} colour @param {number} opacity */
function cover(context, box, colour, opacity) {
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
}

/** What people drew on the picture turns with it, and ends where it ends. @param {Context} context @param {SceneTile} tile @param {Rect} box @param {number} ratio */
function drawDrawing(context, { shapes, rotation }, box, ratio) {
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.width, box.height);
  context.clip();
  turned(context, box, rotation, (upright) => drawShapes(context, shapes, upright, ratio));
  context.restore();
}

/** @param {SceneTile} tile @param {Rect} box @param {number} ratio */
function hasInside(tile, box, ratio) {
  const { line, colour } = edgesOf(tile, box, ratio);
  return Math.min(box.width, box.height) > 2 * (line + colour);
}

/** The colours of an edge, as grounds of what is drawn within it. @param {Context} context @param {SceneTile} tile @param {Rect} box @param {Style} style */
function fillEdges(context, tile, box, { theme, ratio }) {
  const { line } = edgesOf(tile, box, ratio);
  context.fillStyle = lineOf(tile, theme);
  context.fillRect(box.x, box.y, box.width, box.height);
  if (tile.edge === null) return;
  context.fillStyle = tile.edge;
  context.fillRect(box.x + line, box.y + line, box.width - 2 * line, box.height - 2 * line);
}

/** @param {SceneTile} tile @param {Theme} theme */
function lineOf({ selected, hovered, dimmed, edge }, theme) {
  if (selected) return theme.accent;
  return (hovered || edge !== null) && !dimmed ? theme.edgeStrong : theme.edge; // a scale's darkest colour is seen on a dark ground too
}

/** Calm, an edge is a hairline; selected, it is accent; and of a scale's colour within that. @param {Context} context @param {SceneTile} tile @param {Rect} box @param {Style} style */
function drawEdges(context, tile, box, { theme, ratio }) {
  const { line, colour } = edgesOf(tile, box, ratio);
  stroke(context, box, 0, line, lineOf(tile, theme));
  if (tile.edge === null) return;
  context.globalAlpha = tile.dimmed ? 1 - theme.dim * 0.85 : 1;
  stroke(context, box, line, colour, tile.edge);
  context.globalAlpha = 1;
}

/** @param {Context} context @param {Rect} box @param {number} inset @param {number} width @param {string} colour */
function stroke(context, box, inset, width, colour) {
  const at = inset + width / 2;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(box.x + at, box.y + at, box.width - 2 * at, box.height - 2 * at);
}

/** Return whether nothing lies over a tile's picture within its edge. @param {SceneTile} tile @param {number|null} asOf @param {Rect} picture in CSS pixels */
export function isPlain(tile, asOf, picture) {
  const calm = tile.state === 'live' && !tile.dimmed && !tile.marked && asOf === null;
  const bare = tile.note === '' && tile.shapes.length === 0 && tile.others.length === 0 && !(tile.selected && hasTick(picture));
  return calm && bare && tile.rotation === 0 && tile.opacity === 1;
}

/**
 * Draw just a new picture of a plain tile, and leave the edge around it as it is.
 * @param {Context} context @param {SceneTile} tile @param {Place} image @param {Rect} picture in CSS pixels @param {Style} style
 */
export function drawWithinEdge(context, tile, image, picture, { ratio, moving }) {
  const box = snapped(picture, ratio);
  const edges = edgesOf(tile, box, ratio);
  const line = edges.line + edges.colour;
  const [across, down] = [image.width / box.width, image.height / box.height];
  if (box.width <= 2 * line || box.height <= 2 * line) return;
  smooth(context, image, box, moving);
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

/** @param {Context} context @param {Place} image @param {Rect} box in device pixels @param {boolean} moving */
function drawImage(context, image, box, moving) {
  smooth(context, image, box, moving);
  context.drawImage(image.image.source, image.x, image.y, image.width, image.height, box.x, box.y, box.width, box.height);
}

/** Scaled, a picture is smoothed, the better when it stands still; as it is, it stays crisp. @param {Context} context @param {import('./camera.js').Size} image @param {Rect} box @param {boolean} moving */
export function smooth(context, image, box, moving) {
  const scale = box.width / image.width;
  context.imageSmoothingEnabled = Math.max(scale, 1 / scale) > SOFT_FROM_PX || box.height !== image.height;
  context.imageSmoothingQuality = scale < SOFTER_BELOW && !moving ? 'medium' : 'low';
}

/** The focus: an accent line around the tile, a hair away so that it covers nothing. */
function drawRing(/** @type {Context} */ context, /** @type {Rect} */ box, /** @type {Style} */ style) {
  const width = Math.round(2 * style.ratio);
  stroke(context, box, -2 * width, width, style.theme.accent);
}
