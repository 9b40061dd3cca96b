/** A shape under way, from the first touch to the last. Pure: places are of the picture's sides (0 to 65535). */

import { strokeOf } from './draw-geometry.js';

/**
 * @typedef {import('./shapes.js').Point} Point
 * @typedef {import('./shapes.js').Shape} Shape
 */

const TOLERANCE = 0.0008; // of the picture's sides, that a stroke may leave the hand's way

/** Begin a shape. @param {import('./draw-tools.js').Pen} pen @param {Point} point @returns {Shape|null} null: this tool draws none */
export function begun({ tool, colour, width }, point) {
  if (tool === 'eraser' || tool === 'text') return null;
  return { kind: tool, points: tool === 'pen' ? [point] : [point, point], colour, width };
}

/** Return a shape with the hand further on. @param {Shape} shape @param {Point} point @returns {Shape} */
export function moved(shape, point) {
  return { ...shape, points: shape.kind === 'pen' ? [...shape.points, point] : [shape.points[0], point] };
}

/** Return a shape as it is kept, or null where the hand drew nothing: a line without length. @param {Shape} shape @returns {Shape|null} */
export function ended(shape) {
  const [from, to] = [shape.points[0], shape.points[shape.points.length - 1]];
  if (shape.kind !== 'pen') return from[0] === to[0] && from[1] === to[1] ? null : shape;
  return { ...shape, points: strokeOf(shape.points, TOLERANCE * 65535) };
}
