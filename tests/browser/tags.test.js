import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { HUES } from '../../web_static/hues.js';
import * as acts from '../../web_static/tag-acts.js';
import { compareTags, looksOf, numbersOf, parseTag, tagFrom, tagsHere, tagsOf, valueBy } from '../../web_static/tags.js';

let count = 0;
const tile = (id, tags = [], metadata = {}) => ({ id, title: `tile ${id}`, state: 'live', node: null, tags, metadata });

/** A wall, to which acts are done. */
function wall(...tiles) {
  const room = { document: new Document(), set: (set, label = '') => room.document.do({ id: `a${(count += 1)}`, person: 'p', set, label }) };
  return { tiles: new Map(tiles.map((each) => [each.id, each])), room, revision: 0 };
}
const tags = (model, id) => tagsOf(model.tiles.get(id), model.room.document);

test('a tag is plain, or ordered by its number, or a number of its own', () => {
  assert.deepEqual(parseTag('animal'), { name: 'animal', kind: 'plain', label: 'animal', about: 'animal' });
  const { kind, label, rank } = parseTag('8_300K');
  assert.deepEqual([kind, label, rank], ['ordered', '300K', 8]);
  const age = parseTag('{age,0,3.5,20}');
  assert.deepEqual([age.kind, age.label, age.about, age.least, age.value, age.most], ['numeric', 'age 3.5', 'age', 0, 3.5, 20]);
  assert.equal(parseTag('{age,0,old,20}').kind, 'plain');
  assert.equal(parseTag('300K_8').kind, 'plain');
});

test('ordered tags stand by their numbers, then the plain ones, then the numbers', () => {
  const sorted = ['{age,0,12,20}', 'spots 10', '10_hot', '{age,0,3,20}', 'spots 9', '9_cold'].sort(compareTags);
  assert.deepEqual(sorted, ['9_cold', '10_hot', 'spots 9', 'spots 10', '{age,0,3,20}', '{age,0,12,20}']);
});

test('a tile has the tags of its case, but for those taken off, and those put on by hand', () => {
  const model = wall(tile(1, ['spots', 'keep']), tile(2));
  model.room.set([['tags/1/keep', false], ['tags/1/two%20words%2F', true], ['tags/2/spots', true]]);
  assert.deepEqual(tags(model, 1), ['spots', 'two words/']);
  assert.deepEqual(tags(model, 2), ['spots']);
  model.room.document.do({ id: 'u', person: 'p', undo: `a${count}` });
  assert.deepEqual(tags(model, 1), ['keep', 'spots']);
});

test('the tags of a wall have their tiles, and a colour and a shape each that no other has', () => {
  const model = wall(tile(1, ['a', 'b']), tile(2, ['b']), tile(3, []));
  model.room.set([['tags/3/c', true], ['tag/b/hidden', true]]);
  const here = [...tagsHere(model).values()];
  assert.deepEqual(here.map(({ name, ids, hidden }) => [name, ids, hidden]), [['a', [1], false], ['b', [1, 2], true], ['c', [3], false]]);
  const looks = looksOf(Array.from({ length: 40 }, (_, i) => `t${i}`), () => undefined);
  assert.equal(new Set([...looks.values()].map(({ colour, shape }) => `${colour} ${shape}`)).size, 40);
  assert.deepEqual([...looks.values()].slice(0, 8).map(({ colour }) => colour), HUES);
});

test('all numbers of one name look alike', () => {
  const looks = looksOf(['{age,0,1,9}', 'x', '{age,0,2,9}'], () => undefined);
  assert.deepEqual(looks.get('{age,0,1,9}'), looks.get('{age,0,2,9}'));
  assert.notEqual(looks.get('x').colour, looks.get('{age,0,1,9}').colour);
});

test('a tag that is put on comes with a colour that stays, and in one act', () => {
  const model = wall(tile(1, ['a']), tile(2));
  const set = acts.putOn(model, [1, 2], 'new');
  assert.deepEqual(set, [['tags/1/new', true], ['tags/2/new', true], ['tag/new/colour', HUES[1]]]);
  model.room.set(set);
  assert.deepEqual(acts.putOn(model, [1, 2], 'new'), []);
  model.room.set(acts.putOn(model, [1], 'aaa'));
  assert.equal(tagsHere(model).get('new').colour, HUES[1]);
  assert.equal(tagsHere(model).get('aaa').colour, HUES[2]);
});

test('what was taken off a tile can be put on again, and leaves no trace', () => {
  const model = wall(tile(1, ['a']));
  model.room.set(acts.takeOff(model, [1], 'a'));
  assert.deepEqual(tags(model, 1), []);
  model.room.set(acts.putOn(model, [1], 'a'));
  assert.deepEqual(tags(model, 1), ['a']);
  assert.equal(model.room.document.get('tags/1/a'), undefined);
});

test('a tag that is merged into another is gone, and its tiles have the other, once', () => {
  const model = wall(tile(1, ['a', 'b']), tile(2, ['a']), tile(3, ['b']));
  model.room.set([['tags/3/a', true], ['tag/a/colour', '#123456'], ['tag/a/hidden', true]]);
  model.room.set(acts.merge(model, 'a', 'b'));
  assert.deepEqual([1, 2, 3].map((id) => tags(model, id)), [['b'], ['b'], ['b']]);
  assert.deepEqual(model.room.document.below('tag/'), []);
  assert.deepEqual(acts.merge(model, 'b', 'b'), []);
});

test('a tag that is renamed keeps its colour', () => {
  const model = wall(tile(1, ['a']), tile(2, ['b']));
  model.room.set(acts.merge(model, 'b', 'other'));
  assert.equal(tagsHere(model).get('other').colour, HUES[1]);
});

test('tiles are taken off the wall by a tag', () => {
  const model = wall(tile(1, ['a']), tile(2, ['b']), tile(3, ['a']));
  assert.deepEqual(acts.takeOffWall(model, 'a'), [['tile/1/hidden', true], ['tile/3/hidden', true]]);
});

test('the number of a tag is a value like that of a column, and a plain tag is there or not', () => {
  const model = wall(tile(1, ['{age,0,3,20}', 'keep'], { F: 0.5 }), tile(2, ['{age,-1,4,9}']));
  const value = (id, by) => valueBy(model.tiles.get(id), by, model.room.document);
  assert.deepEqual([value(1, 'tag:age'), value(2, 'tag:age'), value(1, 'tag:keep'), value(2, 'tag:keep'), value(1, 'column:F'), value(2, 'column:F')], [3, 4, true, null, 0.5, null]);
  assert.deepEqual([...numbersOf(tagsHere(model))], [['age', { least: -1, most: 20 }]]);
});

test('who writes a tag that is there, in other capitals, means that', () => {
  assert.equal(tagFrom('  Keep ', ['keep', 'other']), 'keep');
  assert.equal(tagFrom('two   words'), 'two words');
  assert.equal(tagFrom('   '), '');
});

test('the tags of 1,024 tiles are read once per change', () => {
  const model = wall(...Array.from({ length: 1024 }, (_, i) => tile(i, [`t${i % 5}`])));
  model.room.set(acts.putOn(model, model.tiles.keys(), 'new'));
  let reads = 0;
  const { document } = model.room;
  const below = document.below.bind(document);
  document.below = (prefix) => ((reads += 1), below(prefix));
  for (const each of model.tiles.values()) assert.equal(tagsOf(each, document).length, 2);
  tagsHere(model);
  assert.equal(reads, 1);
  assert.equal(tagsHere(model), tagsHere(model));
});
