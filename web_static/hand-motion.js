/**
 * How a hand that is told some times a second moves smoothly: from where it is seen to where it was told, evenly. Pure.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{from: Point, to: Point, start: number, duration: number}} Way  in milliseconds
 * @typedef {{columns: number|null, zoomed: number[]}} Standing  how somebody's wall stands
 */

/** Return where a hand is on its way. @param {Way} way @param {number} now @returns {Point} */
export function between({ from, to, start, duration }, now) {
  const t = duration > 0 ? Math.max(0, Math.min(1, (now - start) / duration)) : 1;
  return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}

/** Return whether a place on the one wall is the same tile on the other. @param {Standing} one @param {Standing} other */
export const standsAlike = (one, other) => one.columns === other.columns && one.zoomed.join() === other.zoomed.join();
