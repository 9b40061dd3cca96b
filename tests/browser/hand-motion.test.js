import assert from 'node:assert/strict';
import test from 'node:test';

import { between, standsAlike } from '../../web_static/hand-motion.js';

test('a hand goes evenly from where it is seen to where it was told, and stays there', () => {
  const way = { from: { x: 0, y: 10 }, to: { x: 4, y: 0 }, start: 1000, duration: 200 };
  assert.deepEqual(between(way, 900), { x: 0, y: 10 });
  assert.deepEqual(between(way, 1050), { x: 1, y: 7.5 });
  assert.deepEqual(between(way, 5000), { x: 4, y: 0 });
});

test('one that is told anew on its way turns from where it is: it never jumps', () => {
  let way = { from: { x: 0, y: 0 }, to: { x: 1, y: 0 }, start: 0, duration: 200 };
  let seen = between(way, 0);
  for (let now = 0; now < 2000; now += 10) {
    if (now % 100 === 0) way = { from: between(way, now), to: { x: Math.sin(now / 300), y: Math.cos(now / 300) }, start: now, duration: 200 };
    const next = between(way, now);
    assert.ok(Math.hypot(next.x - seen.x, next.y - seen.y) < 0.1, `at ${now}`);
    seen = next;
  }
});

test('without a duration it is there at once', () => {
  assert.deepEqual(between({ from: { x: 0, y: 0 }, to: { x: 1, y: 2 }, start: 5, duration: 0 }, 5), { x: 1, y: 2 });
});

test('a place means the same where columns and what one zoomed on are the same', () => {
  const wall = { columns: 4, zoomed: [3, 5] };
  assert.equal(standsAlike(wall, { columns: 4, zoomed: [3, 5] }), true);
  for (const other of [{ columns: 3, zoomed: [3, 5] }, { columns: 4, zoomed: [5, 3] }, { columns: null, zoomed: [] }]) assert.equal(standsAlike(wall, other), false);
});
