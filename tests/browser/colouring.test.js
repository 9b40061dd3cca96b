import assert from 'node:assert/strict';
import test from 'node:test';

import { colouringOf, edgeOf, propertiesOf, stickersOf } from '../../web_static/colouring.js';
import { Document } from '../../web_static/document.js';
import { GREY, HUES, inTheme, useHues } from '../../web_static/hues.js';
import { colourAt } from '../../web_static/scales.js';

let count = 0;
function wall(values, { column = 'F', unit = 'K', tags = () => [] } = {}) {
  const room = { document: new Document() };
  const tiles = new Map(values.map((value, i) => [i + 1, { id: i + 1, title: '', tags: tags(i + 1), metadata: value === undefined ? {} : { [column]: value } }]));
  const model = { tiles, room, revision: 0, terms: [], columns: () => [{ name: column, unit }] };
  return { model, set: (...set) => room.document.do({ id: `a${(count += 1)}`, person: 'p', set }), edges: () => [...tiles.values()].map((tile) => edgeOf(tile, model)) };
}
const by = (more) => ['colour', { by: 'column:F', scale: 'viridis', from: null, to: null, reversed: false, ...more }];

test('without a choice no edge is coloured', () => {
  assert.deepEqual(wall([1, 2]).edges(), [null, null]);
});

test('a column of numbers colours the edges by its scale; what has no value keeps its own edge', () => {
  const { model, set, edges } = wall([0, 5, 10, NaN, null, undefined]);
  set(by());
  assert.deepEqual(edges(), [colourAt('viridis', 0), colourAt('viridis', 0.5), colourAt('viridis', 1), null, null, null]);
  const { label, unit, missing, ends } = colouringOf(model);
  assert.deepEqual({ label, unit, missing, ends }, { label: 'F', unit: 'K', missing: [4, 5, 6], ends: { from: 0, to: 10 } });
});

test('ends and direction are as they were set', () => {
  const { set, edges } = wall([0, 5, 10]);
  set(by({ from: 5, to: 25, scale: 'batlow', reversed: true }));
  assert.deepEqual(edges(), [colourAt('batlow', 1), colourAt('batlow', 1), colourAt('batlow', 0.75)]);
});

test('words have eight hues at most, the most frequent ones, and the rest is grey', () => {
  const { model, set, edges } = wall([...'aabbccddeeffgghhxy']);
  set(by());
  const colours = edges();
  assert.deepEqual(new Set(colours.slice(0, 16)), new Set(HUES));
  assert.deepEqual(colours.slice(16), [GREY, GREY]);
  assert.deepEqual(colouringOf(model).categories.map(({ label }) => label), [...'abcdefgh', '2 others']);
});

test('the numbers of tags colour between the bounds that the tags give', () => {
  const { set, edges } = wall([0, 0], { tags: (id) => (id === 1 ? ['{age,0,5,20}'] : []) });
  set(by({ by: 'tag:age' }));
  assert.deepEqual(edges(), [colourAt('viridis', 0.25), null]);
});

test('the alternatives of a search colour what each found, before the scale', () => {
  const { model, set, edges } = wall([0, 5, 10]);
  set(by());
  model.terms = [{ query: 'a', found: new Set([1]) }, { query: 'b', found: new Set([1, 2]) }];
  assert.deepEqual(edges(), [HUES[0], HUES[1], colourAt('viridis', 1)]);
});

test('a change of the document, of the tiles or of the theme is seen', () => {
  const { model, set, edges } = wall(['a', 'b']);
  set(by());
  assert.equal(edges()[0], HUES[0]);
  model.tiles.get(1).metadata.F = 'c';
  model.revision += 1;
  assert.equal(edges()[0], HUES[1]);
  const light = HUES.map((_, i) => `#00000${i}`);
  useHues(light);
  assert.equal(edges()[0], light[1]);
  useHues([]);
  set(['colour', null]);
  assert.deepEqual(edges(), [null, null]);
});

test('a tile has a sticker for each tag, in the hues of the theme', () => {
  const { model, set } = wall([0], { tags: () => ['8_300K', 'keep'] });
  set(['tag/keep/colour', '#123456']);
  assert.deepEqual(stickersOf(model.tiles.get(1), model), [{ colour: HUES[0], shape: 0, label: '300K' }, { colour: '#123456', shape: 0, label: 'keep' }]);
  assert.equal(inTheme('#123456'), '#123456');
});

test('one can colour by columns, numbers of tags, and tags', () => {
  const { model } = wall([0], { tags: () => ['{age,0,1,2}', 'keep'] });
  assert.deepEqual(propertiesOf(model), {
    columns: [{ by: 'column:F', label: 'F (K)' }],
    numbers: [{ by: 'tag:age', label: 'age' }],
    tags: [{ by: 'tag:keep', label: 'keep' }],
  });
});
