import assert from 'node:assert/strict';
import test from 'node:test';

import { fromTsv, problemOf, tagsFrom, tagsText, textOf, toTsv, valueFrom } from '../../web_static/tileset-cells.js';
import { placeOf, readJson } from '../../web_static/tileset-json.js';
import { TileSetEdit, hasTyped, rebased, whole } from '../../web_static/tileset-model.js';

const F = { name: 'F', kind: 'number' };
const document = (tiles, columns = [F]) => ({ format: 'tiledviz-tileset', version: 1, title: 'T', columns, tiles });
const thousand = () => document(Array.from({ length: 1000 }, (_, i) => ({ key: i + 1, title: `t${i}`, values: { F: i / 10 } })));

test('a text becomes what its column holds, and what it cannot be stays as it was typed', () => {
  const held = (kind, text) => valueFrom('values/F', text, { name: 'F', kind });
  assert.deepEqual(['1e-3', '.5', '-2', '', 'x', '1,5', 'NaN', '1e999'].map((text) => held('number', text)), [0.001, 0.5, -2, null, { typed: 'x' }, { typed: '1,5' }, { typed: 'NaN' }, { typed: '1e999' }]);
  assert.deepEqual(['7', '7.5', '9007199254740993'].map((text) => held('integer', text)), [7, { typed: '7.5' }, { typed: '9007199254740993' }]);
  assert.deepEqual(['true', 'No', '1', 'maybe'].map((text) => held('flag', text)), [true, false, true, { typed: 'maybe' }]);
  assert.equal(held('text', ' as it is '), ' as it is ');
});

test('tags are typed with commas, and each comes back as it was', () => {
  assert.deepEqual(tagsFrom('keep, {age,0,3,20} , "a, b", keep'), ['keep', '{age,0,3,20}', 'a, b']);
  for (const tags of [['a', 'b c'], ['a, b'], ['say "so"'], ['{age,0,3,20}', '{', '},x']]) assert.deepEqual(tagsFrom(tagsText(tags)), tags);
});

test('what a source must be depends on what the tile is', () => {
  const wrong = (kind, source) => problemOf({ key: 1, kind, source }, 'source', undefined);
  assert.equal(wrong('picture', '/a.png'), null);
  assert.equal(wrong('picture', 'a.png'), 'tilesets.wrong-path');
  assert.equal(wrong('page', 'https://me:secret@host/'), 'tilesets.wrong-password');
  assert.equal(wrong('page', 'ftp://host/'), 'tilesets.wrong-page');
  assert.equal(wrong('card', '/a.png'), 'tilesets.wrong-card');
});

test('blocks of cells go to a spreadsheet and come back', () => {
  const block = [['a', 'two\nlines'], ['tab\there', 'say "so"'], ['', '"']];
  assert.deepEqual(fromTsv(toTsv(block)), block);
  assert.deepEqual(fromTsv('1\t2\r\n3\t4\r\n'), [['1', '2'], ['3', '4']]);
});

test('a wrong cell is named, keeps what was typed, and holds nothing else up', () => {
  const edit = new TileSetEdit(thousand(), 1);
  const at = edit.fields.indexOf('values/F');
  edit.put(500, at, [['abc']]);
  edit.put(501, at, [['7.5']]);
  assert.deepEqual(edit.problems, [{ row: 500, field: 'values/F', text: 'tilesets.wrong-number' }]);
  assert.equal(textOf(edit.now.tiles[500], 'values/F'), 'abc');
  assert.equal(edit.now.tiles[501].values.F, 7.5);
  assert.ok(hasTyped(edit.now));
  edit.put(500, at, [['1']]);
  assert.deepEqual(edit.problems, []);
});

