import assert from 'node:assert/strict';
import test from 'node:test';

import { Series, actionRange, leftOut, movieRange, moviesOf, paceOf, snapped, spanOf, stepped, timedSets } from '../../web_static/wall-time.js';

const column = (name, role = 'parameter', unit = '') => ({ name, role, unit, dtype: 'float64', description: '' });
const setOf = (id, ...columns) => [id, { id, columns }];
const tile = (id, metadata, changes) => ({ id, set: 1, state: 'live', metadata, ...changes });
const shown = (tiles, sets, time) => {
  const out = leftOut(timedSets(tiles, sets), time);
  return tiles.map(({ id }) => id).filter((id) => !out.has(id));
};

const sets = new Map([setOf(1, column('F'), column('Time', 'result', 's'), column('mean', 'result'))]);
// Two series, of F = 1 at 0, 10 and 20, of F = 2 at 5 and 20.
const tiles = [tile(1, { F: 1, Time: 0, mean: 3 }), tile(2, { F: 1, Time: 10, mean: 4 }), tile(3, { F: 1, Time: 20 }), tile(4, { F: 2, Time: 5 }), tile(5, { F: 2, Time: 20 })];

test('of each series the last member that is not later stands there, and its first before that', () => {
  assert.deepEqual(shown(tiles, sets, 0), [1, 4]);
  assert.deepEqual(shown(tiles, sets, 9.9), [1, 4]);
  assert.deepEqual(shown(tiles, sets, 10), [2, 4]);
  assert.deepEqual(shown(tiles, sets, 99), [3, 5]);
  assert.deepEqual(shown(tiles, sets, undefined), [1, 2, 3, 4, 5]);
  assert.equal(leftOut(timedSets(tiles, sets), 12).get(1), 2, 'who looked at one looks at the one that is there instead');
});

test('what has no time, is of another set, or is there twice at a moment stays', () => {
  const more = [...tiles, tile(6, { F: 1 }), tile(7, { F: 1, Time: NaN }), tile(8, { F: 1, Time: 10 }), tile(9, { Time: 1 }, { set: 2 }), tile(10, { Time: 2 }, { set: 2 })];
  assert.deepEqual(shown(more, new Map([...sets, setOf(2, column('F'))]), 10), [2, 4, 6, 7, 8, 9, 10]);
});

test('a column is a time if members of one series differ in it, and the best name counts', () => {
  const alone = [tile(1, { F: 1, Time: 3 }), tile(2, { F: 2, Time: 4 })];
  assert.deepEqual(timedSets(alone, sets), [], 'how long each took is no time of a series');
  const steps = new Map([setOf(1, column('step'), column('T'))]);
  const stepping = [tile(1, { step: 0, T: 1 }), tile(2, { step: 1, T: 1 })];
  assert.deepEqual(timedSets(stepping, steps).map((each) => each.column), ['step']);
  const both = new Map([setOf(1, column('step'), column('time', 'result'))]);
  assert.deepEqual(timedSets([tile(1, { step: 0, time: 3 }), tile(2, { step: 1, time: 4 })], both).map((each) => each.column), ['step'], 'it is a parameter, so each step is a series of its own in `time`');
  assert.deepEqual(timedSets([tile(1, { step: 0, time: 3 }), tile(2, { step: 0, time: 4 })], both).map((each) => each.column), ['time']);
});

test('without parameters all members of a set are one series, and those of one moment stand there together', () => {
  const plain = new Map([setOf(1, column('phi', 'result'), column('time', 'result'))]);
  const images = [tile(1, { phi: 0, time: 0 }), tile(2, { phi: 90, time: 0 }), tile(3, { phi: 0, time: 5 }), tile(4, { phi: 90, time: 5 })];
  assert.deepEqual([shown(images, plain, 0), shown(images, plain, 5)], [[1, 2], [3, 4]]);
});

test('the series are made anew for other tiles, and when tiles say something else', () => {
  const series = new Series();
  const wall = { tiles: new Map(tiles.map((each) => [each.id, { ...each, metadata: { ...each.metadata } }])), sets };
  const at = (time) => [...series.standing(wall, time).there].map(({ id }) => id);
  assert.deepEqual([at(0), at(undefined)], [[1, 4], [1, 2, 3, 4, 5]]);
  assert.equal(series.of(wall), series.of(wall));
  wall.tiles.get(2).metadata.Time = 0;
  assert.deepEqual(at(0), [1, 4]);
  series.forget();
  assert.deepEqual(at(0), [1, 2, 4]);
  wall.tiles = new Map(wall.tiles);
  wall.tiles.delete(1);
  assert.deepEqual(at(0), [2, 4]);
});

