/**
 * The wall's grid: lanes with their labels, how many columns, which rectangle each tile gets. Pure. (Where one goes from a tile, and what is
 * at a point: layout-ways.js.)
 *
 * Wall units: a tile is 1 wide; its cell is the picture with its title strip below. A label stands above the rows of its lane.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./arrangement.js').Lane} Lane
 * @typedef {{gap?: number, title?: number, tile?: number}} Wish  in CSS pixels, what people set; what they did not is as suits
 * @typedef {object} Row
 * @property {number} lane   its number
 * @property {number} first  position of its first tile
 * @property {number} count
 * @property {number} y      where it begins
 * @typedef {{key: string, label: string, count: number, rect: Rect|null, height: number}} PlacedLane
 *   rect: where its label stands, null where none does; height: of its rows
 * @typedef {object} Grid
 * @property {number} columns
 * @property {number} aspect  a picture's width / height
 * @property {number} strip   height of the title strip, in wall units
 * @property {number} gap     between cells, in wall units
 * @property {Size} size      of the whole wall, in wall units
 * @property {number[]} ids   by position
 * @property {Rect[]} cells   by position, strip included
 * @property {Row[]} rows     from top to bottom
 * @property {PlacedLane[]} lanes
 * @property {import('./layout-scatter.js').Axes} [axes]  where the wall is a scatter plot: cells stand anywhere, and may cover each other
 */

export const MARGIN_PX = 20; // around the wall when all of it is shown
/** Pixels at the size at which the whole wall fits, and the largest share of a tile's width: on a wall of very many, pictures come first. */
const STRIP = { px: 26, most: 0.22 };
const GAP = { px: 14, most: 0.08 };
const LABEL = { px: 34, most: 0.75 };

/** Return the ratio width / height that most tiles have (the first of the most frequent ones); 4:3 for none. */
export function commonAspect(/** @type {Iterable<Size>} */ tiles) {
  /** @type {Map<string, {ratio: number, count: number}>} */
  const counts = new Map();
  for (const { width, height } of tiles) {
    const ratio = width > 0 && height > 0 ? width / height : 4 / 3;
    const entry = counts.get(ratio.toFixed(3)) ?? { ratio, count: 0 };
    entry.count += 1;
    counts.set(ratio.toFixed(3), entry);
  }
  let best = { ratio: 4 / 3, count: 0 };
  for (const entry of counts.values()) if (entry.count > best.count) best = entry;
  return best.ratio;
}

/** Return whether the lanes stand under labels: there are several, or one that has a name. @param {Lane[]} lanes */
export const labelled = (lanes) => lanes.length > 1 || (lanes[0]?.label ?? '') !== '';

/** What is wished is given even where it takes more than a share that looks good. @param {{px: number, most: number}} usual @param {number|undefined} wished */
const measure = (usual, wished) => (wished === undefined ? usual : { px: wished, most: Math.max(usual.most, wished / 100) });

/**
 * Return the widths in CSS pixels of a tile, its strip, its gap and its lane's label when `columns` columns fill `view`.
 * @param {number} columns @param {Lane[]} lanes @param {number} aspect @param {Size} view @param {Wish} wish
 */
function sizesAt(columns, lanes, aspect, view, wish) {
  const [strip, gap] = [measure(STRIP, wish.title), measure(GAP, wish.gap)];
  const labels = labelled(lanes) ? lanes.length : 0;
  const rows = Math.max(1, lanes.reduce((sum, { ids }) => sum + Math.ceil(ids.length / columns), 0));
  const width = Math.max(view.width - 2 * MARGIN_PX, 50);
  const height = Math.max(view.height - 2 * MARGIN_PX, 50);
  // With strip and gap at their pixel sizes; where those would be too large a share, with the shares.
  let tile = Math.min((width + gap.px) / columns - gap.px, ((height - labels * LABEL.px + gap.px) / rows - gap.px - strip.px) * aspect);
  if (tile * gap.most < gap.px || tile * strip.most < strip.px || (labels > 0 && tile * LABEL.most < LABEL.px)) {
    const across = columns + (columns - 1) * gap.most;
    const down = rows * (1 / aspect + strip.most) + (rows - 1) * gap.most + labels * LABEL.most;
    tile = Math.min(width / across, height / down);
  }
  tile = wish.tile ?? tile;
  const least = (/** @type {{px: number, most: number}} */ { px, most }) => Math.min(px, tile * most);
  return { tile, strip: least(strip), gap: least(gap), label: labels > 0 ? least(LABEL) : 0 };
}