test('every edit is undone and done again, back to what the set was', () => {
  const edit = new TileSetEdit(thousand(), 1);
  const edits = [
    () => edit.put(0, 0, [['new'], ['names']]),
    () => edit.clear({ top: 2, bottom: 4, left: 0, right: 5 }),
    () => edit.add(3),
    () => edit.duplicate(1, 2),
    () => edit.remove(10, 19),
    () => edit.addColumn({ name: 'G', kind: 'text' }),
    () => edit.changeColumn(0, { name: 'H', kind: 'text' }),
    () => edit.removeColumn(0),
    () => edit.rename('Other'),
  ];
  const states = edits.map((does) => {
    const before = JSON.stringify(edit.now);
    does();
    return before;
  });
  const last = JSON.stringify(edit.now);
  for (const state of states.reverse()) {
    assert.ok(edit.undo());
    assert.equal(JSON.stringify(edit.now), state);
  }
  assert.equal(edit.changed, false);
  while (edit.redo());
  assert.equal(JSON.stringify(edit.now), last);
});

test('a pasted block that is longer than the table adds rows with keys of their own', () => {
  const edit = new TileSetEdit(document([{ key: 4, title: 'a' }]), 1);
  edit.put(0, 0, [['b'], ['c'], ['d']]);
  assert.deepEqual(edit.now.tiles.map(({ key, title }) => [key, title]), [[4, 'b'], [5, 'c'], [6, 'd']]);
});

test('a column of another kind keeps what it can hold, and the rest as typed', () => {
  const edit = new TileSetEdit(document([{ key: 1, values: { F: '3' } }, { key: 2, values: { F: 'three' } }], [{ name: 'F', kind: 'text' }]), 1);
  edit.changeColumn(0, { name: 'N', kind: 'integer' });
  assert.deepEqual(edit.now.tiles.map(({ values }) => values), [{ N: 3 }, { N: { typed: 'three' } }]);
  assert.equal(edit.nameProblem('N'), 'tilesets.wrong-twice');
  assert.equal(edit.nameProblem('N', 0), null);
});

test('own edits stand on what others saved, and only a cell that both changed is asked about', () => {
  const base = whole(document([{ key: 1, title: 'a', values: { F: 1 } }, { key: 2, title: 'b' }, { key: 3, title: 'c' }]));
  const mine = whole(document([{ key: 1, title: 'mine', values: { F: 2 } }, { key: 3, title: 'c' }, { key: 4, title: 'new' }]));
  const theirs = whole(document([{ key: 3, title: 'theirs' }, { key: 1, title: 'a', values: { F: 9 } }, { key: 2, title: 'b' }, { key: 4, title: 'other' }]));
  const { state, conflicts } = rebased(base, mine, theirs);
  assert.deepEqual(state.tiles.map(({ title, values }) => [title, values?.F]), [['theirs', undefined], ['mine', 2], ['other', undefined], ['new', undefined]]);
  assert.equal(new Set(state.tiles.map(({ key }) => key)).size, 4);
  assert.deepEqual(conflicts, [{ key: 1, field: 'values/F', mine: 2, theirs: 9 }]);
});

test('a conflict is settled by either side', () => {
  const edit = new TileSetEdit(document([{ key: 1, title: 'a' }]), 1);
  edit.put(0, 0, [['mine']]);
  edit.rebase(document([{ key: 1, title: 'theirs' }]), 2);
  const [conflict] = edit.conflicts.values();
  edit.settle(conflict, false);
  assert.equal(edit.now.tiles[0].title, 'theirs');
  assert.equal(edit.conflicts.size, 0);
  edit.undo();
  assert.equal(edit.now.tiles[0].title, 'mine');
});

test('JSON that is wrong is named by its line and column', () => {
  assert.deepEqual(placeOf('ab\ncd', 4), { line: 2, column: 2 });
  const { line, column } = readJson('{\n  "title": oops\n}');
  assert.deepEqual([line, column], [2, 12]);
  assert.equal(readJson(JSON.stringify({ ...document([]), columns: [{ name: 'F' }] }, null, 2)).line, 5);
  assert.deepEqual(readJson(JSON.stringify(document([]))), { document: document([]) });
});

test('what is looked for is found behind where one is, and from the top again', () => {
  const edit = new TileSetEdit(thousand(), 1);
  assert.deepEqual(edit.find('T999', { row: 0, at: 0 }), { row: 999, at: 0 });
  assert.deepEqual(edit.find('t0', { row: 999, at: 0 }), { row: 0, at: 0 });
  assert.equal(edit.find('nowhere', { row: 0, at: 0 }), null);
});
