import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LONGEST, keyOf, keysBetween, keysUpTo } from '../../web_static/keys.js';

const ascend = (/** @type {string[]} */ keys) => keys.every((key, i) => i === 0 || keys[i - 1] < key);

test('tiles that were never moved stand in the order in which they were launched', () => {
  const ids = [0, 1, 9, 61, 62, 63, 3843, 3844, 1000000];
  assert.ok(ascend(ids.map(keyOf)));
});

test('between two keys there is room for any number of others', () => {
  for (const [before, after] of [['', ''], ['', keyOf(1)], [keyOf(1), keyOf(2)], [keyOf(61), keyOf(62)], [keyOf(7), ''], ['A', 'A1']]) {
    for (const count of [1, 2, 5, 1000]) {
      const keys = keysBetween(before, after, count);
      assert.equal(keys.length, count);
      assert.ok(ascend([...(before ? [before] : []), ...keys, ...(after ? [after] : [])]), `${before} … ${after}`);
    }
  }
  assert.deepEqual(keysBetween('', '', 0), []);
});

test('a tile that is moved to the end stands before those that are launched later', () => {
  const [key] = keysBetween(keyOf(12), '', 1);
  assert.ok(keyOf(12) < key && key < keyOf(13));
  assert.ok(keysUpTo(12, 500).every((each) => each < keyOf(13)));
  assert.ok(ascend(keysUpTo(12, 500)));
});

test('keys grow slowly where tiles are moved to one place again and again', () => {
  let last = keyOf(99);
  for (let i = 0; i < 200; i += 1) [last] = keysBetween(last, '', 1);
  assert.ok(last.length <= LONGEST, last);
});
