import assert from 'node:assert/strict';
import test from 'node:test';

import { turnInto, uprightAt } from '../../web_static/wall-turn.js';

const box = { x: 10, y: 20, width: 300, height: 200 };
const ROTATIONS = /** @type {const} */ ([0, 90, 180, 270]);

test('what is drawn upright fills its box, in whole pixels, however it is turned', () => {
  for (const rotation of ROTATIONS) {
    const { matrix: [a, b, c, d, e, f], width, height } = turnInto(box, rotation);
    const corners = [[0, 0], [width, 0], [0, height], [width, height]].map(([x, y]) => [a * x + c * y + e, b * x + d * y + f]);
    assert.deepEqual(corners.map(String).sort(), [[10, 20], [310, 20], [10, 220], [310, 220]].map(String).sort());
    assert.ok([a, b, c, d].every(Number.isInteger));
  }
});

test('a quarter turn is clockwise: what was above is to the right', () => {
  const { matrix: [a, b, c, d, e, f], width } = turnInto(box, 90);
  const [x, y] = [width / 2, 0]; // the middle of the upper edge
  assert.deepEqual([a * x + c * y + e, b * x + d * y + f], [310, 120]);
});

test('a point over a turned picture finds the place of the display that is shown there', () => {
  for (const rotation of ROTATIONS) {
    const { matrix: [a, b, c, d, e, f], width, height } = turnInto(box, rotation);
    for (const [u, v] of [[0.1, 0.2], [0.5, 0.9]]) {
      const [x, y] = [u * width, v * height];
      const at = [(a * x + c * y + e - box.x) / box.width, (b * x + d * y + f - box.y) / box.height];
      const [foundU, foundV] = uprightAt(at[0], at[1], rotation);
      assert.ok(Math.abs(foundU - u) < 1e-9 && Math.abs(foundV - v) < 1e-9);
    }
  }
});
