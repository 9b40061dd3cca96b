import assert from 'node:assert/strict';
import test from 'node:test';

import { demandOf, inView, sameDemand } from '../../web_static/demand.js';

const view = { width: 1000, height: 800 };
const native = { width: 640, height: 480 };
const shown = (id, x, y, width = 320, wanted = true) => ({ id, wanted, rect: { x, y, width, height: width * 0.75 }, native });

test('the size asked for is the size shown, in device pixels', () => {
  assert.deepEqual(demandOf([shown(1, 0, 0, 160)], view, 1), [[1, 160, 120, 2]]);
  assert.deepEqual(demandOf([shown(1, 0, 0, 160)], view, 2), [[1, 320, 240, 2]]);
});

test('of a tile that stands turned, what is asked for is upright', () => {
  const turned = { id: 1, wanted: true, rect: { x: 0, y: 0, width: 120, height: 160 }, native, rotation: 90 };
  assert.deepEqual(demandOf([turned], view, 1), [[1, 160, 120, 2]]);
});

test('never more is asked for than the display has, so zooming closer changes nothing', () => {
  const close = demandOf([shown(1, -3000, -2000, 8000)], view, 2);
  assert.deepEqual(close, [[1, 640, 480, 1]]);
  assert.ok(sameDemand(close, demandOf([shown(1, -4000, -3000, 12000)], view, 2)));
});

test('what is off the screen or not wanted is not asked for', () => {
  const tiles = [shown(1, -321, 0), shown(2, 1000, 0), shown(3, 0, 801), shown(4, 10, 10, 320, false), shown(5, -319, 0)];
  assert.deepEqual(demandOf(tiles, view, 1), [[5, 320, 240, 3]]);
});

test('the most urgent comes first: the nearest to the middle', () => {
  const tiles = [shown(1, 0, 0), shown(2, 340, 280), shown(3, 340, 0)];
  assert.deepEqual(demandOf(tiles, view, 1).map(([id]) => id), [2, 3, 1]);
});

test('what somebody works in is most urgent, then what is looked at, then what is near the middle', () => {
  const tiles = [shown(1, 0, 0, 40), { ...shown(2, 900, 700, 40), attention: 'worked' }, { ...shown(3, 0, 700, 40), attention: 'looked' }, shown(4, 480, 380, 40), shown(5, 100, 370, 40)];
  const urgencies = demandOf(tiles, view, 1).map(([id, , , urgency]) => [id, urgency]);
  assert.deepEqual(urgencies, [[2, 0], [4, 1], [3, 1], [5, 2], [1, 3]]);
});

test('a tile that covers the middle is near it, wherever its own middle is', () => {
  assert.deepEqual(demandOf([shown(1, 490, 390, 600)], view, 1), [[1, 600, 450, 1]]);
});

test('a tile too small for a pixel is still asked for at one', () => {
  assert.deepEqual(demandOf([shown(1, 5, 5, 0.2)], view, 1), [[1, 1, 1, 3]]);
});

test('two demands are the same in whatever order, and differ by any size, tile or urgency', () => {
  assert.ok(sameDemand([[1, 2, 3, 0], [4, 5, 6, 1]], [[4, 5, 6, 1], [1, 2, 3, 0]]));
  assert.ok(!sameDemand([[1, 2, 3, 0]], [[1, 2, 4, 0]]));
  assert.ok(!sameDemand([[1, 2, 3, 0]], [[2, 2, 3, 0]]));
  assert.ok(!sameDemand([[1, 2, 3, 0]], [[1, 2, 3, 1]]));
  assert.ok(!sameDemand([[1, 2, 3, 0]], []));
});

test('a rectangle that only touches the edge is not in view', () => {
  assert.ok(!inView({ x: -10, y: 0, width: 10, height: 10 }, view));
  assert.ok(inView({ x: -10, y: 0, width: 11, height: 10 }, view));
});
