import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LONGEST, keyOf } from '../../web_static/keys.js';
import { Model } from '../../web_static/model.js';
import { Mover } from '../../web_static/mover.js';
import { insert, movesTo, placesFor, rotate, shift, swap, swapColumns, swapRows } from '../../web_static/moving.js';

const IDS = [1, 2, 3, 4, 5, 6, 7];
const set = (/** @type {number[]} */ ...ids) => new Set(ids);

/** Return the order that comes of an order and some keys set. @param {number[]} ids @param {(id: number) => string} key @param {[number, string][]} places */
function ordered(ids, key, places) {
  const keys = new Map(ids.map((id) => [id, key(id)]));
  for (const [id, place] of places) keys.set(id, place);
  return [...ids].sort((a, b) => (String(keys.get(a)) < String(keys.get(b)) ? -1 : 1));
}

test('tiles are put before another one, at the front or at the end, and keep their own order', () => {
  assert.deepEqual(insert(IDS, set(5), 2), [1, 5, 2, 3, 4, 6, 7]);
  assert.deepEqual(insert(IDS, set(6, 2), 4), [1, 3, 2, 6, 4, 5, 7]);
  assert.deepEqual(insert(IDS, set(2), null), [1, 3, 4, 5, 6, 7, 2]);
  assert.deepEqual(insert(IDS, set(3), 1), [3, 1, 2, 4, 5, 6, 7]);
  assert.deepEqual(insert(IDS, set(3), 3), IDS);
  assert.deepEqual(insert(IDS, set(3, 4), 3), IDS);
  assert.deepEqual(insert(IDS, set(7), 7), IDS);
});

test('tiles move by a place or by a row, together or not at all', () => {
  assert.deepEqual(shift(IDS, set(3), 1), [1, 2, 4, 3, 5, 6, 7]);
  assert.deepEqual(shift(IDS, set(3, 4), -1), [1, 3, 4, 2, 5, 6, 7]);
  assert.deepEqual(shift(IDS, set(1, 2), 3), [4, 5, 3, 1, 2, 6, 7]);
  assert.deepEqual(shift(IDS, set(1, 4), -1), IDS);
  assert.deepEqual(shift(IDS, set(6), 3), IDS);
});

test('two tiles, rows or columns change places, also where the last row is short', () => {
  assert.deepEqual(swap(IDS, 1, 7), [7, 2, 3, 4, 5, 6, 1]);
  assert.deepEqual(swap(IDS, 1, 99), IDS);
  assert.deepEqual(swapRows(IDS, 3, 0, 1), [4, 5, 6, 1, 2, 3, 7]);
  assert.deepEqual(swapRows(IDS, 3, 0, 2), [7, 2, 3, 4, 5, 6, 1]);
  assert.deepEqual(swapColumns(IDS, 3, 0, 2), [3, 2, 1, 6, 5, 4, 7]);
});

test('rows turn up and down, and one way takes back the other', () => {
  assert.deepEqual(rotate(IDS, 3, 1), [4, 5, 6, 7, 1, 2, 3]);
  assert.deepEqual(rotate(rotate(IDS, 3, 1), 3, -1), IDS);
  assert.deepEqual(rotate(rotate(IDS, 3, 2), 3, -2), IDS);
  assert.deepEqual(rotate(IDS, 7, 1), IDS);
  assert.deepEqual(rotate([], 3, 1), []);
});

test('to move one tile changes the key of that one alone', () => {
  const wanted = insert(IDS, set(5), 2);
  const places = placesFor(wanted, keyOf, set(5));
  assert.deepEqual(places.map(([id]) => id), [5]);
  assert.deepEqual(ordered(IDS, keyOf, places), wanted);
  assert.deepEqual(placesFor(IDS, keyOf), []);
});

