import assert from 'node:assert/strict';
import test from 'node:test';

import { brushActs, brushesHere, passingOf } from '../../web_static/brushed.js';
import { Model } from '../../web_static/model.js';

const tile = (id, metadata, tags = []) => ({ id, set: 1, index: id, title: `t${id}`, state: 'live', metadata, tags, stream: 1 });
const column = (name) => ({ name, dtype: 'f8', unit: null, description: null, role: 'result' });

function wall() {
  const model = new Model();
  model.setMe({ role: 'owner', rights: ['see', 'arrange'], person: 'me' });
  const tiles = [tile(1, { F: 1, c: 'a' }), tile(2, { F: 2, c: 'b' }), tile(3, { F: 3, c: 'a' }, ['{age,0,7,9}']), tile(4, { F: NaN, c: null })];
  model.replace({ session: 's', revision: 1, sets: [{ id: 1, columns: [column('F'), column('c')] }], tiles });
  const heard = [];
  for (const type of ['order', 'matches', 'chosen']) model.addEventListener(type, () => heard.push(type));
  return { model, heard, dimmed: () => [1, 2, 3, 4].filter((id) => model.isDimmed(id)) };
}
const F = (...ranges) => ['brush/column%3AF', { ranges }];

test('tiles that pass no brush are dimmed; alternatives within a column, all columns together', () => {
  const { model, heard, dimmed } = wall();
  assert.equal(passingOf(model), null);
  model.room.set([F([null, 1], [3, null])]);
  assert.deepEqual(dimmed(), [2, 4]);
  assert.deepEqual(heard, ['matches']);
  model.room.set([['brush/column%3Ac', { values: ['b'] }]]);
  assert.deepEqual(dimmed(), [1, 2, 3, 4]);
  model.room.set([F([2, 2])]);
  assert.deepEqual([dimmed(), model.order], [[1, 3, 4], [1, 2, 3, 4]]);
  model.room.undo();
  model.room.undo();
  assert.deepEqual(dimmed(), [2, 4]);
});

test('a brush adds to what the search dims', () => {
  const { model, dimmed } = wall();
  model.room.set([F([2, null])]);
  model.setMatches([1, 2]);
  assert.deepEqual(dimmed(), [1, 3, 4]);
});

test('hidden they leave the wall, and come back with the brush', () => {
  const { model, heard, dimmed } = wall();
  model.room.set([F([2, 3]), ['brushing', 'hide']]);
  assert.deepEqual([model.order, dimmed()], [[2, 3], []]);
  assert.ok(heard.includes('order'));
  model.room.undo();
  assert.deepEqual(model.order, [1, 2, 3, 4]);
});

test('while one draws, nothing leaves the wall: it is dimmed until the brush stands', () => {
  const { model, dimmed } = wall();
  model.room.set([['brushing', 'hide']]);
  model.tryBrushes(new Map([['column:F', { ranges: [[3, 3]] }]]));
  assert.deepEqual([model.order, dimmed()], [[1, 2, 3, 4], [1, 2, 4]]);
  model.tryBrushes(null);
  assert.deepEqual(dimmed(), []);
});

test('what changes in a tile changes whether it passes', () => {
  const { model, dimmed } = wall();
  model.room.set([F([2, null])]);
  model.update([{ id: 1, metadata: { F: 5 } }]);
  assert.deepEqual(dimmed(), [4]);
  model.room.set([['brush/tag%3Aage', { ranges: [[7, null]] }]]);
  assert.deepEqual(dimmed(), [1, 2, 4]);
  model.room.set([['tags/1/%7Bage%2C0%2C8%2C9%7D', true]]);
  assert.deepEqual(dimmed(), [2, 4]);
});

test('a brush of a column that no tile set has leaves all', () => {
  const { model, dimmed } = wall();
  model.room.set([['brush/column%3Agone', { ranges: [[0, 1]] }]]);
  assert.deepEqual([dimmed(), brushesHere(model).size, passingOf(model)], [[], 0, null]);
});

test('where brushes select, who brushes selects in the same act, and one undo takes both back', () => {
  const { model, dimmed } = wall();
  model.room.set([['brushing', 'select']]);
  model.room.set(brushActs(model, new Map([['column:F', { ranges: [[2, 3]] }]])), 'brush');
  assert.deepEqual([[...model.chosen], dimmed(), model.room.document.get('brush/column%3AF')], [[2, 3], [], { ranges: [[2, 3]] }]);
  model.room.undo();
  assert.deepEqual([[...model.chosen], model.room.document.get('brush/column%3AF')], [[], undefined]);
  model.room.redo();
  model.room.set(brushActs(model, new Map()), 'brush');
  assert.deepEqual([...model.chosen], []);
});

test('acts say what changed and no more', () => {
  const { model } = wall();
  model.room.set([F([2, 3]), ['brush/column%3Ac', { values: ['a'] }]]);
  assert.deepEqual(brushActs(model, new Map([['column:F', { ranges: [[2, 3]] }]])), [['brush/column%3Ac', null]]);
  assert.deepEqual(brushActs(model, new Map([['column:F', { ranges: [[2, 3]] }], ['column:c', { values: ['a'] }]])), []);
  const all = new Map([['column:F', { ranges: [[2, 3]] }], ['column:c', { values: ['a'] }]]);
  assert.deepEqual(brushActs(model, all, 'hide'), [['brushing', 'hide']]);
  assert.deepEqual(brushActs(model, all, 'select'), [['brushing', 'select'], ['person/me/selection', [3]]]);
});
