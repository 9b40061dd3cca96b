/**
 * The wall's grid: how many columns, which rectangle each tile gets, where the focus goes. Pure.
 *
 * Wall units: a cell is 1 wide; a cell is the picture with its title strip below.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {object} Grid
 * @property {number} columns
 * @property {number} rows
 * @property {number} aspect  a picture's width / height
 * @property {number} strip   height of the title strip, in wall units
 * @property {number} gap     between cells, in wall units
 * @property {Size} size      of the whole wall, in wall units
 */

const STRIP_PX = 26; // at the size at which the whole wall fits
const GAP_PX = 14;
const STRIP_MOST = 0.22; // of a tile's width: on a wall of very many, pictures come before titles
const GAP_MOST = 0.08;
const MARGIN_PX = 20;

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

/** Return the widths in CSS pixels of a tile, its strip and its gap when `columns` columns fill `view`. */
function sizesAt(
  /** @type {number} */ columns,
  /** @type {number} */ count,
  /** @type {number} */ aspect,
  /** @type {Size} */ view,
) {
  const rows = Math.max(1, Math.ceil(count / columns));
  const width = Math.max(view.width - 2 * MARGIN_PX, 50);
  const height = Math.max(view.height - 2 * MARGIN_PX, 50);
  // With strip and gap at their pixel sizes; where those would be too large a share, with the shares.
  let tile = Math.min((width + GAP_PX) / columns - GAP_PX, ((height + GAP_PX) / rows - GAP_PX - STRIP_PX) * aspect);
  if (tile * GAP_MOST < GAP_PX || tile * STRIP_MOST < STRIP_PX) {
    const across = columns + (columns - 1) * GAP_MOST;
    const down = rows * (1 / aspect + STRIP_MOST) + (rows - 1) * GAP_MOST;
    tile = Math.min(width / across, height / down);
  }
  return { tile, strip: Math.min(STRIP_PX, tile * STRIP_MOST), gap: Math.min(GAP_PX, tile * GAP_MOST) };
}

/** Return the number of columns with which `count` tiles are shown largest in `view` (fewest columns when equal). */
export function bestColumns(/** @type {number} */ count, /** @type {number} */ aspect, /** @type {Size} */ view) {
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const { tile } = sizesAt(columns, count, aspect, view);
    const empty = columns * Math.ceil(count / columns) - count;
    const worth = tile * (1 - 0.15 * (empty / Math.max(1, count))); // a full rectangle looks better
    if (worth > largest * 1.0001) [best, largest] = [columns, worth];
  }
  return best;
}

/** Return by how much larger tiles would be in `better` columns than in `columns`, as a factor. */
export function gain(
  /** @type {number} */ better,
  /** @type {number} */ columns,
  /** @type {number} */ count,
  /** @type {number} */ aspect,
  /** @type {Size} */ view,
) {
  return sizesAt(better, count, aspect, view).tile / sizesAt(columns, count, aspect, view).tile;
}

/** Return the grid of `count` tiles in `columns` columns, its strip and gap made for `view`. */
export function makeGrid(
  /** @type {number} */ count,
  /** @type {number} */ columns,
  /** @type {number} */ aspect,
  /** @type {Size} */ view,
) {
  const shown = Math.max(1, Math.min(columns, Math.max(1, count)));
  const rows = Math.max(1, Math.ceil(count / shown));
  const { tile, strip, gap } = sizesAt(shown, count, aspect, view);
  /** @type {Grid} */
  const grid = { columns: shown, rows, aspect, strip: strip / tile, gap: gap / tile, size: { width: 0, height: 0 } };
  grid.size = {
    width: shown + (shown - 1) * grid.gap,
    height: rows * (1 / aspect + grid.strip) + (rows - 1) * grid.gap,
  };
  return grid;
}

/** Return the cell at `position` (0, 1, … by rows) of the grid, strip included, in wall units. */
export function cellRect(/** @type {Grid} */ grid, /** @type {number} */ position) {
  const height = 1 / grid.aspect + grid.strip;
  return {
    x: (position % grid.columns) * (1 + grid.gap),
    y: Math.floor(position / grid.columns) * (height + grid.gap),
    width: 1,
    height,
  };
}

/** Return where in its cell a picture of this size goes: as large as fits, in the middle. */
export function pictureRect(/** @type {Grid} */ grid, /** @type {Rect} */ cell, /** @type {Size} */ picture) {
  const aspect = picture.width > 0 && picture.height > 0 ? picture.width / picture.height : grid.aspect;
  const room = cell.height - grid.strip;
  const width = Math.min(1, room * aspect);
  const height = width / aspect;
  return { x: cell.x + (1 - width) / 2, y: cell.y + (room - height) / 2, width, height };
}

/** Return the position of the cell at a point of the wall and whether it is its title, or null between cells. */
export function cellAt(
  /** @type {Grid} */ grid,
  /** @type {number} */ count,
  /** @type {{x: number, y: number}} */ point,
) {
  const column = Math.floor(point.x / (1 + grid.gap));
  const row = Math.floor(point.y / (1 / grid.aspect + grid.strip + grid.gap));
  const position = row * grid.columns + column;
  if (column < 0 || column >= grid.columns || row < 0 || position >= count) return null;
  const cell = cellRect(grid, position);
  if (point.x > cell.x + 1 || point.y > cell.y + cell.height) return null;
  return { position, onTitle: point.y > cell.y + cell.height - grid.strip };
}

/**
 * Return the position that `key` (an arrow, Home, End, PageUp, PageDown) leads to from `position`.
 * At an edge the focus stays; down into a last row that is too short goes to its end.
 */
export function moveFocus(
  /** @type {number} */ columns,
  /** @type {number} */ count,
  /** @type {number} */ position,
  /** @type {string} */ key,
) {
  const last = count - 1;
  const rowEnd = Math.min(position - (position % columns) + columns - 1, last);
  const inLastRow = Math.floor(position / columns) === Math.floor(last / columns);
  switch (key) {
    case 'ArrowLeft':
      return position % columns > 0 ? position - 1 : position;
    case 'ArrowRight':
      return Math.min(position + 1, rowEnd);
    case 'ArrowUp':
      return position >= columns ? position - columns : position;
    case 'ArrowDown':
      return inLastRow ? position : Math.min(position + columns, last);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'PageUp':
      return position % columns;
    case 'PageDown':
      return Math.min(last - (last % columns) + (position % columns), last);
    default:
      return position;
  }
}
