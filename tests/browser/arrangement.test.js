import assert from 'node:assert/strict';
import test from 'node:test';

import { byHand, lanesOf, onWall } from '../../web_static/arrangement.js';
import { Document } from '../../web_static/document.js';
import { keyOf, keysBetween } from '../../web_static/keys.js';

const tile = (id, fields = {}) => ({ id, set: 1, index: id, title: `t${id}`, state: 'live', tags: [], metadata: {}, ...fields });
const all = { found: null, rest: 'dim' };

/** A document in which these registers are set. */
function said(...set) {
  const document = new Document();
  document.do({ id: 'a', person: 'p', set });
  return document;
}

const ids = (tiles) => tiles.map(({ id }) => id);
const lanes = (tiles, document, search = all) => lanesOf(tiles, document, search).map(({ label, ids: of }) => [label, of]);

test('tiles stand as launched until somebody moves one, which moves no other', () => {
  const tiles = [3, 1, 2].map((id) => tile(id));
  assert.deepEqual(ids(byHand(tiles, said())), [1, 2, 3]);
  const [key] = keysBetween('', keyOf(1), 1);
  assert.deepEqual(ids(byHand(tiles, said(['order/3', key]))), [3, 1, 2]);
});

test('tiles that are hidden, or whose tag is, are not on the wall', () => {
  const tiles = [tile(1), tile(2, { tags: ['a/b'] }), tile(3)];
  assert.deepEqual(ids(onWall(tiles, said(['tile/1/hidden', true]))), [2, 3]);
  assert.deepEqual(ids(onWall(tiles, said(['tag/a%2Fb/hidden', true]))), [1, 3]);
  assert.deepEqual(ids(onWall(tiles, said(['tag/a%2Fb/hidden', true], ['tags/2/a%2Fb', false]))), [1, 2, 3]);
});

test('without groups there is one lane, without a label', () => {
  assert.deepEqual(lanes([tile(2), tile(1)], said()), [['', [1, 2]]]);
});

test('lanes by tag stand in the order of words, those without a tag last', () => {
  const tiles = [tile(1), tile(2, { tags: ['b'] }), tile(3, { tags: ['a', 'b'] }), tile(4, { tags: ['a'] })];
  assert.deepEqual(lanes(tiles, said(['group', { by: 'tags' }])), [['a', [3, 4]], ['b', [2]], ['', [1]]]);
});

test('lanes by a column of few numbers stand in the order of numbers, each under its name', () => {
  const tiles = [0.5, 0.25, -1, 0.5, 10, null].map((F, i) => tile(i + 1, { metadata: { F } }));
  assert.deepEqual(lanes(tiles, said(['group', { by: 'column:F' }])), [['F -1', [3]], ['F 0.25', [2]], ['F 0.5', [1, 4]], ['F 10', [5]], ['', [6]]]);
});

test('a column of many numbers is cut into a few lanes, from the least to the greatest, and every tile stands in one', () => {
  const tiles = Array.from({ length: 100 }, (_, i) => tile(i + 1, { metadata: { F: (i - 50) / 10 } }));
  const found = lanes(tiles, said(['group', { by: 'column:F' }]));
  assert.equal(found.length, 6);
  assert.deepEqual(found.flatMap(([, of]) => of), tiles.map(({ id }) => id));
  assert.equal(found[0][0], 'F -5 – -3.35');
});

test('lanes of great numbers are told apart by their steps', () => {
  const tiles = Array.from({ length: 20 }, (_, i) => tile(i + 1, { metadata: { year: 2001 + i } }));
  const found = lanesOf(tiles, said(['group', { by: 'column:year' }]), all);
  assert.deepEqual(found.map(({ label }) => label).slice(0, 2), ['year 2001 – 2004.17', 'year 2004.17 – 2007.33']);
  assert.equal(new Set(found.map(({ key }) => key)).size, 6);
  const close = tiles.map(({ id }) => tile(id, { metadata: { year: 1e6 + id * 1e-6 } }));
  assert.equal(new Set(lanes(close, said(['group', { by: 'column:year' }])).map(([label]) => label)).size, 6);
});

test('a search moves what it finds to the front, or takes the rest off the wall', () => {
  const tiles = [1, 2, 3].map((id) => tile(id));
  const found = new Set([3]);
  assert.deepEqual(lanes(tiles, said(), { found, rest: 'last' }), [['', [3, 1, 2]]]);
  assert.deepEqual(lanes(tiles, said(), { found, rest: 'hide' }), [['', [3]]]);
  assert.deepEqual(lanes(tiles, said(), { found, rest: 'dim' }), [['', [1, 2, 3]]]);
});
