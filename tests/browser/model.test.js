import assert from 'node:assert/strict';
import test from 'node:test';

import { Model } from '../../web_static/model.js';

const tile = (id, F) => ({ id, set: 1, index: id, title: `tile ${id}`, state: 'live', metadata: { F }, stream: 1 });
const column = (name) => ({ name, dtype: 'f8', unit: null, description: null, role: 'result' });
const wallOf = (...tiles) => ({ session: 'main', revision: 1, sets: [{ id: 1, columns: [column('F')] }, { id: 2, columns: [column('F'), column('k')] }], tiles });

function watched() {
  const model = new Model();
  const heard = [];
  for (const type of ['wall', 'tiles', 'sizes', 'order', 'said', 'matches', 'focus', 'chosen']) model.addEventListener(type, ({ detail }) => heard.push([type, detail]));
  return { model, heard };
}

test('a wall document gives the tiles, their order and a first focus', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(5, 1), tile(3, 2)));
  assert.deepEqual(model.order, [3, 5]); // as launched: ids count up
  assert.equal(model.focus, 3);
  assert.deepEqual(heard.map(([type]) => type), ['wall', 'focus']);
  assert.deepEqual(model.columns().map(({ name }) => name), ['F', 'k']);
});

test('changes reach the tiles that are there; others are passed over', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(1, 1)));
  model.update([{ id: 1, state: 'failed', reason: 'killed' }, { id: 99, state: 'live' }]);
  assert.equal(model.tiles.get(1).state, 'failed');
  assert.equal(model.tiles.get(1).title, 'tile 1');
  assert.deepEqual(heard.at(-1), ['tiles', [1]]);
});

test('that just more frames were seen is told without the tiles: nothing on the wall shows it', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 1)));
  model.update([{ id: 1, frames: 8 }, { id: 2, frames: 9, state: 'stopped' }]);
  assert.deepEqual(heard.at(-1), ['tiles', [2]]);
  model.update([{ id: 1, frames: 9 }]);
  assert.deepEqual(heard.at(-1), ['tiles', []]);
  assert.equal(model.tiles.get(1).frames, 9);
});

test('another size of a display is told, the same size is not', () => {
  const { model, heard } = watched();
  model.replace(wallOf({ ...tile(1, 1), width: 640, height: 480 }));
  model.update([{ id: 1, width: 640, height: 480 }]);
  assert.deepEqual(heard.at(-1), ['tiles', [1]]);
  assert.ok(!heard.some(([type]) => type === 'sizes'));
  model.update([{ id: 1, width: 1280 }]);
  assert.deepEqual(heard.slice(-2).map(([type]) => type), ['sizes', 'tiles']);
});

test('a tile is known to be of a job that is over', () => {
  const { model } = watched();
  const ofState = (state) => model.replace({ ...wallOf(tile(1, 1)), sets: [{ id: 1, columns: [], state }] });
  for (const [state, over] of [['pending', false], ['running', false], ['timeout', true], ['completed', true]]) {
    ofState(state);
    assert.equal(model.isOver(model.tiles.get(1)), over);
  }
});

test('the order follows values that change, told once and only where it is another; nothing jumps because a state or a count changed', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 2)));
  model.sortBy({ key: 'column:F', descending: true });
  assert.deepEqual(model.order, [2, 1]);
  model.update([{ id: 1, metadata: { F: 9 } }]);
  assert.deepEqual(model.order, [1, 2]);
  assert.deepEqual(heard.slice(-3).map(([type]) => type), ['tiles', 'order', 'said']);
  model.update([{ id: 1, metadata: { F: 8 } }]);
  assert.deepEqual(heard.slice(-2).map(([type]) => type), ['tiles', 'said']);
  model.tiles.get(1).metadata = { F: 0 };
  model.update([{ id: 1, state: 'failed', frames: 5 }]);
  assert.deepEqual(model.order, [1, 2]);
  assert.equal(heard.at(-1)[0], 'tiles');
});

test('the search dims what it did not find, and tiles long gone do not count', () => {
  const { model } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 2)));
  assert.equal(model.isDimmed(1), false);
  model.setMatches([2, 77]);
  assert.equal(model.matches.size, 1);
  assert.ok(model.isDimmed(1) && !model.isDimmed(2));
  model.setMatches(null);
  assert.equal(model.isDimmed(1), false);
});

test('the focus stays on its tile when the wall changes, and moves only when that is gone', () => {
  const { model } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 2)));
  model.setFocus(2);
  model.replace(wallOf(tile(3, 1), tile(2, 2)));
  assert.equal(model.focused().id, 2);
  model.replace(wallOf(tile(3, 1)));
  assert.equal(model.focused().id, 3);
  model.replace(wallOf());
  assert.equal(model.focused(), null);
});

