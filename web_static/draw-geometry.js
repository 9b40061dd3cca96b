/**
 * What a hand draws, made smaller, and which shape is under a point. Pure.
 *
 * @typedef {import('./shapes.js').Point} Point
 * @typedef {import('./shapes.js').Shape} Shape
 */

import { linesOf, textLines, textSize } from './shapes.js';

const POINTS_MOST = 400;
const LETTER_WIDTH = 0.6; // of a text's height, on average

/** Return how far a point is from the line between two others. @param {Point} point @param {Point} from @param {Point} to */
export function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/**
 * Return the points of a line without which it would leave its way by more than `tolerance` (Ramer, Douglas, Peucker).
 * @param {Point[]} points @param {number} tolerance @returns {Point[]}
 */
export function simplify(points, tolerance) {
  if (points.length < 3) return points;
  const kept = new Set([0, points.length - 1]);
  /** @type {[number, number][]} */
  const open = [[0, points.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [first, last] = part;
    let [far, at] = [tolerance, -1];
    for (let i = first + 1; i < last; i += 1) {
      const away = distanceTo(points[i], points[first], points[last]);
      if (away > far) [far, at] = [away, i];
    }
    if (at < 0) continue;
    kept.add(at);
    open.push([first, at], [at, last]);
  }
  return points.filter((_, i) => kept.has(i));
}

/** Return a stroke with fewer points than `most`, as near to the hand's way as that allows. @param {Point[]} points @param {number} tolerance @param {number} [most] */
export function strokeOf(points, tolerance, most = POINTS_MOST) {
  let wide = Math.max(tolerance, 1);
  let found = simplify(points, wide);
  while (found.length >= most) {
    wide *= 1.5;
    found = simplify(points, wide);
  }
  return found;
}

/**
 * Return the shape under a point, the one drawn last first, or null.
 * @param {[string, Shape][]} shapes with their names @param {Point} point of the box @param {import('./camera.js').Rect} box @param {number} near
 * @returns {string|null}
 */
export function shapeAt(shapes, point, box, near) {
  const found = shapes.findLast(([, shape]) => touches(shape, point, box, near));
  return found ? found[0] : null;
}

/** @param {Shape} shape @param {Point} point @param {import('./camera.js').Rect} box @param {number} near */
function touches(shape, [x, y], box, near) {
  if (shape.kind === 'text') {
    const size = textSize(shape, box);
    return textLines(shape, box).some((line) => x >= line.x - near && x <= line.x + line.text.length * size * LETTER_WIDTH + near && y <= line.y + size * 0.3 + near && y >= line.y - size - near);
  }
  const reach = near + (shape.width / 2000) * box.width;
  return linesOf(shape, box, 1).some((line) => line.some((from, i) => i + 1 < line.length && distanceTo([x, y], from, line[i + 1]) <= reach));
}

/** Return acts that put the shapes of a drawing on other tiles, each of `most` characters at most: a message has a limit. @param {[string, Shape][]} shapes @param {number[]} tiles @param {number} most @returns {[string, Shape][][]} */
export function copiesOf(shapes, tiles, most) {
  /** @type {[string, Shape][][]} */
  const acts = [];
  let size = Infinity;
  for (const tile of tiles) {
    for (const [id, shape] of shapes) {
      const length = JSON.stringify(shape).length + 60;
      if (size + length > most) {
        acts.push([]);
        size = 0;
      }
      acts[acts.length - 1].push([`drawing/${tile}/${id}`, shape]);
      size += length;
    }
  }
  return acts;
}
