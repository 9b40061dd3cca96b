/**
 * Ways over the wall while it is a scatter plot, where tiles may cover each other: what is at a point, where a key leads. Pure.
 *
 * @typedef {import('./layout.js').Grid} Grid
 * @typedef {import('./camera.js').Rect} Rect
 */

const ASIDE = 2.2; // what a way aside costs, in units of the way along

/** Return the position of the uppermost cell at a point of the wall and whether it is its title, or null. @param {Pick<Grid, 'cells'|'strip'>} grid @param {{x: number, y: number}} point */
export function cellOver({ cells, strip }, { x, y }) {
  const position = cells.findLastIndex((cell) => x >= cell.x && x <= cell.x + cell.width && y >= cell.y && y <= cell.y + cell.height);
  return position < 0 ? null : { position, onTitle: y > cells[position].y + cells[position].height - strip };
}

/** @type {Record<string, (dx: number, dy: number) => [number, number]>} the way along and aside of each arrow */
const WAYS = {
  ArrowLeft: (dx, dy) => [-dx, dy],
  ArrowRight: (dx, dy) => [dx, dy],
  ArrowUp: (dx, dy) => [-dy, dx],
  ArrowDown: (dx, dy) => [dy, dx],
};

/** Return the position that `key` leads to: with an arrow the nearest that way, with others the ends of the wall. @param {Pick<Grid, 'cells'>} grid @param {number} position @param {string} key */
export function nearestThatWay({ cells }, position, key) {
  if (key === 'Home') return 0;
  if (key === 'End') return cells.length - 1;
  if (key === 'PageUp') return extreme(cells, (cell) => -cell.y);
  if (key === 'PageDown') return extreme(cells, (cell) => cell.y);
  const way = WAYS[key];
  const from = cells[position];
  if (!way || !from) return position;
  let [best, least] = [position, Infinity];
  cells.forEach((cell, at) => {
    const [along, aside] = way(cell.x - from.x, cell.y - from.y);
    // Of those at one point the next one is next, so that each can be come to.
    const next = at !== position && cell.x === from.x && cell.y === from.y && at > position === (key === 'ArrowRight' || key === 'ArrowDown');
    if (!next && along <= 1e-9) return;
    const cost = next ? Math.abs(at - position) * 1e-6 : along + ASIDE * Math.abs(aside);
    if (cost < least) [best, least] = [at, cost];
  });
  return best;
}

/** @param {Rect[]} cells @param {(cell: Rect) => number} of */
const extreme = (cells, of) => cells.reduce((best, cell, at) => (of(cell) > of(cells[best]) ? at : best), 0);
