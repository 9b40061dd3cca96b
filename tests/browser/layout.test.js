import assert from 'node:assert/strict';
import test from 'node:test';

import { bestColumns, cellAt, cellRect, commonAspect, gain, makeGrid, moveFocus, pictureRect } from '../../web_static/layout.js';

const view = { width: 1600, height: 950 };
const apart = (a, b) => a.x + a.width <= b.x + 1e-9 || b.x + b.width <= a.x + 1e-9 || a.y + a.height <= b.y + 1e-9 || b.y + b.height <= a.y + 1e-9;

test('cells never overlap and all lie within the wall', () => {
  for (const [count, columns] of [[1, 1], [7, 3], [16, 4], [64, 11], [5, 20]]) {
    const grid = makeGrid(count, columns, 4 / 3, view);
    const cells = Array.from({ length: count }, (_, i) => cellRect(grid, i));
    for (const [i, cell] of cells.entries()) {
      assert.ok(cell.x + cell.width <= grid.size.width + 1e-9 && cell.y + cell.height <= grid.size.height + 1e-9);
      for (const other of cells.slice(i + 1)) assert.ok(apart(cell, other));
    }
  }
});

test('the columns chosen show tiles about as large as any other choice would', () => {
  for (const count of [1, 2, 3, 9, 16, 64, 200, 1024]) {
    const best = bestColumns(count, 4 / 3, view);
    for (let columns = 1; columns <= count; columns += 1) assert.ok(gain(columns, best, count, 4 / 3, view) < 1.18, `${columns} columns for ${count}`);
  }
});

test('a tall view gets fewer columns than a wide one, and nothing is no reason to fail', () => {
  assert.ok(bestColumns(16, 4 / 3, { width: 400, height: 800 }) < bestColumns(16, 4 / 3, { width: 1600, height: 400 }));
  assert.equal(bestColumns(0, 4 / 3, view), 1);
  assert.equal(makeGrid(0, 4, 4 / 3, { width: 0, height: 0 }).columns, 1);
});

test('on a wall of very many, pictures come before titles', () => {
  const grid = makeGrid(1024, bestColumns(1024, 4 / 3, view), 4 / 3, view);
  assert.ok(grid.strip <= 0.22 + 1e-9);
  assert.ok(grid.gap <= 0.08 + 1e-9);
});

test('a point finds its cell, its title, or nothing between cells', () => {
  const grid = makeGrid(7, 3, 4 / 3, view);
  for (let position = 0; position < 7; position += 1) {
    const { x, y, width, height } = cellRect(grid, position);
    assert.deepEqual(cellAt(grid, 7, { x: x + width / 2, y: y + 0.1 }), { position, onTitle: false });
    assert.deepEqual(cellAt(grid, 7, { x: x + width / 2, y: y + height - grid.strip / 2 }), { position, onTitle: true });
    assert.equal(cellAt(grid, 7, { x: x + width + grid.gap / 2, y: y + 0.1 }), null);
  }
  const missing = cellRect(grid, 7);
  assert.equal(cellAt(grid, 7, { x: missing.x + 0.5, y: missing.y + 0.1 }), null);
  assert.equal(cellAt(grid, 7, { x: -0.1, y: 0.1 }), null);
});

test('a picture keeps its own ratio within its cell, above the title', () => {
  const grid = makeGrid(2, 2, 4 / 3, view);
  const cell = cellRect(grid, 1);
  for (const size of [{ width: 640, height: 480 }, { width: 1920, height: 400 }, { width: 300, height: 900 }]) {
    const picture = pictureRect(grid, cell, size);
    assert.ok(Math.abs(picture.width / picture.height - size.width / size.height) < 1e-9);
    assert.ok(picture.x >= cell.x - 1e-9 && picture.x + picture.width <= cell.x + cell.width + 1e-9);
    assert.ok(picture.y >= cell.y - 1e-9 && picture.y + picture.height <= cell.y + cell.height - grid.strip + 1e-9);
  }
});

test('the wall takes the ratio that most tiles have', () => {
  const tiles = [{ width: 640, height: 480 }, { width: 1920, height: 1080 }, { width: 1280, height: 720 }];
  assert.equal(commonAspect(tiles), 1920 / 1080);
  assert.equal(commonAspect([]), 4 / 3);
  assert.equal(commonAspect([{ width: 0, height: 0 }]), 4 / 3);
});

test('arrows move the focus and stop at the edges', () => {
  // 0 1 2
  // 3 4 5
  // 6
  const go = (position, key) => moveFocus(3, 7, position, key);
  assert.equal(go(4, 'ArrowLeft'), 3);
  assert.equal(go(3, 'ArrowLeft'), 3);
  assert.equal(go(2, 'ArrowRight'), 2);
  assert.equal(go(6, 'ArrowRight'), 6);
  assert.equal(go(4, 'ArrowUp'), 1);
  assert.equal(go(1, 'ArrowUp'), 1);
  assert.equal(go(3, 'ArrowDown'), 6);
  assert.equal(go(5, 'ArrowDown'), 6);
  assert.equal(go(6, 'ArrowDown'), 6);
  assert.equal(go(5, 'Home'), 0);
  assert.equal(go(0, 'End'), 6);
  assert.equal(go(5, 'PageUp'), 2);
  assert.equal(go(1, 'PageDown'), 6);
  assert.equal(go(4, 'x'), 4);
});
