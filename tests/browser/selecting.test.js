import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pushAt } from '../../web_static/marquee.js';
import { byTag, others, toggled, upTo, wholeColumns, wholeLanes, wholeRows } from '../../web_static/selecting.js';

const LANES = [{ ids: [1, 2, 3, 4, 5] }, { ids: [6, 7] }];
const ROWS = [[1, 2, 3], [4, 5], [6, 7]];

test('a tile is selected, and no longer', () => {
  assert.deepEqual(toggled(new Set([1]), 2), [1, 2]);
  assert.deepEqual(toggled(new Set([1, 2]), 1), [2]);
});

test('a range goes from the last tile to this one, either way; without a last one it is this one', () => {
  const order = [5, 4, 3, 2, 1];
  assert.deepEqual(upTo(order, 4, 2), [4, 3, 2]);
  assert.deepEqual(upTo(order, 2, 4), [4, 3, 2]);
  assert.deepEqual(upTo(order, null, 3), [3]);
  assert.deepEqual(upTo(order, 99, 3), [3]);
});

test('whole rows, columns and lanes are selected by the tiles in them, and the others by who is not', () => {
  assert.deepEqual(wholeRows(ROWS, [5]), [4, 5]);
  assert.deepEqual(wholeRows(ROWS, [1, 7]), [1, 2, 3, 6, 7]);
  assert.deepEqual(wholeColumns(ROWS, [5]), [2, 5, 7]);
  assert.deepEqual(wholeColumns(ROWS, [3]), [3]);
  assert.deepEqual(wholeLanes(LANES, [7]), [6, 7]);
  assert.deepEqual(others([1, 2, 3], new Set([2])), [1, 3]);
});

test('tags are listed by how many tiles have them', () => {
  const tiles = [{ id: 1, tags: ['a'] }, { id: 2, tags: ['b', 'a'] }, { id: 3, tags: ['c'] }];
  assert.deepEqual(byTag(tiles, ({ tags }) => tags), [['a', [1, 2]], ['b', [2]], ['c', [3]]]);
});

test('what is carried to an edge moves the view only where there is more of the wall', () => {
  const stage = { width: 800, height: 600 };
  const wall = { width: 10, height: 40 };
  const sight = { x: 0, y: 5, width: 10, height: 7.5 };
  const ways = (/** @type {number} */ x, /** @type {number} */ y, more = {}) => {
    const push = pushAt({ x, y }, stage, { ...sight, ...more }, wall);
    return [Math.sign(push.x), Math.sign(push.y)];
  };
  assert.deepEqual(ways(400, 300), [0, 0]);
  assert.deepEqual(ways(400, 10), [0, 1]);
  assert.deepEqual(ways(5, 595), [0, -1], 'all of its width is in sight');
  assert.deepEqual(ways(400, 10, { y: 0 }), [0, 0]);
  assert.deepEqual(ways(400, 595, { y: 32.5 }), [0, 0]);
});
