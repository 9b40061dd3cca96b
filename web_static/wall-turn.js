/**
 * Pictures that stand turned by quarters: how they are drawn into their place, and which place of a display is under a point. Pure but
 * for the context.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {0|90|180|270} Rotation  degrees, clockwise
 */

/**
 * Return the transform that turns what is drawn at (0, 0), upright, into the box: `[a, b, c, d, e, f]` and the size it has upright.
 * @param {Rect} box in whole device pixels: then edges stay crisp @param {Rotation} rotation
 * @returns {{matrix: [number, number, number, number, number, number], width: number, height: number}}
 */
export function turnInto({ x, y, width, height }, rotation) {
  switch (rotation) {
    case 90:
      return { matrix: [0, 1, -1, 0, x + width, y], width: height, height: width };
    case 180:
      return { matrix: [-1, 0, 0, -1, x + width, y + height], width, height };
    case 270:
      return { matrix: [0, -1, 1, 0, x, y + height], width: height, height: width };
    default:
      return { matrix: [1, 0, 0, 1, x, y], width, height };
  }
}

/**
 * Draw something upright that stands turned in its box.
 * @param {OffscreenCanvasRenderingContext2D} context @param {Rect} box in device pixels @param {Rotation} rotation
 * @param {(upright: Rect) => void} draw
 */
export function turned(context, box, rotation, draw) {
  if (rotation === 0) return draw(box);
  const { matrix, width, height } = turnInto(box, rotation);
  context.setTransform(...matrix);
  draw({ x: 0, y: 0, width, height });
  context.resetTransform();
}

/** Return which share of an upright picture's sides is at these shares of its turned one's. @param {number} u from the left @param {number} v from above @param {number} rotation @returns {[number, number]} */
export function uprightAt(u, v, rotation) {
  if (rotation === 90) return [v, 1 - u];
  if (rotation === 180) return [1 - u, 1 - v];
  if (rotation === 270) return [1 - v, u];
  return [u, v];
}