test('the focus goes to the next tile that is still there, else to the one before: one goes through a wall by hiding', () => {
  const { model, heard } = watched();
  model.replace(wallOf(...[1, 2, 3, 4].map((id) => tile(id, id))));
  model.setFocus(2);
  const hide = (...ids) => model.room.set(ids.map((id) => [`tile/${id}/hidden`, true]));
  hide(2);
  assert.equal(model.focus, 3);
  assert.deepEqual(heard.slice(-2).map(([type]) => type), ['focus', 'order']);
  hide(3, 4);
  assert.equal(model.focus, 1);
  model.room.undo();
  model.setFocus(4);
  model.replace(wallOf(tile(1, 1), tile(3, 3)));
  assert.equal(model.focus, 3);
  hide(1, 3);
  assert.deepEqual([model.order, model.focus], [[], 3]);
});

test('what is hidden is not zoomed on either, alone or along with somebody', () => {
  const { model } = watched();
  model.replace(wallOf(...[1, 2, 3].map((id) => tile(id, id))));
  model.room.set([[model.own('zoomed'), [2, 3]]]);
  model.room.set([['tile/2/hidden', true]]);
  assert.deepEqual([model.order, model.zoomed, model.focus], [[3], [3], 3]);
  model.room.set([['tile/3/hidden', true]]);
  assert.deepEqual([model.order, model.zoomed, model.ownZoomed], [[1], [], []]);
  model.borrow({ zoomed: [2, 1], columns: null });
  assert.deepEqual([model.order, model.zoomed], [[1], [1]]);
});

test('what others select or are called does not arrange the wall anew', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 2)));
  model.sortBy({ key: 'column:F', descending: true });
  model.tiles.get(1).metadata = { F: 9 }; // as nobody told
  model.room.set([['person/bob/selection', [1]], ['person/bob/name', 'Bob'], ['person/bob/zoomed', [1]], [model.own('selection'), [2]]]);
  assert.deepEqual(model.order, [2, 1]);
  model.room.set([[model.own('zoomed'), [1]]]);
  assert.deepEqual(model.order, [1]);
  assert.equal(heard.at(-1)[0], 'order');
});

test('an act is meant for the selected tiles, else for the one in focus', () => {
  const { model } = watched();
  assert.deepEqual(model.meant, []);
  model.replace(wallOf(tile(1, 1), tile(2, 2), tile(3, 3)));
  assert.deepEqual(model.meant, [1]);
  model.select([2, 3]);
  assert.deepEqual(model.meant, [2, 3]);
});

test('tiles are chosen and turned off for as long as they are there', () => {
  const { model, heard } = watched();
  model.replace(wallOf(tile(1, 1), tile(2, 2)));
  model.choose(1);
  model.choose(99);
  model.turn(2);
  assert.deepEqual(heard.slice(-2), [['chosen', [1]], ['tiles', [2]]]);
  assert.deepEqual([[...model.chosen], [...model.off]], [[1], [2]]);
  model.replace(wallOf(tile(1, 1)));
  assert.deepEqual([[...model.chosen], [...model.off]], [[1], []]);
  model.chooseNone();
  assert.equal(model.chosen.size, 0);
});

test('a tile that is off is shown as that while it would have a picture, and as failed when it failed', () => {
  const { model } = watched();
  model.replace(wallOf(tile(1, 1)));
  model.turn(1);
  assert.equal(model.stateOf(model.tiles.get(1)), 'off');
  model.update([{ id: 1, state: 'failed' }]);
  assert.equal(model.stateOf(model.tiles.get(1)), 'failed');
  model.turn(1);
  model.update([{ id: 1, state: 'live' }]);
  assert.equal(model.stateOf(model.tiles.get(1)), 'live');
});

test('nobody may do anything until the portal says who it is, and input goes only where it may and can', () => {
  const { model } = watched();
  model.replace(wallOf(tile(1, 1), { ...tile(2, 2), state: 'queued' }));
  assert.ok(!model.may('see') && !model.takesInput(1));
  model.setMe({ role: 'viewer', rights: ['see'] });
  assert.ok(model.may('see') && !model.may('operate') && !model.takesInput(1));
  model.setMe({ role: 'owner', rights: ['see', 'operate'] });
  assert.ok(model.takesInput(1) && !model.takesInput(2) && !model.takesInput(null) && !model.takesInput(9));
  model.turn(1);
  assert.ok(!model.takesInput(1));
});
