import assert from 'node:assert/strict';
import test from 'node:test';

import { Model } from '../../web_static/model.js';
import { meaningOf } from '../../web_static/stage-changes.js';
import { StageLayout } from '../../web_static/stage-layout.js';
import { StageScene, firstWords, same } from '../../web_static/stage-scene.js';

const tile = (id) => ({ id, set: 1, index: id, title: `t${id}`, state: 'live', reason: '', node: 'n', job: 'j', frames: 0, renderer: null, width: 640, height: 480, tags: [], member: id, metadata: {}, stream: 0 });

/** A wall of four, and what its worker was told. */
function stood() {
  const model = new Model();
  model.setMe({ role: 'owner', rights: ['see', 'arrange'], person: 'me' });
  model.replace({ session: 's', revision: 1, sets: [{ id: 1, columns: [] }], tiles: [1, 2, 3, 4].map(tile) });
  const layout = new StageLayout(model);
  layout.view = { width: 1000, height: 800 };
  layout.update();
  const told = [];
  const scene = new StageScene(model, layout, (message) => told.push(message));
  scene.layOut(0, 0);
  return { model, layout, scene, told, room: model.room };
}

test('the worker is told of all tiles once, and then just of those that look otherwise', () => {
  const { scene, told, room, layout } = stood();
  assert.deepEqual(told[0].tiles.map(({ id }) => id), [1, 2, 3, 4]);
  assert.deepEqual(scene.refresh([1, 2, 3, 4]), []);
  assert.equal(told.length, 1);
  room.set([['person/me/selection', [2]], ['tile/3/opacity', 0.5]]);
  assert.deepEqual(scene.refresh([1, 2, 3, 4]), [2, 3]);
  assert.deepEqual(told[1].tiles.map(({ selected, opacity }) => [selected, opacity]), [[true, 1], [false, 0.5]]);
  layout.update();
  scene.layOut(0, 0);
  assert.deepEqual([told[2].tiles, told[2].order], [[], [1, 2, 3, 4]]);
});

test('others who selected a tile are told by their colours, oneself by the selection', () => {
  const { scene, told, room } = stood();
  room.set([['person/you/selection', [1, 2]], ['person/she/selection', [2]], ['person/me/selection', [1]]]);
  scene.refresh([1, 2]);
  assert.deepEqual(told[1].tiles.map(({ selected, others }) => [selected, others.length]), [[true, 1], [false, 2]]);
});

test('drawings, notes and turns come from the document; hidden drawings are not told', () => {
  const { scene, told, room, layout } = stood();
  const shape = { kind: 'line', points: [[0, 0], [65535, 65535]], colour: '#ff0000', width: 4 };
  room.set([['drawing/1/a', shape], ['drawing/2/a', shape], ['tile/2/undrawn', true], ['tile/4/rotation', 90]]);
  room.write('note/3', 'look here,\n  at the corner');
  layout.update();
  scene.layOut(0, 0);
  const [one, two, three, four] = told[1].tiles.length === 3 ? [told[1].tiles[0], undefined, ...told[1].tiles.slice(1)] : told[1].tiles;
  assert.deepEqual([one.shapes, two, three.note], [[shape], undefined, 'look here, at the corner']);
  assert.equal(four.rotation, 90);
  assert.ok(Math.abs(four.picture.height / four.picture.width - 4 / 3) < 1e-9);
});

test('lanes are told with their labels, and those without a value by a word', () => {
  const { model, scene, told, room, layout } = stood();
  room.set([['group', { by: 'tags' }], ['tags/1/red', true], ['tags/3/blue', true]]);
  layout.update();
  scene.layOut(0, 0);
  assert.deepEqual(told[1].lanes.map(({ label, count }) => [label, count]), [['blue', '1'], ['red', '1'], ['Without a tag', '2']]);
  assert.deepEqual(told[1].order, model.order);
});

test('columns, gap and width are the document\'s', () => {
  const { room, layout } = stood();
  room.set([['layout/columns', 4], ['layout/gap', 0]]);
  layout.update();
  assert.deepEqual([layout.grid.columns, layout.grid.gap], [4, 0]);
  room.set([['layout/columns', null], ['layout/tile', 400]]);
  layout.update();
  assert.equal(layout.grid.columns, 2);
});

test('a change means other places, other looks of some, or of all', () => {
  assert.deepEqual(meaningOf(['tile/7/rotation']), { layout: true, tiles: [7] });
  assert.deepEqual(meaningOf(['note/7', 'tags/8/x', 'drawing/9/id', 'tile/7/opacity']), { layout: false, tiles: [7, 8, 9] });
  assert.deepEqual(meaningOf(['layout/gap']), { layout: true, tiles: [] });
  for (const path of ['colour', 'tag/x/colour', 'person/p/selection']) assert.deepEqual(meaningOf([path]), { layout: false, tiles: 'all' });
  assert.deepEqual(meaningOf(['']), { layout: true, tiles: 'all' });
  assert.deepEqual(meaningOf(['person/p/name', 'play/all', 'bookmark/a']), { layout: false, tiles: [] });
});

test('values are equal throughout, or they are not', () => {
  for (const [a, b, equal] of [[{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true], [{ a: 1 }, { a: 1, b: 2 }, false], [{ a: 1, b: 2 }, { a: 1 }, false], [[1], [1, 2], false], [null, {}, false], [undefined, {}, false], [{ a: 1 }, { b: 1 }, false]]) {
    assert.equal(same(a, b), equal);
  }
});

test('of a note its first words stand on the tile', () => {
  assert.equal(firstWords('  a\n\tb  '), 'a b');
  assert.equal(firstWords(''), '');
  assert.ok(firstWords('word '.repeat(100)).length < 95);
});