test('the slider goes over all that has a time, in a unit if it is one', () => {
  const timed = timedSets(tiles, sets);
  assert.deepEqual(spanOf(timed, [], []), { least: 0, most: 20, unit: 's', step: Infinity, values: [0, 5, 10, 20], whole: false, alone: true, clock: false });
  const movie = movieRange(tile(7, {}, { media: { clock: 'seconds', length: 60, pace: 10 } }));
  assert.deepEqual(spanOf([], [movie], []), { least: 0, most: 60, unit: 's', step: 0.1, values: [], whole: false, alone: false, clock: true });
  assert.deepEqual([spanOf(timed, [movie], []).unit, spanOf(timed, [movie], []).most], ['s', 60]);
  assert.equal(spanOf(timed, [], [{ least: -5, most: 9, unit: 'steps', step: 1 }]).unit, '');
  assert.equal(spanOf([], [], []), null);
});

test('movies that run have a time, and PDFs and those that are not there have none', () => {
  const media = (changes) => tile(1, {}, { media: { clock: 'seconds', length: 3, ...changes } });
  const found = moviesOf([media({}), media({ clock: 'pages' }), media({ length: 0 }), tile(2, {}), { ...media({}), state: 'failed' }], ({ state }) => state === 'live');
  assert.equal(found.length, 1);
  assert.equal(movieRange(media({})).step, 1 / 25);
});

test('an action says from when to when, in what and in which steps', () => {
  const schema = (time) => ({ properties: { time } });
  assert.deepEqual(actionRange(schema({ type: 'number', minimum: 0, maximum: 40, unit: 's' })), { least: 0, most: 40, unit: 's', step: 0.4, whole: false });
  assert.deepEqual(actionRange(schema({ type: 'integer', minimum: 1, exclusiveMaximum: 9 })), { least: 1, most: 9, unit: '', step: 1, whole: true });
  assert.equal(actionRange(schema({ type: 'number', maximum: 40, multipleOf: 2.5 })).step, 2.5);
  for (const odd of [null, {}, schema({ type: 'number' }), schema({ minimum: 3, maximum: 3 }), schema({ minimum: 'a', maximum: 4 })]) assert.equal(actionRange(odd), null);
});

test('where members alone have a time there are theirs and no other', () => {
  const span = spanOf(timedSets(tiles, sets), [], []);
  assert.deepEqual([snapped(span, 6), snapped(span, -9), snapped(span, 99)], [5, 0, 20]);
  assert.deepEqual([stepped(span, 5, 1), stepped(span, 5, -1), stepped(span, 20, 1), stepped(span, 0, -1)], [10, 0, 20, 0]);
});

test('else it goes by steps, within its ends', () => {
  const span = spanOf([], [], [{ least: 0, most: 1, unit: '', step: 0.1 }]);
  assert.deepEqual([stepped(span, 0.2, 1), stepped(span, 1, 1), stepped(span, 0, -1), snapped(span, 0.55)], [0.3, 1, 0, 0.55]);
});

test('whole numbers stay whole', () => {
  const whole = { least: 0, most: 9, unit: '', step: 1, whole: true };
  const span = spanOf([], [], [whole]);
  assert.deepEqual([snapped(span, 3.4), stepped(span, 3, 1), stepped(span, 9, 1)], [3, 4, 9]);
  assert.equal(snapped(spanOf([], [], [whole, { ...whole, whole: false }]), 3.4), 3.4);
});

test('it plays as movies do, else in two to twenty seconds', () => {
  const span = spanOf(timedSets(tiles, sets), [], []);
  assert.equal(paceOf(span, true), 1);
  assert.equal(paceOf(span, false), 10, 'four moments in two seconds');
  assert.equal(paceOf({ ...span, values: Array.from({ length: 500 }, (_, i) => i) }, false), 1);
  assert.equal(paceOf(spanOf([], [], [{ least: 0, most: 40, unit: '', step: 1 }]), false), 2);
});
