/**
 * What the wall asks the node agents for: the tiles in view, at the size shown, most urgent first. Pure.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {{id: number, wanted: boolean, rect: Rect, native: Size}} Shown  rect of the picture, CSS pixels of the view
 * @typedef {[number, number, number]} Demanded  tile id, width and height in device pixels
 */

/**
 * Return the demand for these tiles. A size is never above the display's own: more cannot be seen, and zooming
 * closer then changes nothing. Nearest to the view's middle comes first.
 */
export function demandOf(
  /** @type {Iterable<Shown>} */ tiles,
  /** @type {Size} */ view,
  /** @type {number} */ ratio,
) {
  /** @type {{entry: Demanded, far: number}[]} */
  const found = [];
  for (const { id, wanted, rect, native } of tiles) {
    if (!wanted || !inView(rect, view)) continue;
    const share = Math.min(1, (rect.width * ratio) / native.width, (rect.height * ratio) / native.height);
    const width = Math.max(1, Math.round(native.width * share));
    const height = Math.max(1, Math.round(native.height * share));
    const far = Math.hypot(rect.x + rect.width / 2 - view.width / 2, rect.y + rect.height / 2 - view.height / 2);
    found.push({ entry: [id, width, height], far });
  }
  found.sort((a, b) => a.far - b.far || a.entry[0] - b.entry[0]);
  return found.map(({ entry }) => entry);
}

/** Return whether any part of the rectangle is in the view. */
export function inView(/** @type {Rect} */ rect, /** @type {Size} */ view) {
  return rect.x < view.width && rect.y < view.height && rect.x + rect.width > 0 && rect.y + rect.height > 0;
}

/** Return whether two demands ask for the same, in whatever order. */
export function sameDemand(/** @type {Demanded[]} */ a, /** @type {Demanded[]} */ b) {
  if (a.length !== b.length) return false;
  const sizes = new Map(a.map(([id, width, height]) => [id, `${width}x${height}`]));
  return b.every(([id, width, height]) => sizes.get(id) === `${width}x${height}`);
}
