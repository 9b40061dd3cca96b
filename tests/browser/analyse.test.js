import assert from 'node:assert/strict';
import test from 'node:test';

import { barsOf, chosenAtFirst, numbersOf, wordsOf, worthOf } from '../../web_static/analyse-words.js';
import { Model } from '../../web_static/model.js';

const column = (name, unit = null) => ({ name, dtype: 'f8', unit, description: null, role: 'result' });
const tile = (id, metadata) => ({ id, set: 1, index: id, title: `tile ${id}`, state: 'live', metadata, stream: 1 });

function wall(columns, ...rows) {
  const model = new Model();
  model.replace({ session: 'main', revision: 1, sets: [{ id: 1, columns }], tiles: rows.map((row, i) => tile(i + 1, row)) });
  return model;
}

test('columns of numbers can be chosen, those that most tiles have at first, and what was made last and never by itself', () => {
  const model = wall([column('F', 'm'), column('few'), column('word'), column('none'), column('k')], { F: 1, few: 3, word: 'x', k: 1 }, { F: 2, word: 'y', k: null }, { F: 3, k: 2 });
  model.room.set([['made/a', { how: 'PCA', unit: '', values: [[1, 1], [2, 2], [3, 3]], tagged: null }], ['made/kind', { how: 'k-means', unit: '', values: [[1, 'kind-1']], tagged: 'values' }]], 'analysis');
  const found = numbersOf(model);
  assert.deepEqual(found.map(({ name, made }) => [name, made]), [['F', false], ['few', false], ['k', false], ['a', true]]);
  assert.deepEqual(found[0], { name: 'F', unit: 'm', made: false, share: 1 });
  assert.deepEqual(chosenAtFirst(found), ['F', 'k']);
});

test('the chart has a bar for each number of groups, as high as its silhouette', () => {
  const bars = barsOf({ silhouettes: [[2, 0.3], [3, 0.6], [4, -0.1]], k: 2, proposed: 3 });
  assert.deepEqual(bars, [
    { k: 2, value: 0.3, share: 0.5, chosen: true, proposed: false },
    { k: 3, value: 0.6, share: 1, chosen: false, proposed: true },
    { k: 4, value: -0.1, share: 0, chosen: false, proposed: false },
  ]);
  assert.deepEqual(barsOf({}), []);
  assert.ok(barsOf({ silhouettes: [[2, -0.2]], k: 2, proposed: 2 }).every(({ share }) => share === 0));
});

test('groups are said with how well they are apart, how many tiles they have and what tells them', () => {
  const answer = { method: 'kmeans', made: ['cluster'], tiles: 64, k: 2, silhouette: 0.8, groups: [{ name: 'cluster-1', tiles: 60, about: [{ column: 'F', by: 1.2 }, { column: 'k', by: -0.7 }] }, { name: 'cluster-2', tiles: 1, about: [] }] };
  assert.deepEqual(wordsOf(answer), { text: '2 groups of 64 tiles, well apart', lines: ['cluster-1 · 60 tiles · F high, k low', 'cluster-2 · 1 tile'] });
  assert.deepEqual([0.71, 0.6, 0.3, 0.1, null].map(worthOf), [', well apart', ', fairly apart', ', hardly apart: take them with care', ', not really apart: these columns show no groups', '']);
});

test('a plane says how much of the differences it has, and of what its axes are', () => {
  const answer = { method: 'pca', made: ['pca_1', 'pca_2'], tiles: 1200, shares: [0.6123, 0.25], axes: [{ F: 0.9, k: -0.4, c: 0.1 }, { F: 0.1, k: 0.05, c: -0.99 }] };
  assert.deepEqual(wordsOf(answer), { text: 'A plane for 1\u202f200 tiles, which has 86.2\u202f% of how they differ', lines: ['pca_1 (61.2\u202f%): +\u202fF, −\u202fk', 'pca_2 (25\u202f%): −\u202fc'] });
  assert.equal(wordsOf({ method: 'tsne', made: ['t_1', 't_2'], tiles: 9 }).text, 'A place for each of 9 tiles');
});

test('outliers and neighbours are listed, the first eight, and how many more there are', () => {
  const one = { tile: 3, title: 'm3', score: 12.3456, column: 'b', low: true };
  assert.deepEqual(wordsOf({ method: 'outliers', tiles: 20, found: 1, beyond: 3.5, outliers: [one] }), { text: '1 of 20 tiles stands out: its score is above 3.5', lines: ['m3 · b low (12.3)'] });
  const many = wordsOf({ method: 'outliers', tiles: 200, found: 120, beyond: 3.5, outliers: Array(100).fill({ ...one, low: false }) });
  assert.equal(many.lines.length, 9);
  assert.deepEqual(many.lines.slice(-2), ['m3 · b high (12.3)', 'and 112 more']);
  assert.equal(wordsOf({ method: 'outliers', tiles: 20, found: 0, beyond: 3.5, outliers: [] }).text, 'None of 20 tiles stands out: no score is above 3.5');
  assert.deepEqual(wordsOf({ method: 'nearest', tiles: 4, near: [{ tile: 2, title: 'm2', distance: 0.123456 }] }).lines, ['m2 · 0.123']);
});