/**
 * Return the number of columns with which tiles are shown largest in `view` (fewest columns when equal); tiles of a width that was set
 * take as many as fit side by side.
 * @param {Lane[]} lanes @param {number} aspect @param {Size} view @param {Wish} [wish]
 */
export function bestColumns(lanes, aspect, view, wish = {}) {
  const most = Math.max(1, ...lanes.map(({ ids }) => ids.length));
  if (wish.tile !== undefined) {
    const { tile, gap } = sizesAt(1, lanes, aspect, view, wish);
    return Math.max(1, Math.min(most, Math.floor((view.width - 2 * MARGIN_PX + gap) / (tile + gap))));
  }
  const count = lanes.reduce((sum, { ids }) => sum + ids.length, 0);
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= most; columns += 1) {
    const { tile } = sizesAt(columns, lanes, aspect, view, wish);
    const empty = lanes.length > 1 ? 0 : columns * Math.ceil(count / columns) - count;
    const worth = tile * (1 - 0.15 * (empty / Math.max(1, count))); // a full rectangle looks better
    if (worth > largest * 1.0001) [best, largest] = [columns, worth];
  }
  return best;
}

/** Return by how much larger tiles would be in `better` columns than in `columns`, as a factor. @param {number} better @param {number} columns
 * @param {Lane[]} lanes @param {number} aspect @param {Size} view @param {Wish} [wish] */
export function gain(better, columns, lanes, aspect, view, wish = {}) {
  return sizesAt(better, lanes, aspect, view, wish).tile / sizesAt(columns, lanes, aspect, view, wish).tile;
}

/**
 * Return the grid of these lanes in `columns` columns, its strip, gap and labels made for `view`.
 * @param {Lane[]} lanes @param {number} columns @param {number} aspect @param {Size} view @param {Wish} [wish] @returns {Grid}
 */
export function makeGrid(lanes, columns, aspect, view, wish = {}) {
  const across = Math.max(1, Math.min(columns, Math.max(...lanes.map(({ ids }) => ids.length))));
  const sizes = sizesAt(across, lanes, aspect, view, wish);
  const [strip, gap, label] = [sizes.strip / sizes.tile, sizes.gap / sizes.tile, sizes.label / sizes.tile];
  const width = across + (across - 1) * gap;
  const height = 1 / aspect + strip;
  /** @type {Grid} */
  const grid = { columns: across, aspect, strip, gap, size: { width, height: 0 }, ids: [], cells: [], rows: [], lanes: [] };
  let y = 0;
  for (const [number, lane] of lanes.entries()) {
    const rect = label > 0 ? { x: 0, y, width, height: label } : null;
    y += label;
    const begin = y;
    for (let at = 0; at < lane.ids.length; at += across) {
      const ids = lane.ids.slice(at, at + across);
      grid.rows.push({ lane: number, first: grid.ids.length, count: ids.length, y });
      ids.forEach((id, i) => {
        grid.ids.push(id);
        grid.cells.push({ x: i * (1 + gap), y, width: 1, height });
      });
      y += height + gap;
    }
    grid.lanes.push({ key: lane.key, label: lane.label, count: lane.ids.length, rect, height: Math.max(0, y - gap - begin) });
  }
  grid.size.height = grid.rows.length > 0 ? y - gap : height;
  return grid;
}

/** Return where in its cell a picture of this size goes: as large as fits, in the middle. A quarter turn swaps its sides.
 * @param {Grid} grid @param {Rect} cell @param {Size} picture @param {number} [rotation] */
export function pictureRect(grid, cell, picture, rotation = 0) {
  const known = picture.width > 0 && picture.height > 0;
  const upright = known ? picture.width / picture.height : grid.aspect;
  const aspect = rotation % 180 === 0 ? upright : 1 / upright;
  const room = cell.height - grid.strip;
  const width = Math.min(1, room * aspect);
  const height = width / aspect;
  return { x: cell.x + (1 - width) / 2, y: cell.y + (room - height) / 2, width, height };
}
