import assert from 'node:assert/strict';
import test from 'node:test';

import { makeGrid } from '../../web_static/layout.js';
import { carriedFrom, cellAt, cellsIn, moveFocus, positionAt, rowsOf } from '../../web_static/layout-ways.js';

const view = { width: 1600, height: 950 };
const lane = (key, ...ids) => ({ key, label: key, ids });
// 1 2 3
// 4 5 6
// 7
const plain = makeGrid([lane('', 1, 2, 3, 4, 5, 6, 7)], 3, 4 / 3, view);
// a: 1 2 3
//    4
// b: 5 6
const laned = makeGrid([lane('a', 1, 2, 3, 4), lane('b', 5, 6)], 3, 4 / 3, view);

test('a point finds its cell, its title, or nothing between cells', () => {
  for (const grid of [plain, laned]) {
    for (const [position, { x, y, width, height }] of grid.cells.entries()) {
      assert.deepEqual(cellAt(grid, { x: x + width / 2, y: y + 0.1 }), { position, onTitle: false });
      assert.deepEqual(cellAt(grid, { x: x + width / 2, y: y + height - grid.strip / 2 }), { position, onTitle: true });
      assert.equal(cellAt(grid, { x: x + width + grid.gap / 2, y: y + 0.1 }), null);
    }
    assert.equal(cellAt(grid, { x: -0.1, y: 0.1 }), null);
    assert.equal(cellAt(grid, { x: 0.5, y: -0.1 }), null);
    assert.equal(cellAt(grid, { x: 0.5, y: grid.size.height + 0.1 }), null);
  }
  assert.equal(cellAt(plain, { x: 1.5, y: plain.rows[2].y + 0.1 }), null);
  assert.equal(cellAt(laned, { x: 0.5, y: laned.lanes[1].rect.y + laned.lanes[1].rect.height / 2 }), null);
});

test('a rectangle touches the cells that it overlaps, of all lanes', () => {
  const [first, , , , , sixth] = laned.cells;
  assert.deepEqual(cellsIn(laned, { x: first.x + 0.5, y: first.y + 0.5, width: 0.1, height: 0.1 }), [0]);
  assert.deepEqual(cellsIn(laned, { x: -1, y: -1, width: sixth.x + 1.5, height: sixth.y + 1.5 }), [0, 1, 3, 4, 5]);
  assert.deepEqual(cellsIn(laned, { x: -1, y: -1, width: 0.5, height: 0.5 }), []);
});

test('rows are those that one sees', () => {
  assert.deepEqual(rowsOf(plain), [[1, 2, 3], [4, 5, 6], [7]]);
  assert.deepEqual(rowsOf(laned), [[1, 2, 3], [4], [5, 6]]);
});

test('the tile nearest to a point says how far the wall was carried from under it; if it went, the next one that is still there', () => {
  const middle = (id) => ({ x: plain.cells[plain.ids.indexOf(id)].x + 0.5, y: plain.cells[plain.ids.indexOf(id)].y + 0.5 });
  const at = (grid, id) => grid.cells[grid.ids.indexOf(id)];
  const far = (grid, id) => ({ x: at(grid, id).x - at(plain, id).x, y: at(grid, id).y - at(plain, id).y });
  const turned = makeGrid([lane('', 7, 6, 5, 4, 3, 2, 1)], 2, 4 / 3, view);
  assert.deepEqual(carriedFrom(plain, turned, middle(2)), far(turned, 2));
  const without = makeGrid([lane('', 1, 3, 4, 6, 7)], 3, 4 / 3, view);
  const beside = { ...middle(5), x: middle(5).x + 0.1 };
  assert.deepEqual(carriedFrom(plain, without, beside), far(without, 6));
  assert.deepEqual(carriedFrom(plain, makeGrid([], 1, 1, view), middle(2)), { x: 0, y: 0 });
});

test('what is dropped is inserted between the two nearest tiles, in the lane where it is dropped', () => {
  const at = (grid, id, dx, dy = 0.3) => {
    const { x, y } = grid.cells[grid.ids.indexOf(id)];
    const { before, lane: key } = positionAt(grid, { x: x + dx, y: y + dy });
    return [before, key];
  };
  assert.deepEqual(at(plain, 5, 0.2), [5, '']);
  assert.deepEqual(at(plain, 5, 0.8), [6, '']);
  assert.deepEqual(at(plain, 3, 5), [4, '']); // right of a row that goes on
  assert.deepEqual(at(plain, 7, 0.8), [null, '']);
  assert.deepEqual(at(laned, 4, 0.9), [null, 'a']);
  assert.deepEqual(at(laned, 5, 0.1), [5, 'b']);
  assert.deepEqual(at(laned, 6, 9, 9), [null, 'b']);
  assert.deepEqual(at(laned, 1, -9, -9), [1, 'a']);
  assert.equal(positionAt(makeGrid([], 1, 1, view), { x: 0, y: 0 }), null);
});

test('where it would be inserted is shown as a line in the gap', () => {
  const { x, y, height } = plain.cells[4];
  assert.deepEqual(positionAt(plain, { x, y: y + 0.1 }).line, { x: x - plain.gap / 2, y, width: 0, height });
  const end = plain.cells[2];
  assert.ok(Math.abs(positionAt(plain, { x: 9, y: 0.1 }).line.x - (end.x + 1 + plain.gap / 2)) < 1e-9);
});

test('arrows move the focus and stop at the edges', () => {
  const go = (id, key) => plain.ids[moveFocus(plain, plain.ids.indexOf(id), key)];
  assert.equal(go(5, 'ArrowLeft'), 4);
  assert.equal(go(4, 'ArrowLeft'), 4);
  assert.equal(go(3, 'ArrowRight'), 3);
  assert.equal(go(7, 'ArrowRight'), 7);
  assert.equal(go(5, 'ArrowUp'), 2);
  assert.equal(go(2, 'ArrowUp'), 2);
  assert.equal(go(4, 'ArrowDown'), 7);
  assert.equal(go(6, 'ArrowDown'), 7);
  assert.equal(go(7, 'ArrowDown'), 7);
  assert.equal(go(6, 'Home'), 1);
  assert.equal(go(1, 'End'), 7);
  assert.equal(go(6, 'PageUp'), 3);
  assert.equal(go(2, 'PageDown'), 7);
  assert.equal(go(5, 'x'), 5);
});

test('arrows lead from lane to lane, and into a row that is too short at its end', () => {
  const go = (id, key) => laned.ids[moveFocus(laned, laned.ids.indexOf(id), key)];
  assert.deepEqual(['ArrowDown', 'ArrowUp'].map((key) => go(4, key)), [5, 1]);
  assert.equal(go(3, 'ArrowDown'), 4);
  assert.equal(go(6, 'ArrowUp'), 4);
  assert.equal(go(6, 'ArrowRight'), 6);
  assert.equal(go(5, 'ArrowLeft'), 5);
});
