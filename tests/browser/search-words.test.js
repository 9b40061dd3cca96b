import assert from 'node:assert/strict';
import test from 'node:test';

import { completionsOf, namesState, quoted, searchable } from '../../web_static/search-words.js';

const there = {
  fields: [{ name: 'class', about: '', values: ['spots', 'waves', 'two words'] }, { name: 'F', about: '1/s', values: [] }, { name: 'feed', about: '', values: [] }],
  tags: ['keep', 'special'],
};
const at = (text, caret = text.length) => completionsOf(text, caret, there);
const labels = (...args) => at(...args).map(({ label }) => label);

test('the beginning of a word completes names of columns, tags and values', () => {
  assert.deepEqual(labels('sp'), ['tag:special', 'class=spots']);
  assert.deepEqual(labels('f'), ['F', 'feed']);
  assert.deepEqual(labels('cl'), ['class']);
  assert.deepEqual(labels(''), []);
});

test('behind a column of words come its values, behind tag the tags', () => {
  assert.deepEqual(labels('class='), ['spots', 'waves', 'two words']);
  assert.deepEqual(labels('F>0.03 & class=w'), ['waves', 'two words']);
  assert.deepEqual(labels('tag:k'), ['keep']);
  assert.deepEqual(labels('class in (spots, w'), ['waves', 'two words']);
  assert.deepEqual(labels('F='), []);
});

test('what is completed takes the place of the word, in quotes where it has to, and one types on behind it', () => {
  assert.deepEqual(at('a | class=tw').map(({ text, caret }) => [text, caret]), [['a | class="two words"', 21]]);
  assert.deepEqual(at('cl & F>1', 2)[0], { text: 'class= & F>1', caret: 6, label: 'class', about: '' });
  assert.deepEqual(at('fe')[0], { text: 'feed', caret: 4, label: 'feed', about: '' });
});

test('what is written out in full is not offered again, nor anything within quotes', () => {
  assert.deepEqual(labels('class=spots'), []);
  assert.deepEqual(labels('"sp'), []);
});

test('a value is in quotes when it would be read otherwise', () => {
  assert.deepEqual(['spots', 'two words', 'or', 'a..b', 'say "x"', ''].map(quoted), ['spots', '"two words"', '"or"', '"a..b"', '"say \\"x\\""', '""']);
});

test('what there is to search comes from the tiles', () => {
  const tiles = new Map([[1, { id: 1, state: 'live', node: 'c1', metadata: { class: 'spots', F: 1 } }], [2, { id: 2, state: 'live', node: null, metadata: { class: 'spots', F: 2 } }]]);
  const { fields } = searchable({ tiles, columns: () => [{ name: 'class', unit: null }, { name: 'F', unit: '1/s' }] }, { tags: ['keep'], numbers: ['age'] });
  assert.deepEqual(fields.map(({ name, values }) => [name, values]), [
    ['class', ['spots']], ['F', []], ['title', []], ['state', ['live']], ['node', ['c1']], ['tag', ['keep']], ['note', []], ['age', []],
  ]);
});

test('a query that names state or node may find others without anybody having done something', () => {
  for (const query of ['state=live', 'F>1 & NODE:c1', '!(state in (live, failed))']) assert.ok(namesState(query), query);
  for (const query of ['', 'spots', 'T=280..300', 'statement']) assert.ok(!namesState(query), query);
});
