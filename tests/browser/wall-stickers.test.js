import assert from 'node:assert/strict';
import test from 'node:test';

import { SHAPE_COUNT, fitting, stickerPath, widthOf } from '../../web_static/wall-stickers.js';

test('stickers that have no room are counted', () => {
  assert.deepEqual(fitting(3, 10, widthOf(3, 10), 20), { drawn: 3, more: 0 });
  const { drawn, more } = fitting(9, 10, 60, 20);
  assert.ok(drawn > 0 && widthOf(drawn, 10) + 4 + 20 <= 60 + 1e-9);
  assert.equal(drawn + more, 9);
  assert.deepEqual(fitting(2, 10, 5, 20), { drawn: 0, more: 2 });
});

test('each shape is another one, and after the last comes the first again', () => {
  const pathOf = (shape) => {
    const steps = [];
    const step = (name) => (...at) => void steps.push([name, ...at]);
    stickerPath({ arc: step('arc'), moveTo: step('moveTo'), lineTo: step('lineTo'), closePath: step('closePath') }, shape, 0, 0, 1);
    return JSON.stringify(steps);
  };
  assert.equal(new Set(Array.from({ length: SHAPE_COUNT }, (_, i) => pathOf(i))).size, SHAPE_COUNT);
  assert.equal(pathOf(SHAPE_COUNT), pathOf(0));
});
