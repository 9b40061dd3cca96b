import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Turns } from '../../web_static/turns.js';

test('no more than a few are under way at once, and all are done', async () => {
  let [now, most] = [0, 0];
  /** @type {number[]} */ const told = [];
  const work = async (/** @type {number} */ item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now -= 1;
    return item * 2;
  };
  const turns = new Turns([1, 2, 3, 4, 5, 6, 7], work, { atOnce: 4, told: (item, result) => told.push(item, result) });
  await turns.run();
  assert.equal(most, 4);
  assert.equal(turns.done, 7);
  assert.equal(turns.left, 0);
  assert.equal(told.length, 14);
});

test('what has not begun when it is cancelled is left, what has begun is told', async () => {
  /** @type {number[]} */ const told = [];
  const turns = new Turns([1, 2, 3, 4, 5], async (item) => item, {
    atOnce: 1,
    told: (item) => {
      told.push(item);
      if (item === 2) turns.cancel();
    },
  });
  await turns.run();
  assert.deepEqual(told, [1, 2]);
  assert.equal(turns.left, 3);
});

test('nothing to do ends at once', async () => {
  const turns = new Turns([], async () => 0, { atOnce: 4, told: () => undefined });
  await turns.run();
  assert.equal(turns.done, 0);
});
