/** Rectangles. Pure. @typedef {import('./camera.js').Rect} Rect */

/** Return the rectangle, larger on all sides. @param {Rect} rect @param {number} by @returns {Rect} */
export const around = ({ x, y, width, height }, by) => ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

/** Return whether two rectangles have something in common. @param {Rect} a @param {Rect} b */
export const overlap = (a, b) => a.x < b.x + b.width && a.y < b.y + b.height && a.x + a.width > b.x && a.y + a.height > b.y;
