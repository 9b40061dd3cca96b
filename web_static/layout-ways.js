/**
 * Ways over the wall's grid: what is at a point, where a key leads, where a drag would insert, what a rectangle touches. Pure.
 *
 * @typedef {import('./layout.js').Grid} Grid
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {{before: number|null, lane: string, line: Rect}} Position
 *   where tiles would be inserted: before this one, or at the end of the lane (by its key); line: where that is shown, in wall units
 */

import { clamp } from './camera.js';
import { cellOver, nearestThatWay } from './scatter-ways.js';

/** Return the ids of the rows as they stand, from top to bottom, those of all lanes. @param {Pick<Grid, 'rows'|'ids'>} grid @returns {number[][]} */
export const rowsOf = ({ rows, ids }) => rows.map(({ first, count }) => ids.slice(first, first + count));

/** Return the number of the last row that begins at or above `y`, -1 above all. @param {Grid} grid @param {number} y */
function rowAt({ rows }, y) {
  let [low, high] = [-1, rows.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (rows[middle].y <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Return the position of the cell at a point of the wall and whether it is its title, or null between cells. @param {Grid} grid @param {{x: number, y: number}} point */
export function cellAt(grid, { x, y }) {
  if (grid.axes) return cellOver(grid, { x, y });
  const row = grid.rows[rowAt(grid, y)];
  const column = Math.floor(x / (1 + grid.gap));
  if (!row || column < 0 || column >= row.count) return null;
  const position = row.first + column;
  const cell = grid.cells[position];
  if (x > cell.x + 1 || y > cell.y + cell.height) return null;
  return { position, onTitle: y > cell.y + cell.height - grid.strip };
}

/** Return the positions of the cells that a rectangle touches. @param {Grid} grid @param {Rect} rect in wall units @returns {number[]} */
export function cellsIn({ cells }, { x, y, width, height }) {
  return cells.flatMap((cell, position) => (cell.x < x + width && cell.x + cell.width > x && cell.y < y + height && cell.y + cell.height > y ? [position] : []));
}

/**
 * Return how far the tile nearest to a point was carried from one grid to another in which it still is.
 * @param {Grid} before @param {Grid} after @param {{x: number, y: number}} point of the first one @returns {{x: number, y: number}}
 */
export function carriedFrom(before, after, { x, y }) {
  const places = new Map(after.ids.map((id, position) => [id, after.cells[position]]));
  let [least, carried] = [Infinity, { x: 0, y: 0 }];
  before.ids.forEach((id, position) => {
    const [from, to] = [before.cells[position], places.get(id)];
    const away = Math.hypot(from.x + from.width / 2 - x, from.y + from.height / 2 - y);
    if (to && away < least) [least, carried] = [away, { x: to.x - from.x, y: to.y - from.y }];
  });
  return carried;
}

/**
 * Return where what is dropped at a point would be inserted: between the two nearest tiles of the nearest row. Null on an empty wall,
 * and in a scatter plot, where values say where tiles stand.
 * @param {Grid} grid @param {{x: number, y: number}} point @returns {Position|null}
 */
export function positionAt(grid, { x, y }) {
  if (grid.rows.length === 0 || grid.axes) return null;
  const height = grid.cells[0].height;
  const at = Math.max(0, rowAt(grid, y));
  const below = grid.rows[at + 1];
  const nearer = below !== undefined && y - (grid.rows[at].y + height) > below.y - y;
  const row = grid.rows[nearer ? at + 1 : at];
  const column = clamp(Math.floor(x / (1 + grid.gap) + 0.5), 0, row.count);
  const position = row.first + column;
  const lane = grid.lanes[row.lane];
  const follows = grid.rows[grid.rows.indexOf(row) + 1]?.lane === row.lane;
  const before = column < row.count || follows ? grid.ids[position] : null;
  return { before, lane: lane.key, line: { x: column * (1 + grid.gap) - grid.gap / 2, y: row.y, width: 0, height } };
}

/**
 * Return the position that `key` (an arrow, Home, End, PageUp, PageDown) leads to from `position`.
 * At an edge the focus stays; up or down into a row that is too short goes to its end.
 * @param {Grid} grid @param {number} position @param {string} key
 */
export function moveFocus(grid, position, key) {
  if (grid.axes) return nearestThatWay(grid, position, key);
  const { rows } = grid;
  const at = rows.findIndex(({ first, count }) => position >= first && position < first + count);
  if (at < 0) return position;
  const row = rows[at];
  const within = (/** @type {number} */ number) => {
    const { first, count } = rows[clamp(number, 0, rows.length - 1)];
    return first + Math.min(position - row.first, count - 1);
  };
  switch (key) {
    case 'ArrowLeft':
      return Math.max(position - 1, row.first);
    case 'ArrowRight':
      return Math.min(position + 1, row.first + row.count - 1);
    case 'ArrowUp':
      return at > 0 ? within(at - 1) : position;
    case 'ArrowDown':
      return at < rows.length - 1 ? within(at + 1) : position;
    case 'Home':
      return 0;
    case 'End':
      return grid.ids.length - 1;
    case 'PageUp':
      return within(0);
    case 'PageDown':
      return within(rows.length - 1);
    default:
      return position;
  }
}
