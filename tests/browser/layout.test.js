import assert from 'node:assert/strict';
import test from 'node:test';

import { bestColumns, commonAspect, gain, makeGrid, pictureRect } from '../../web_static/layout.js';

const view = { width: 1600, height: 950 };
const apart = (a, b) => a.x + a.width <= b.x + 1e-9 || b.x + b.width <= a.x + 1e-9 || a.y + a.height <= b.y + 1e-9 || b.y + b.height <= a.y + 1e-9;
const within = (rect, size) => rect.x >= -1e-9 && rect.y >= -1e-9 && rect.x + rect.width <= size.width + 1e-9 && rect.y + rect.height <= size.height + 1e-9;

/** Lanes of so many tiles each, with ids from 1 on. */
function lanesOf(...counts) {
  let id = 0;
  return counts.map((count, i) => ({ key: `k${i}`, label: counts.length > 1 ? `lane ${i}` : '', ids: Array.from({ length: count }, () => (id += 1)) }));
}

test('cells never overlap, nor labels, and all lie within the wall', () => {
  for (const [lanes, columns] of [[lanesOf(1), 1], [lanesOf(7), 3], [lanesOf(64), 11], [lanesOf(5), 20], [lanesOf(5, 1, 12), 4], [lanesOf(3, 0, 2), 2]]) {
    const grid = makeGrid(lanes, columns, 4 / 3, view);
    const rects = [...grid.cells, ...grid.lanes.flatMap(({ rect }) => rect ?? [])];
    assert.equal(grid.cells.length, lanes.flatMap(({ ids }) => ids).length);
    for (const [i, rect] of rects.entries()) {
      assert.ok(within(rect, grid.size));
      for (const other of rects.slice(i + 1)) assert.ok(apart(rect, other));
    }
  }
});

test('each lane begins a row of its own below its label, and one lane without a name has none', () => {
  const grid = makeGrid(lanesOf(5, 1, 4), 3, 4 / 3, view);
  assert.deepEqual(grid.rows.map(({ lane, first, count }) => [lane, first, count]), [[0, 0, 3], [0, 3, 2], [1, 5, 1], [2, 6, 3], [2, 9, 1]]);
  for (const { lane, y } of grid.rows) assert.ok(y >= grid.lanes[lane].rect.y + grid.lanes[lane].rect.height - 1e-9);
  assert.deepEqual(grid.lanes.map(({ label, count }) => [label, count]), [['lane 0', 5], ['lane 1', 1], ['lane 2', 4]]);
  assert.equal(makeGrid(lanesOf(5), 3, 4 / 3, view).lanes[0].rect, null);
  assert.ok(makeGrid([{ key: 'a', label: 'alone', ids: [1] }], 3, 4 / 3, view).lanes[0].rect);
});

test('the whole wall, labels and all, fits the view at the size for which it was made', () => {
  for (const lanes of [lanesOf(64), lanesOf(16, 16, 16, 16), lanesOf(1000, 20, 4), lanesOf(...Array(24).fill(1))]) {
    const columns = bestColumns(lanes, 4 / 3, view);
    const { size } = makeGrid(lanes, columns, 4 / 3, view);
    const scale = Math.min((view.width - 40) / size.width, (view.height - 40) / size.height);
    assert.ok(scale > 20 && size.width * scale <= view.width && size.height * scale <= view.height);
  }
});

test('the columns chosen show tiles about as large as any other choice would', () => {
  for (const lanes of [1, 2, 3, 9, 16, 64, 200, 1024].map((count) => lanesOf(count)).concat([lanesOf(30, 4, 11)])) {
    const best = bestColumns(lanes, 4 / 3, view);
    for (let columns = 1; columns <= lanes[0].ids.length; columns += 1) assert.ok(gain(columns, best, lanes, 4 / 3, view) < 1.18, `${columns} columns for ${lanes[0].ids.length}`);
  }
});

test('a tall view gets fewer columns than a wide one, and nothing is no reason to fail', () => {
  assert.ok(bestColumns(lanesOf(16), 4 / 3, { width: 400, height: 800 }) < bestColumns(lanesOf(16), 4 / 3, { width: 1600, height: 400 }));
  assert.equal(bestColumns([], 4 / 3, view), 1);
  assert.equal(makeGrid([], 4, 4 / 3, { width: 0, height: 0 }).columns, 1);
  assert.deepEqual(makeGrid(lanesOf(0), 4, 4 / 3, view).cells, []);
});

test('on a wall of very many, pictures come before titles', () => {
  const lanes = lanesOf(1024);
  const grid = makeGrid(lanes, bestColumns(lanes, 4 / 3, view), 4 / 3, view);
  assert.ok(grid.strip <= 0.22 + 1e-9);
  assert.ok(grid.gap <= 0.08 + 1e-9);
});

test('gap and title are as people set them, on a wall of very many too, and none where they want none', () => {
  const pixels = (grid, length) => length * Math.min((view.width - 40) / grid.size.width, (view.height - 40) / grid.size.height);
  const few = makeGrid(lanesOf(4), 2, 4 / 3, view, { gap: 60, title: 40 });
  assert.ok(Math.abs(pixels(few, few.gap) - 60) < 1 && Math.abs(pixels(few, few.strip) - 40) < 1);
  const many = (wish) => makeGrid(lanesOf(1024), 40, 4 / 3, view, wish);
  assert.ok(many({ gap: 30 }).gap > many({}).gap * 2);
  assert.ok(many({ title: 60 }).strip > many({}).strip * 1.5);
  assert.deepEqual([many({ gap: 0 }).gap, many({ title: 0 }).strip], [0, 0]);
});

test('tiles of a width that was set take as many columns as fit side by side', () => {
  assert.equal(bestColumns(lanesOf(100), 4 / 3, view, { tile: 300 }), 5);
  assert.equal(bestColumns(lanesOf(3), 4 / 3, view, { tile: 300 }), 3);
  assert.equal(bestColumns(lanesOf(100), 4 / 3, view, { tile: 4000 }), 1);
  const grid = makeGrid(lanesOf(100), 5, 4 / 3, view, { tile: 300 });
  assert.ok(Math.abs(grid.gap * 300 - 14) < 1e-9 && Math.abs(grid.strip * 300 - 26) < 1e-9);
});

test('a picture keeps its own ratio within its cell, above the title, turned by a quarter too', () => {
  const grid = makeGrid(lanesOf(2), 2, 4 / 3, view);
  const cell = grid.cells[1];
  for (const size of [{ width: 640, height: 480 }, { width: 1920, height: 400 }, { width: 300, height: 900 }]) {
    for (const rotation of [0, 90, 180, 270]) {
      const picture = pictureRect(grid, cell, size, rotation);
      const aspect = rotation % 180 === 0 ? size.width / size.height : size.height / size.width;
      assert.ok(Math.abs(picture.width / picture.height - aspect) < 1e-9);
      assert.ok(picture.x >= cell.x - 1e-9 && picture.x + picture.width <= cell.x + cell.width + 1e-9);
      assert.ok(picture.y >= cell.y - 1e-9 && picture.y + picture.height <= cell.y + cell.height - grid.strip + 1e-9);
    }
  }
});

test('the wall takes the ratio that most tiles have', () => {
  const tiles = [{ width: 640, height: 480 }, { width: 1920, height: 1080 }, { width: 1280, height: 720 }];
  assert.equal(commonAspect(tiles), 1920 / 1080);
  assert.equal(commonAspect([]), 4 / 3);
  assert.equal(commonAspect([{ width: 0, height: 0 }]), 4 / 3);
});
