import assert from 'node:assert/strict';
import test from 'node:test';

import { addressOf, pathOf } from '../../web_static/qr.js';
import { neighbourOf, zoomOf } from '../../web_static/zoom-order.js';

test('one zooms on the selection as it stands on the wall, else on the tile in focus', () => {
  assert.deepEqual(zoomOf([4, 3, 2, 1], new Set([1, 3]), 2), [3, 1]);
  assert.deepEqual(zoomOf([4, 3, 2, 1], new Set(), 2), [2]);
  assert.deepEqual(zoomOf([4, 3], new Set([9]), 9), []);
});

test('the neighbour is the next one of the wall, and none at its ends', () => {
  assert.equal(neighbourOf([4, 3, 2], 3, 1), 2);
  assert.equal(neighbourOf([4, 3, 2], 3, -1), 4);
  assert.equal(neighbourOf([4, 3, 2], 2, 1), null);
  assert.equal(neighbourOf([4, 3, 2], 4, -1), null);
  assert.equal(neighbourOf([4, 3, 2], 9, 1), null);
});

test('the address in a code opens the wall on the tile, and holds nothing else', () => {
  assert.equal(addressOf('http://wall:8000/hub/?x#s=main&view=1', 's-1', 12), 'http://wall:8000/hub/?x#s=s-1&tile=12');
});

test('a code’s dark modules become one path, with the light margin around', () => {
  assert.equal(pathOf(['110', '001']), 'M4 4h2v1h-2zM6 5h1v1h-1z');
});
