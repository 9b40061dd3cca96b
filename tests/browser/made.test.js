import assert from 'node:assert/strict';
import test from 'node:test';

import { Made, makes, pathOf } from '../../web_static/made.js';
import { Model } from '../../web_static/model.js';

const column = (name) => ({ name, dtype: 'f8', unit: null, description: null, role: 'result' });
const tile = (id, metadata) => ({ id, set: 1, index: id, title: `tile ${id}`, state: 'live', metadata, stream: 1 });
const made = (values, more = {}) => ({ how: 'PCA over F', unit: '', values, tagged: null, ...more });

/** A model on a wall, and what a portal would say of its document. */
function wall(...tiles) {
  const model = new Model();
  model.replace({ session: 'main', revision: 1, sets: [{ id: 1, columns: [column('F')] }, { id: 2, columns: [] }], tiles });
  const heard = [];
  for (const type of ['said', 'order', 'tiles']) model.addEventListener(type, ({ detail }) => heard.push([type, detail]));
  return { model, heard };
}

test('a column that was made is in the columns, the metadata and the order, and goes when it is taken back', () => {
  const { model, heard } = wall(tile(1, { F: 1 }), tile(2, { F: 2 }), tile(3, { F: 3 }));
  model.room.set([['sort', { by: 'column:pca_1', descending: false }]], 'sort');
  const before = model.revision;
  model.room.set([['made/pca_1', made([[1, 0.5], [2, -0.5]])], ['made/kind', made([[3, 'c-1']], { how: 'k-means' })]], 'analysis');
  assert.deepEqual(model.columns().map(({ name, dtype, description }) => [name, dtype, description]), [['F', 'f8', null], ['pca_1', 'float64', 'PCA over F'], ['kind', 'S', 'k-means']]);
  assert.deepEqual(model.tiles.get(1).metadata, { F: 1, pca_1: 0.5 });
  assert.deepEqual(model.tiles.get(3).metadata, { F: 3, kind: 'c-1' });
  assert.deepEqual(model.order, [2, 1, 3]);
  assert.ok(model.revision > before);
  assert.deepEqual(heard.map(([type]) => type), ['order', 'said', 'tiles']);
  assert.deepEqual(heard.at(-1), ['tiles', [1, 2, 3]]);
  assert.equal(model.room.undo(), 'analysis');
  assert.deepEqual(model.tiles.get(1).metadata, { F: 1 });
  assert.deepEqual(model.columns().map(({ name }) => name), ['F']);
  assert.deepEqual(model.order, [1, 2, 3]);
});

test('what a tile has by itself goes before what was made, and both outlive what is said of the tile anew', () => {
  const { model } = wall(tile(1, { F: 1 }));
  model.room.set([['made/F', made([[1, 99]])], ['made/x', made([[1, 7]])]], 'analysis');
  assert.deepEqual(model.tiles.get(1).metadata, { F: 1, x: 7 });
  assert.equal(model.columns().find(({ name }) => name === 'F').dtype, 'f8');
  model.update([{ id: 1, metadata: { F: 2 } }]);
  assert.deepEqual(model.tiles.get(1).metadata, { F: 2, x: 7 });
  model.update([{ id: 1, state: 'stopped' }]);
  assert.deepEqual(model.tiles.get(1).metadata, { F: 2, x: 7 });
  model.replace({ session: 'main', revision: 2, sets: [{ id: 1, columns: [column('F')] }], tiles: [tile(1, { F: 3 }), tile(4, {})] });
  assert.deepEqual(model.tiles.get(1).metadata, { F: 3, x: 7 });
  assert.deepEqual(model.tiles.get(4).metadata, {});
  assert.deepEqual(model.columns().map(({ name }) => name), ['F', 'x']);
  model.room.set([['made/x', null]], 'analysis');
  assert.deepEqual(model.tiles.get(1).metadata, { F: 3 });
});

test('what else changes in the document makes no column anew', () => {
  const reader = new Made();
  const column1 = made([[1, 2]]);
  const document = { below: () => [['a%20b', column1]] };
  assert.equal(reader.read(document), true);
  assert.equal(reader.read(document), false);
  assert.deepEqual([...reader.columns.keys()], ['a b']);
  assert.equal(pathOf('a b/c'), 'made/a%20b%2Fc');
  assert.deepEqual([makes(['made/x']), makes(['tags/1/made']), makes([''])], [true, false, true]);
});
