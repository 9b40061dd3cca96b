/**
 * Where pictures stand that are compared: panels, what of the pictures is seen in them, the divider between two. Pure; CSS pixels of the view.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./compare-state.js').At} At
 * @typedef {{panel: Rect, rect: Rect}} Place  a panel, and the whole picture that shows in it, or looks out of it on all sides
 */

import { ZOOM_MOST } from './compare-state.js';

export const GAP_PX = 12; // between panels, and around them
export const STRIP_PX = 26; // above a picture, for its title

/**
 * Return where each of some pictures has its panel: in rows and columns of which they are largest.
 * @param {Size[]} sizes of the pictures @param {Size} view @returns {Rect[]}
 */
export function panelsOf(sizes, view) {
  const ways = sizes.map((_, i) => inColumns(sizes.length, i + 1, view));
  const least = (/** @type {Rect[]} */ panels) => Math.min(...panels.map((panel, i) => scaleIn(panel, sizes[i]) * Math.sqrt(sizes[i].width * sizes[i].height)));
  return ways.reduce((best, panels) => (least(panels) > least(best) ? panels : best));
}

/** Return the one panel of a way that shows all in one place. @param {Size} view @returns {Rect} */
export const onlyPanel = (view) => inColumns(1, 1, view)[0];

/** @param {number} count @param {number} columns @param {Size} view @returns {Rect[]} */
function inColumns(count, columns, view) {
  const rows = Math.ceil(count / columns);
  const width = Math.max(1, (view.width - GAP_PX) / columns - GAP_PX);
  const height = Math.max(1, (view.height - GAP_PX) / rows - STRIP_PX);
  return Array.from({ length: count }, (_, i) => ({
    x: GAP_PX + (i % columns) * (width + GAP_PX),
    y: STRIP_PX + Math.floor(i / columns) * (height + STRIP_PX),
    width,
    height,
  }));
}

/** Return by how much a picture is scaled that fits a panel. @param {Rect} panel @param {Size} size */
const scaleIn = (panel, size) => Math.min(panel.width / size.width, panel.height / size.height);

/**
 * Return where a whole picture stands in a panel, in whole device pixels: a picture of that size is then shown as it is.
 * @param {Rect} panel @param {Size} size of the picture @param {At} at @param {number} ratio device pixels per CSS pixel @returns {Rect}
 */
export function placed(panel, size, at, ratio) {
  const scale = scaleIn(panel, size) * at.zoom;
  const [width, height] = [size.width * scale, size.height * scale];
  const whole = (/** @type {number} */ value) => Math.round(value * ratio) / ratio;
  const [x, y] = [panel.x + panel.width / 2 - at.x * width, panel.y + panel.height / 2 - at.y * height];
  return { x: whole(x), y: whole(y), width: Math.max(1 / ratio, whole(width)), height: Math.max(1 / ratio, whole(height)) };
}

/** Return the view kept to the picture: what fits its panel stands in the middle, else no ground beside it is seen. @param {At} at @param {Rect} panel @param {Size} size @returns {At} */
export function limited(at, panel, size) {
  const zoom = Math.max(1, Math.min(ZOOM_MOST, at.zoom));
  const scale = scaleIn(panel, size) * zoom;
  const along = (/** @type {number} */ place, /** @type {number} */ length, /** @type {number} */ shown) => {
    const half = shown / length / 2;
    return half >= 0.5 ? 0.5 : Math.max(half, Math.min(1 - half, place));
  };
  return { x: along(at.x, size.width * scale, panel.width), y: along(at.y, size.height * scale, panel.height), zoom };
}

/** Return the view closer by a factor, of which the point (x, y) stays. @param {At} at @param {Rect} panel @param {Size} size @param {number} factor @param {number} x @param {number} y */
export function zoomedAt(at, panel, size, factor, x, y) {
  const zoom = Math.max(1, Math.min(ZOOM_MOST, at.zoom * factor));
  const [before, after] = [scaleIn(panel, size) * at.zoom, scaleIn(panel, size) * zoom];
  const [dx, dy] = [x - panel.x - panel.width / 2, y - panel.y - panel.height / 2];
  const moved = { x: at.x + (dx / before - dx / after) / size.width, y: at.y + (dy / before - dy / after) / size.height, zoom };
  return limited(moved, panel, size);
}

/** Return the view after the hand moved the picture. @param {At} at @param {Rect} panel @param {Size} size @param {number} dx @param {number} dy */
export function pannedBy(at, panel, size, dx, dy) {
  const scale = scaleIn(panel, size) * at.zoom;
  return limited({ ...at, x: at.x - dx / (size.width * scale), y: at.y - dy / (size.height * scale) }, panel, size);
}

/** Return what of a picture is seen in its panel. @param {Place} place @returns {Rect} */
export function seen({ panel, rect }) {
  const [x, y] = [Math.max(panel.x, rect.x), Math.max(panel.y, rect.y)];
  return { x, y, width: Math.max(0, Math.min(panel.x + panel.width, rect.x + rect.width) - x), height: Math.max(0, Math.min(panel.y + panel.height, rect.y + rect.height) - y) };
}

/** Return the two parts of what is seen, left and right of the divider, which stands on a whole device pixel. @param {Rect} rect @param {number} divider 0 to 1 @param {number} ratio @returns {[Rect, Rect]} */
export function parted(rect, divider, ratio) {
  const x = Math.round((rect.x + rect.width * divider) * ratio) / ratio;
  return [
    { ...rect, width: Math.max(0, x - rect.x) },
    { ...rect, x, width: Math.max(0, rect.x + rect.width - x) },
  ];
}

/** Return where the divider stands that is dragged to x. @param {Rect} rect what is seen @param {number} x */
export const dividerAt = (rect, x) => (rect.width > 0 ? Math.max(0, Math.min(1, (x - rect.x) / rect.width)) : 0.5);

/** Return the panel that is at a point, else the first. @param {Rect[]} panels @param {number} x @param {number} y */
export const panelAt = (panels, x, y) => panels.find((panel) => x >= panel.x && y >= panel.y && x < panel.x + panel.width + GAP_PX && y < panel.y + panel.height + STRIP_PX) ?? panels[0];
