/**
 * A display wall in millimetres: where the pictures of its screens are, what of a view each of them shows. What lies behind the frames of
 * screens is not shown, so that lines run straight on from one to the next. Pure.
 *
 * Millimetres are counted from the upper left corner of the wall's picture. Each column of screens is as wide as its widest, each row as
 * high as its highest; a smaller one stands in the middle of its place.
 *
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {{pixels: [number, number], size: [number, number]}} Screen  size: in mm
 * @typedef {{columns: number, rows: number, bezel: number, screens: Screen[]}} Display  row by row; bezel: width of a screen's frame, in mm
 */

import { fitRect } from './camera.js';

/** Return the screen of a place, which counts from 1. @param {Display} display @param {number} column @param {number} row @returns {Screen|undefined} */
export const screenAt = (display, column, row) => (column <= display.columns && row <= display.rows ? display.screens[(row - 1) * display.columns + column - 1] : undefined);

/** Return how wide each column of screens is, or how high each row, in mm. @param {Display} display @param {0|1} side */
function widest({ columns, screens }, side) {
  /** @type {number[]} */
  const found = [];
  screens.forEach(({ size }, place) => {
    const at = side === 0 ? place % columns : Math.floor(place / columns);
    found[at] = Math.max(found[at] ?? 0, size[side]);
  });
  return found;
}

/** Return where each of these lengths begins, with `between` in between, and where the last ends. @param {number[]} lengths @param {number} between */
function placed(lengths, between) {
  let at = 0;
  const starts = lengths.map((length) => {
    const start = at;
    at += length + between;
    return start;
  });
  return { starts, end: at - between };
}

/** Return where the pictures of the screens are, row by row, and how large the wall's picture is, in mm. @param {Display} display @returns {{places: Rect[], whole: Size}} */
export function placesOf(display) {
  const { columns, bezel, screens } = display;
  const [widths, heights] = [widest(display, 0), widest(display, 1)];
  const [across, down] = [placed(widths, 2 * bezel), placed(heights, 2 * bezel)];
  const places = screens.map(({ size: [width, height] }, place) => {
    const [column, row] = [place % columns, Math.floor(place / columns)];
    return { x: across.starts[column] + (widths[column] - width) / 2, y: down.starts[row] + (heights[row] - height) / 2, width, height };
  });
  return { places, whole: { width: across.end, height: down.end } };
}

/** Return the camera that shows all of a view on the wall, in the middle; its scale is mm per wall unit. @param {Rect} view in wall units @param {Size} whole in mm @returns {Camera} */
export const fitted = (view, whole) => fitRect(view, whole, 0);

/** Return what of the session's wall a part of the display wall shows, in wall units. @param {Camera} camera @param {Rect} place in mm @returns {Rect} */
export const pieceOf = ({ x, y, scale }, place) => ({ x: x + place.x / scale, y: y + place.y / scale, width: place.width / scale, height: place.height / scale });

/**
 * Return the camera of a screen: its piece of what the wall shows, in its window. @param {Camera} camera of the wall, in mm
 * @param {Rect} place of the screen, in mm @param {Size} window in CSS pixels @returns {Camera}
 */
export const cameraOf = (camera, place, window) => fitRect(pieceOf(camera, place), window, 0);

/** Return where the whole wall, drawn small, and its screens are in a room. @param {Display} display @param {Size} room in CSS pixels @param {number} margin @returns {{frame: Rect, screens: Rect[], scale: number}} scale: CSS pixels per mm */
export function outlineOf(display, room, margin) {
  const { places, whole } = placesOf(display);
  const { x, y, scale } = fitRect({ x: 0, y: 0, ...whole }, room, margin);
  const drawn = (/** @type {Rect} */ rect) => ({ x: (rect.x - x) * scale, y: (rect.y - y) * scale, width: rect.width * scale, height: rect.height * scale });
  return { frame: drawn({ x: 0, y: 0, ...whole }), screens: places.map(drawn), scale };
}

const LAYOUT_PX = 1920; // as wide as that a wall is laid out that nobody leads by a window of their own

/** Return the window that a session's wall is laid out for on a display wall of its own. @param {Size} whole in mm @returns {Size} in CSS pixels */
export const canonicalOf = ({ width, height }) => ({ width: LAYOUT_PX, height: (LAYOUT_PX * height) / width });
