import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { compareValues, sortTiles } from '../../web_static/sort.js';

const tile = (id, value, more = {}) => ({ id, title: `tile ${id}`, state: 'live', node: null, metadata: value === undefined ? {} : { F: value }, ...more });
const sorted = (tiles, key, descending = false) => sortTiles(tiles, { key, descending });

test('numbers are sorted by size, either way', () => {
  const tiles = [tile(1, 10), tile(2, 9), tile(3, -1.5)];
  assert.deepEqual(sorted(tiles, 'column:F'), [3, 2, 1]);
  assert.deepEqual(sorted(tiles, 'column:F', true), [1, 2, 3]);
});

test('what has no value comes last, whichever way is up', () => {
  const tiles = [tile(1, NaN), tile(2, 2), tile(3, null), tile(4, 1), tile(5, undefined), tile(6, '')];
  assert.deepEqual(sorted(tiles, 'column:F'), [4, 2, 1, 3, 5, 6]);
  assert.deepEqual(sorted(tiles, 'column:F', true), [2, 4, 1, 3, 5, 6]);
});

test('words are sorted as people do: 2 before 10, and capitals do not matter', () => {
  const tiles = [tile(1, 0, { title: '10 spots' }), tile(2, 0, { title: '2 waves' }), tile(3, 0, { title: 'Alpha' }), tile(4, 0, { title: 'alpha 2' })];
  assert.deepEqual(sorted(tiles, 'title'), [2, 1, 3, 4]);
});

test('numbers come before words, and false before true', () => {
  assert.ok(compareValues(5, 'a') < 0);
  assert.ok(compareValues('a', 5) > 0);
  assert.ok(compareValues(false, true) < 0);
});

test('equal tiles stay in the order of launch, either way', () => {
  const tiles = [tile(3, 1), tile(1, 1), tile(2, 1)];
  assert.deepEqual(sorted(tiles, 'column:F'), [3, 1, 2]);
  assert.deepEqual(sorted(tiles, 'column:F', true), [3, 1, 2]);
});

test('the order of launch itself can be turned round', () => {
  const tiles = [tile(3), tile(1), tile(2)];
  assert.deepEqual(sorted(tiles, ''), [3, 1, 2]);
  assert.deepEqual(sorted(tiles, '', true), [2, 1, 3]);
});

test('states are sorted by how alive they are', () => {
  const tiles = ['stopped', 'failed', 'queued', 'starting', 'live'].map((state, i) => tile(i, 0, { state }));
  assert.deepEqual(sorted(tiles, 'state'), [4, 3, 2, 1, 0]);
});

test('tiles are sorted by the number that a tag gives, or by whether they have a tag', () => {
  const document = new Document();
  document.do({ id: 'a', person: 'p', set: [['tags/1/%7Bage%2C0%2C9%2C20%7D', true], ['tags/3/%7Bage%2C0%2C2%2C20%7D', true], ['tags/2/keep', true]] });
  const tiles = [tile(1), tile(2), tile(3)];
  assert.deepEqual(sortTiles(tiles, { key: 'tag:age', descending: false }, document), [3, 1, 2]);
  assert.deepEqual(sortTiles(tiles, { key: 'tag:age', descending: true }, document), [1, 3, 2]);
  assert.deepEqual(sortTiles(tiles, { key: 'tag:keep', descending: false }, document), [2, 1, 3]);
});
