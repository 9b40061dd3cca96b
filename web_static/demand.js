/**
 * What the wall asks the node agents for: the tiles in view, at the size shown, most urgent first. Pure.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {'worked'|'looked'|null} Attention  somebody works in it, or points at it
 * @typedef {{id: number, wanted: boolean, rect: Rect, native: Size, rotation?: number, attention?: Attention, needed?: boolean}} Shown
 *   rect of the picture, CSS pixels of the view, in which it stands turned by `rotation` degrees; needed: also out of sight
 * @typedef {[number, number, number, number]} Demanded
 *   tile id, width and height in device pixels, urgency: 0 (somebody works in it) to 3
 */

const NEAR = 0.5; // of the way from the view's middle to its edge

/**
 * Return the demand for these tiles. A size is never above the display's own: more cannot be seen, and zooming
 * closer then changes nothing. What somebody works in comes first, then what is looked at, then nearest to the middle.
 */
export function demandOf(
  /** @type {Iterable<Shown>} */ tiles,
  /** @type {Size} */ view,
  /** @type {number} */ ratio,
) {
  /** @type {{entry: Demanded, far: number}[]} */
  const found = [];
  for (const { id, wanted, rect, native, rotation = 0, attention = null, needed = false } of tiles) {
    if (!wanted || (!needed && !inView(rect, view))) continue;
    const [across, down] = rotation % 180 === 0 ? [rect.width, rect.height] : [rect.height, rect.width];
    const scale = Math.min(1, (across * ratio) / native.width, (down * ratio) / native.height);
    const width = Math.max(1, Math.round(native.width * scale));
    const height = Math.max(1, Math.round(native.height * scale));
    const [x, y] = [rect.x + rect.width / 2 - view.width / 2, rect.y + rect.height / 2 - view.height / 2];
    // By its nearest point: a tile that covers the middle is near, wherever its own middle is.
    const share = Math.hypot(beyond(x, rect.width) / view.width, beyond(y, rect.height) / view.height) * 2;
    found.push({ entry: [id, width, height, urgencyOf(attention, share)], far: Math.hypot(x, y) });
  }
  found.sort((a, b) => a.entry[3] - b.entry[3] || a.far - b.far || a.entry[0] - b.entry[0]);
  return found.map(({ entry }) => entry);
}

/** Return how far from the middle something begins. @param {number} at its own middle @param {number} length */
const beyond = (at, length) => Math.max(0, Math.abs(at) - length / 2);

/** @param {Attention} attention @param {number} share of the way from the view's middle to its edge */
function urgencyOf(attention, share) {
  if (attention === 'worked') return 0;
  if (attention === 'looked' || share < NEAR) return 1;
  return share < 1 ? 2 : 3;
}

/** Return whether any part of the rectangle is in the view. */
export function inView(/** @type {Rect} */ rect, /** @type {Size} */ view) {
  return rect.x < view.width && rect.y < view.height && rect.x + rect.width > 0 && rect.y + rect.height > 0;
}

/** Return whether two demands ask for the same, in whatever order. */
export function sameDemand(/** @type {Demanded[]} */ a, /** @type {Demanded[]} */ b) {
  if (a.length !== b.length) return false;
  const before = new Map(a.map(([id, ...rest]) => [id, rest.join()]));
  return b.every(([id, ...rest]) => before.get(id) === rest.join());
}
