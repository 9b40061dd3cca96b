/**
 * The camera over the wall: pure functions from values to values.
 *
 * Wall units: a tile is 1 wide. A camera at (x, y) shows that point of the wall in the view's upper left corner;
 * `scale` is CSS pixels per wall unit.
 *
 * @typedef {{x: number, y: number, scale: number}} Camera
 * @typedef {{width: number, height: number}} Size  in CSS pixels, or in wall units for the wall itself
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{from: Camera, to: Camera, start: number, duration: number, even?: boolean}} Motion  times in ms since the epoch; even: as quick all the time
 */

export const MOTION_MS = 170;
const LARGEST_TILE = 16; // widths of the view that one tile may take: single pixels of a display become visible
const SMALLEST_WALL = 0.5; // of the size at which all fits

/** @param {Camera} camera @param {Rect} rect in wall units @returns {Rect} in CSS pixels of the view */
export function toScreen(camera, rect) {
  return {
    x: (rect.x - camera.x) * camera.scale,
    y: (rect.y - camera.y) * camera.scale,
    width: rect.width * camera.scale,
    height: rect.height * camera.scale,
  };
}

/** @param {Camera} camera @param {number} x @param {number} y CSS pixels of the view @returns {{x: number, y: number}} */
export function toWall(camera, x, y) {
  return { x: camera.x + x / camera.scale, y: camera.y + y / camera.scale };
}

/** Return the camera that shows all of `rect`, in the middle, with `margin` CSS pixels around. */
export function fitRect(
  /** @type {Rect} */ rect,
  /** @type {Size} */ view,
  /** @type {number} */ margin,
) {
  const scale = Math.max(
    Math.min((view.width - 2 * margin) / rect.width, (view.height - 2 * margin) / rect.height),
    1e-3,
  );
  return {
    x: rect.x + rect.width / 2 - view.width / 2 / scale,
    y: rect.y + rect.height / 2 - view.height / 2 / scale,
    scale,
  };
}

/**
 * Return the camera at this scale that shows where the wall begins: across and down, what is smaller than the view stands in its middle.
 * @param {number} scale @param {Size} wall @param {Size} view @param {number} margin CSS pixels @returns {Camera}
 */
export function beginningAt(scale, wall, view, margin) {
  const start = (/** @type {number} */ length, /** @type {number} */ room) =>
    length * scale + 2 * margin <= room ? (length - room / scale) / 2 : -margin / scale;
  return { x: start(wall.width, view.width), y: start(wall.height, view.height), scale };
}

/** Return the camera zoomed by `factor` so that the wall's point under (x, y) stays there. */
export function zoomAt(
  /** @type {Camera} */ camera,
  /** @type {number} */ factor,
  /** @type {number} */ x,
  /** @type {number} */ y,
) {
  const scale = camera.scale * factor;
  return { x: camera.x + x / camera.scale - x / scale, y: camera.y + y / camera.scale - y / scale, scale };
}

/** Return the camera moved by (dx, dy) CSS pixels, as a hand moves paper. */
export function panBy(/** @type {Camera} */ camera, /** @type {number} */ dx, /** @type {number} */ dy) {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** Return the scales between which the wall may be zoomed: `{least, most}`. */
export function scaleLimits(/** @type {Size} */ wall, /** @type {Size} */ view) {
  const fit = Math.min(view.width / wall.width, view.height / wall.height);
  return { least: fit * SMALLEST_WALL, most: Math.max(view.width * LARGEST_TILE, fit) };
}

/** Return the zoom factor that keeps the camera's scale within the limits. */
export function limitedFactor(
  /** @type {Camera} */ camera,
  /** @type {number} */ factor,
  /** @type {Size} */ wall,
  /** @type {Size} */ view,
) {
  const { least, most } = scaleLimits(wall, view);
  return Math.min(Math.max(camera.scale * factor, least), most) / camera.scale;
}

/** Return the camera moved so that the middle of the view stays on the wall: nobody gets lost. */
export function keepOnWall(/** @type {Camera} */ camera, /** @type {Size} */ wall, /** @type {Size} */ view) {
  const halfX = view.width / 2 / camera.scale;
  const halfY = view.height / 2 / camera.scale;
  return {
    x: clamp(camera.x + halfX, 0, wall.width) - halfX,
    y: clamp(camera.y + halfY, 0, wall.height) - halfY,
    scale: camera.scale,
  };
}

/** Return the camera moved as little as needed to show `rect` with `margin` CSS pixels around (its middle, if too big). */
export function reveal(
  /** @type {Camera} */ camera,
  /** @type {Rect} */ rect,
  /** @type {Size} */ view,
  /** @type {number} */ margin,
) {
  const on = toScreen(camera, rect);
  const shift = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) => {
    if (length + 2 * margin > room) return (room - length) / 2 - at;
    return clamp(at, margin, room - length - margin) - at;
  };
  return panBy(camera, shift(on.x, on.width, view.width), shift(on.y, on.height, view.height));
}

/** Ease in and out: 0 → 0, 1 → 1, calm at both ends. */
export function ease(/** @type {number} */ t) {
  return t < 0.5 ? 4 * t * t * t : 1 - (-2 * t + 2) ** 3 / 2;
}

/** Return how far a motion is, eased, from 0 to 1. */
export function progress(/** @type {number} */ start, /** @type {number} */ duration, /** @type {number} */ now) {
  return duration > 0 ? ease(clamp((now - start) / duration, 0, 1)) : 1;
}

/** Return the camera of a motion at the time `now`: the scale moves evenly in zoom, the middle in a straight line. */
export function cameraAt(/** @type {Motion} */ motion, /** @type {number} */ now) {
  const t = motion.even && motion.duration > 0 ? clamp((now - motion.start) / motion.duration, 0, 1) : progress(motion.start, motion.duration, now);
  if (t >= 1) return motion.to;
  const { from, to } = motion;
  const scale = from.scale * (to.scale / from.scale) ** t;
  // At this scale, the share of the way that keeps the one fixed point of the zoom in its place.
  const s = Math.abs(to.scale - from.scale) < 1e-9 * to.scale ? t : (1 / scale - 1 / from.scale) / (1 / to.scale - 1 / from.scale);
  return { x: from.x + (to.x - from.x) * s, y: from.y + (to.y - from.y) * s, scale };
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
