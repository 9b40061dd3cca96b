/**
 * Shapes drawn on pictures of tiles. Pure: places are 65536ths of the picture's sides, widths thousandths of its width, so a drawing fits
 * every size and every tile it is copied to.
 *
 * @typedef {[number, number]} Point
 * @typedef {'pen'|'line'|'arrow'|'text'} Kind
 * @typedef {{kind: Kind, points: Point[], colour: string, width: number, text?: string}} Shape  the value of drawing/TILE/ID
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} Context
 */

export const FULL = 65535;
const HEAD = 4; // length of an arrow's head, in widths of its line
const HEAD_SPREAD = 0.45; // radians, to each side
const TEXT_HEIGHT = 6; // of a text, in widths of its pen
const LINE_HEIGHT = 1.25;
const FONT = 'system-ui, sans-serif';

/** Return a place of a picture within a box. @param {Point} point @param {Rect} box @returns {Point} */
export const toBox = ([x, y], box) => [box.x + (x / FULL) * box.width, box.y + (y / FULL) * box.height];

/** Return the width of a shape's line in a box, never thinner than `least`. @param {Shape} shape @param {Rect} box @param {number} least */
export const lineWidth = ({ width }, box, least) => Math.max(least, (width / 1000) * box.width);

/** Return the size of a text's letters in a box. @param {Shape} shape @param {Rect} box */
export const textSize = ({ width }, box) => (width / 1000) * box.width * TEXT_HEIGHT;

/** Return the two ends of an arrow's head. @param {Point} from @param {Point} to @param {number} width of its line @returns {[Point, Point]} */
export function headOf(from, to, width) {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const length = Math.min(HEAD * width + 4, Math.max(Math.hypot(to[0] - from[0], to[1] - from[1]), 1));
  const side = (/** @type {number} */ by) => /** @type {Point} */ ([to[0] - length * Math.cos(angle + by), to[1] - length * Math.sin(angle + by)]);
  return [side(HEAD_SPREAD), side(-HEAD_SPREAD)];
}

/** Return the lines of a shape in a box, an arrow's head among them; a text has none. @param {Shape} shape @param {Rect} box @param {number} least @returns {Point[][]} */
export function linesOf(shape, box, least) {
  const points = shape.points.map((point) => toBox(point, box));
  if (points.length === 0 || shape.kind === 'text') return [];
  if (shape.kind === 'pen') return [points.length === 1 ? [points[0], points[0]] : points];
  const [from, to] = [points[0], points[points.length - 1]];
  if (shape.kind === 'line') return [[from, to]];
  const [one, other] = headOf(from, to, lineWidth(shape, box, least));
  return [[from, to], [one, to, other]];
}

/** Return the lines of a text, each with where it begins in a box (its baseline). @param {Shape} shape @param {Rect} box @returns {{text: string, x: number, y: number}[]} */
export function textLines(shape, box) {
  if (shape.kind !== 'text' || shape.points.length === 0) return [];
  const [x, y] = toBox(shape.points[0], box);
  const size = textSize(shape, box);
  return (shape.text ?? '').split('\n').map((text, i) => ({ text, x, y: y + size * (0.8 + i * LINE_HEIGHT) }));
}

/** Draw shapes over a picture. @param {Context} context @param {Shape[]} shapes @param {Rect} box of the picture @param {number} lineScale the least width of a line: a CSS pixel, say */
export function drawShapes(context, shapes, box, lineScale) {
  context.lineCap = context.lineJoin = 'round';
  for (const shape of shapes) {
    context.strokeStyle = context.fillStyle = shape.colour;
    context.lineWidth = lineWidth(shape, box, lineScale);
    for (const line of linesOf(shape, box, lineScale)) {
      context.beginPath();
      line.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
      context.stroke();
    }
    if (shape.kind !== 'text') continue;
    context.font = `${textSize(shape, box)}px ${FONT}`;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'left';
    for (const { text, x, y } of textLines(shape, box)) context.fillText(text, x, y);
  }
}
