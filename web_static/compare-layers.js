/**
 * What the worker draws in the place of the wall, from the ground up, and the titles above it: made of what is compared. Pure.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./compare-state.js').Compare} Compare
 * @typedef {import('./wall-turn.js').Rotation} Rotation
 * @typedef {{tile: number, rotation: Rotation}} Turned
 * @typedef {object} Layer
 * @property {Turned} of
 * @property {Turned|null} less  if it is a difference: the one that is taken off
 * @property {import('./pixel-differences.js').Kind} kind
 * @property {number} factor
 * @property {Rect} rect     of the whole picture, CSS pixels of the view
 * @property {Rect} clip     the part of the view in which it is seen
 * @property {number} opacity
 * @typedef {Turned & Size} Shown  a tile, and the size of its display
 * @typedef {{tiles: number[], panel: Rect}} Panel  the tiles whose titles stand above it
 */

import { onlyPanel, panelsOf, parted, placed, seen } from './compare-geometry.js';
import { pairOf } from './compare-state.js';

/** Return the size of a display as it stands, turned or not. @param {Shown} tile @returns {Size} */
export const sizeOf = ({ width, height, rotation }) => (rotation % 180 === 0 ? { width, height } : { width: height, height: width });

/**
 * Return what is drawn, with the panels for titles, and where each compared tile's picture stands.
 * @param {Compare} compare @param {Map<number, Shown>} tiles @param {number} blink which one is shown while it blinks, by its place
 * @param {Size} view @param {number} ratio
 * @returns {{layers: Layer[], panels: Panel[], rects: Map<number, Rect>}}
 */
export function layersOf(compare, tiles, blink, view, ratio) {
  const shown = (/** @type {number} */ id) => /** @type {Shown} */ (tiles.get(id));
  /** @type {Map<number, Rect>} */
  const rects = new Map();
  /** @param {number} id @param {Rect} panel */
  const place = (id, panel) => {
    const rect = placed(panel, sizeOf(shown(id)), compare.at, ratio);
    rects.set(id, rect);
    return { panel, rect };
  };
  const only = onlyPanel(view);
  const [first, second] = pairOf(compare);
  if (compare.way === 'side') {
    const panels = panelsOf(compare.tiles.map((id) => sizeOf(shown(id))), view);
    return { layers: compare.tiles.map((id, i) => picture(shown(id), place(id, panels[i]))), panels: compare.tiles.map((id, i) => ({ tiles: [id], panel: panels[i] })), rects };
  }
  if (compare.way === 'blink') {
    const layers = compare.tiles.map((id) => picture(shown(id), place(id, only))); // all have their places: the next is there when its turn comes
    return { layers: [layers[blink]], panels: [{ tiles: [compare.tiles[blink]], panel: only }], rects };
  }
  const [under, over] = [place(first, only), place(second, only)];
  const panels = [{ tiles: [first, second], panel: only }];
  const { kind, factor, opacity, divider } = compare;
  if (compare.way === 'difference') return { layers: [{ ...picture(shown(first), under), less: turnedOf(shown(second)), kind, factor }], panels, rects };
  if (compare.way === 'overlay') return { layers: [picture(shown(first), under), { ...picture(shown(second), over), opacity }], panels, rects };
  const [left, right] = parted(seen(under), divider, ratio);
  // Each is seen on its side of the divider, also where it looks out over the other.
  const sides = [{ ...only, width: left.x + left.width - only.x }, { ...only, x: right.x, width: only.x + only.width - right.x }];
  return { layers: [{ ...picture(shown(first), under), clip: sides[0] }, { ...picture(shown(second), over), clip: sides[1] }], panels, rects };
}

/** @param {Turned} tile @returns {Turned} */
const turnedOf = ({ tile, rotation }) => ({ tile, rotation });

/** @param {Shown} of @param {import('./compare-geometry.js').Place} place @returns {Layer} */
const picture = (of, { panel, rect }) => ({ of: turnedOf(of), less: null, kind: 'absolute', factor: 1, rect, clip: panel, opacity: 1 });