test('whatever is moved, what comes of the keys is what was wanted, over and over', () => {
  let random = 7;
  const next = (/** @type {number} */ most) => (random = (random * 1103515245 + 12345) % 2147483648) % most;
  const ids = Array.from({ length: 40 }, (_, i) => i + 3);
  /** @type {Map<number, string>} */
  const keys = new Map();
  const key = (/** @type {number} */ id) => keys.get(id) ?? keyOf(id);
  let order = ids;
  for (let step = 0; step < 400; step += 1) {
    const moved = set(ids[next(40)], ids[next(40)]);
    const [a, b] = [...moved, ids[0]];
    const ways = [
      () => insert(order, moved, next(5) === 0 ? null : ids[next(40)]),
      () => shift(order, moved, [-1, 1, 8, -8][next(4)]),
      () => swap(order, a, b),
      () => swapRows(order, 7, next(5), next(5)),
      () => swapColumns(order, 7, next(7), next(7)),
      () => rotate(order, 7, next(5) - 2),
    ];
    const wanted = ways[next(ways.length)]();
    for (const [id, place] of placesFor(wanted, key, next(2) ? moved : undefined)) {
      assert.ok(place.length <= LONGEST);
      keys.set(id, place);
    }
    order = [...ids].sort((x, y) => (key(x) < key(y) ? -1 : 1));
    assert.deepEqual(order, wanted, `step ${step}`);
  }
});

test('a move on a sorted wall keeps every place that is seen, and ends the sorting in the same act', () => {
  const [before, wanted] = [[3, 1, 2], [1, 3, 2]];
  const moves = movesTo([before], [wanted], { keyOf, sorted: before, moved: set(3) });
  assert.deepEqual(moves.at(-1), ['sort', null]);
  const places = moves.slice(0, -1).map(([path, place]) => /** @type {[number, string]} */ ([Number(path.slice(6)), String(place)]));
  assert.deepEqual(ordered(before, keyOf, places), wanted);
  assert.deepEqual(movesTo([before], [before], { keyOf, sorted: before }), []);
  assert.ok(!movesTo([before], [wanted], { keyOf }).some(([path]) => path === 'sort'));
});

test('tiles of lanes in which nothing moves keep their keys, also those that were meant', () => {
  const moves = movesTo([[1, 2], [3, 4]], [[1, 2], [4, 3]], { keyOf, moved: set(1, 2, 4) });
  assert.deepEqual(moves.map(([path]) => path), ['order/4']);
});

test('what is moved on a sorted wall of which some is out of sight leaves the rest where sorting had it', () => {
  const sorted = [5, 4, 3, 2, 1];
  const moves = movesTo([[5, 3, 1]], [[1, 5, 3]], { keyOf, sorted, moved: set(1) });
  const places = moves.slice(0, -1).map(([path, place]) => /** @type {[number, string]} */ ([Number(path.slice(6)), String(place)]));
  const order = ordered(sorted, keyOf, places);
  assert.deepEqual(order.filter((id) => id !== 1), [5, 4, 3, 2]);
  assert.ok(order.indexOf(1) < order.indexOf(5));
});

test('a move while a search has parted the wall moves for the others what was meant, and nothing else', () => {
  for (const rest of ['last', 'hide']) {
    for (const sort of [null, { by: 'title', descending: true }]) {
      const model = new Model();
      const tiles = IDS.map((id) => ({ id, set: 1, title: `t${id}`, state: 'live', tags: [], metadata: {} }));
      model.replace(/** @type {any} */ ({ session: 's', revision: 1, sets: [], tiles }));
      model.room.set([['sort', sort]]);
      const seen = model.order;
      model.room.set([[model.own('filter'), { text: 'x', rest }]]);
      model.setMatches([2, 4, 6]);
      const mover = new Mover(model, /** @type {any} */ (null));
      const last = sort ? 2 : 6;
      assert.deepEqual(mover.change((ids) => insert(ids, set(last), ids[0]), 'move', [last]), [last]);
      assert.deepEqual(model.order.slice(0, 3), sort ? [2, 6, 4] : [6, 2, 4], 'as one sees it');
      model.setMatches(null);
      assert.deepEqual(model.order.filter((id) => id !== last), seen.filter((id) => id !== last), 'as the others do');
      assert.equal(model.sorting.key, '');
    }
  }
});
