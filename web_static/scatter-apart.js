/**
 * Tiles of a scatter plot moved apart where they would cover each other. Pure; the same points give the same.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {{x: number, y: number}} Point
 */

import { clamp } from './camera.js';

const ROUNDS = { most: 60, least: 6, work: 150_000 }; // fewer where there are very many
const NEIGHBOURS_MOST = 24; // that a tile is pushed by in a round: where hundreds stand at one point they cover each other
const AWAY_MOST = 1.1; // of a tile's sides, that one stands from where it is to
const FULL = 1.3; // of the room: so many tiles cover each other wherever they stand
const GOLDEN = 2.399963; // radians: directions of those at one point, no two alike

/**
 * Return points moved apart, so that rectangles of one size around them cover each other less; each stays near where it was, and within
 * bounds.
 * @param {Point[]} points @param {Size} size @param {Rect} bounds of the points @param {number} gap that is kept where there is room, a share of the size @returns {Point[]}
 */
export function nudged(points, size, bounds, gap) {
  const [width, height] = [size.width * (1 + gap), size.height * (1 + gap)];
  const count = points.length;
  if (count * width * height > FULL * (bounds.width + width) * (bounds.height + height)) return points;
  const xs = Float64Array.from(points, ({ x }) => x);
  const ys = Float64Array.from(points, ({ y }) => y);
  const rounds = clamp(Math.round(ROUNDS.work / Math.max(1, count)), ROUNDS.least, ROUNDS.most);
  const [pushX, pushY] = [new Float64Array(count), new Float64Array(count)];
  for (let round = 0; round < rounds; round += 1) {
    pushX.fill(0);
    pushY.fill(0);
    const pushed = forPairs(xs, ys, width, height, (i, j, over, under) => {
      let [dx, dy] = [xs[j] - xs[i], ys[j] - ys[i]];
      if (dx === 0 && dy === 0) [dx, dy] = [Math.cos(GOLDEN * (i + j)), Math.sin(GOLDEN * (i + j))];
      // Along the side on which less is to go.
      if (over / width <= under / height ? dx !== 0 : dy === 0) {
        const by = (Math.sign(dx) * over) / 4;
        pushX[i] -= by;
        pushX[j] += by;
      } else {
        const by = (Math.sign(dy) * under) / 4;
        pushY[i] -= by;
        pushY[j] += by;
      }
    });
    if (pushed === 0) break;
    for (let i = 0; i < count; i += 1) {
      const { x, y } = points[i];
      xs[i] = clamp(clamp(xs[i] + pushX[i], x - AWAY_MOST * width, x + AWAY_MOST * width), bounds.x, bounds.x + bounds.width);
      ys[i] = clamp(clamp(ys[i] + pushY[i], y - AWAY_MOST * height, y + AWAY_MOST * height), bounds.y, bounds.y + bounds.height);
    }
  }
  return points.map((_, i) => ({ x: xs[i], y: ys[i] }));
}

/** Return the share of rectangles of one size around these points that others cover. @param {Point[]} points @param {Size} size */
export function covered(points, { width, height }) {
  let area = 0;
  forPairs(Float64Array.from(points, ({ x }) => x), Float64Array.from(points, ({ y }) => y), width, height, (_i, _j, over, under) => {
    area += over * under;
  });
  return area / Math.max(1, points.length * width * height);
}

/**
 * Visit pairs of points whose rectangles cover each other, each once, for each point the first; return how many they were.
 * @param {Float64Array} xs @param {Float64Array} ys @param {number} width @param {number} height
 * @param {(i: number, j: number, over: number, under: number) => void} visit by how much they do, across and down
 */
function forPairs(xs, ys, width, height, visit) {
  const count = xs.length;
  if (count < 2) return 0;
  // Points by the cell of a grid that they are in, in their order: whatever is covered is in the cells around.
  const [left, top] = [Math.min(...ends(xs)), Math.min(...ends(ys))];
  const columns = Math.floor((Math.max(...ends(xs)) - left) / width) + 3;
  const rows = Math.floor((Math.max(...ends(ys)) - top) / height) + 3;
  const cells = new Int32Array(count);
  const begins = new Int32Array(columns * rows + 1);
  for (let i = 0; i < count; i += 1) {
    cells[i] = (Math.floor((ys[i] - top) / height) + 1) * columns + Math.floor((xs[i] - left) / width) + 1;
    begins[cells[i] + 1] += 1;
  }
  for (let cell = 0; cell < columns * rows; cell += 1) begins[cell + 1] += begins[cell];
  const at = begins.slice();
  const sorted = new Int32Array(count);
  for (let i = 0; i < count; i += 1) sorted[at[cells[i]]++] = i;
  let found = 0;
  for (let i = 0; i < count; i += 1) {
    let seen = 0;
    for (let row = -1; row <= 1 && seen < NEIGHBOURS_MOST; row += 1) {
      const begin = begins[cells[i] + row * columns - 1];
      const end = begins[cells[i] + row * columns + 2];
      for (let place = begin; place < end && seen < NEIGHBOURS_MOST; place += 1) {
        const j = sorted[place];
        if (j <= i) continue;
        const over = width - Math.abs(xs[j] - xs[i]);
        const under = height - Math.abs(ys[j] - ys[i]);
        if (over <= 1e-9 || under <= 1e-9) continue;
        visit(i, j, over, under);
        seen += 1;
      }
    }
    found += seen;
  }
  return found;
}

/** Return the least and the greatest of numbers. @param {Float64Array} numbers */
function ends(numbers) {
  let [least, most] = [Infinity, -Infinity];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  return [least, most];
}
