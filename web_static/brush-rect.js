/**
 * What a hand and keys make of a rectangle in a cell of the scatter matrix, in places 0 to 1 along both axes. Pure.
 *
 * @typedef {import('./brush-drag.js').Span} Span
 * @typedef {{x: Span, y: Span}} Frame
 * @typedef {{x: number, y: number}} Point
 */

import { dragged, gripAt, nudged } from './brush-drag.js';

const HALF = /** @type {Span} */ ([0.25, 0.75]);

/** Return the rectangle that the brushes of two axes make, or null where neither is brushed or one has several ranges. @param {Span[]} x @param {Span[]} y @returns {Frame|null} */
export function frameOf(x, y) {
  if (x.length > 1 || y.length > 1 || x.length + y.length === 0) return null;
  return { x: x[0] ?? [0, 1], y: y[0] ?? [0, 1] };
}

/**
 * Return the rectangle after a drag: one that begins at an edge or a corner moves that, one within it moves all of it, one beside it draws
 * another; null after a click beside it.
 * @param {Frame|null} frame @param {Point} from @param {Point} to @param {Point} reach @returns {Frame|null}
 */
export function draggedFrame(frame, from, to, reach) {
  const near = (/** @type {Span} */ [low, high], /** @type {number} */ at, /** @type {number} */ by) => at >= low - by && at <= high + by;
  if (frame && near(frame.x, from.x, reach.x) && near(frame.y, from.y, reach.y)) {
    const grips = { x: gripAt([frame.x], from.x, reach.x), y: gripAt([frame.y], from.y, reach.y) };
    const whole = grips.x?.part === 'middle' && grips.y?.part === 'middle';
    const along = (/** @type {'x'|'y'} */ way) => {
      const grip = grips[way];
      if (!grip || (!whole && grip.part === 'middle')) return frame[way];
      return dragged([frame[way]], grip, from[way], to[way])[0];
    };
    return { x: along('x'), y: along('y') };
  }
  const [x, y] = [dragged([], null, from.x, to.x), dragged([], null, from.y, to.y)];
  return x.length > 0 && y.length > 0 ? { x: x[0], y: y[0] } : null;
}

/** Return the rectangle after a key, or undefined for one that means nothing here; null: it is taken away. @param {Frame|null} frame @param {string} key @param {boolean} shift makes it larger and smaller @param {number} step @returns {Frame|null|undefined} */
export function keyedFrame(frame, key, shift, step) {
  if (key === 'Enter' || key === ' ') return frame ?? { x: HALF, y: HALF };
  if (!frame) return undefined;
  if (key === 'Delete' || key === 'Backspace') return null;
  const by = key === 'ArrowRight' || key === 'ArrowUp' ? step : key === 'ArrowLeft' || key === 'ArrowDown' ? -step : 0;
  if (by === 0) return undefined;
  const way = key === 'ArrowUp' || key === 'ArrowDown' ? 'y' : 'x';
  return { ...frame, [way]: nudged([frame[way]], 0, by, shift)[0] };
}
