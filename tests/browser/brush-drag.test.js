import assert from 'node:assert/strict';
import test from 'node:test';

import { scaleOf } from '../../web_static/axis-scale.js';
import { brushOf, dragged, gripAt, nudged, spansOf, toggledWord } from '../../web_static/brush-drag.js';
import { draggedFrame, frameOf, keyedFrame } from '../../web_static/brush-rect.js';
import { columnOf } from '../../web_static/columns.js';

const near = (found, wanted) => assert.deepEqual(found.map((span) => span.map((place) => Number(place.toFixed(6)))), wanted);
const column = columnOf('column:T', 'T', [0, 200]);
const classes = columnOf('column:c', 'c', ['a', 'b', 'c', 'd']);

test('a drag beside the brush makes another in its place, with more beside it; a click takes it away', () => {
  near(dragged([[0.1, 0.2]], null, 0.6, 0.4), [[0.4, 0.6]]);
  near(dragged([[0.1, 0.2]], null, 0.6, 1.4, true), [[0.1, 0.2], [0.6, 1]]);
  near(dragged([[0.1, 0.2]], null, 0.6, 0.601), []);
  near(dragged([[0.1, 0.2]], null, 0.6, 0.6, true), [[0.1, 0.2]]);
});

test('what a hand takes hold of is an end within reach, else the inside', () => {
  const spans = [[0.1, 0.4], [0.6, 0.9]];
  assert.deepEqual([0.11, 0.39, 0.25, 0.59, 0.5, 0.75].map((at) => gripAt(spans, at, 0.02)), [
    { span: 0, part: 'low' }, { span: 0, part: 'high' }, { span: 0, part: 'middle' }, { span: 1, part: 'low' }, null, { span: 1, part: 'middle' },
  ]);
});

test('an end is moved past the other, the whole no further than the axis', () => {
  near(dragged([[0.1, 0.4]], { span: 0, part: 'low' }, 0.1, 0.6), [[0.4, 0.6]]);
  near(dragged([[0.1, 0.4]], { span: 0, part: 'high' }, 0.4, 2), [[0.1, 1]]);
  near(dragged([[0.1, 0.4]], { span: 0, part: 'middle' }, 0.2, 0.9), [[0.7, 1]]);
  near(dragged([[0.1, 0.4]], { span: 0, part: 'middle' }, 0.2, -1), [[0, 0.3]]);
});

test('keys move a brush, and make it wider and narrower, never nothing', () => {
  near(nudged([[0.1, 0.4], [0.5, 0.6]], 0, 0.05, false), [[0.15, 0.45], [0.5, 0.6]]);
  near(nudged([[0.1, 0.4]], 0, 0.15, true), [[0, 0.55]]);
  near(nudged([[0.1, 0.4]], 0, -0.1, true), [[0.2, 0.3]]);
  near(nudged([[0.1, 0.3]], 0, -0.1, true), [[0.1, 0.3]]);
});

test('spans become ranges and come back, whichever way is up; the end of the axis is no end', () => {
  for (const flipped of [false, true]) {
    const scale = scaleOf(column, { flipped });
    const brush = brushOf([[0.25, 0.5], [0.75, 1]], column, scale);
    assert.deepEqual(brush, { ranges: flipped ? [[null, 50], [100, 150]] : [[50, 100], [150, null]] });
    near(spansOf(brush, column, scale), flipped ? [[0.75, 1], [0.25, 0.5]] : [[0.25, 0.5], [0.75, 1]]);
  }
  assert.equal(brushOf([], column, scaleOf(column)), null);
  assert.deepEqual(spansOf(null, column, scaleOf(column)), []);
  assert.deepEqual(brushOf([[0, 1]], column, scaleOf(column)), { ranges: [[null, null]] });
  near(spansOf({ ranges: [[-500, 900]] }, column, scaleOf(column)), [[0, 1]]);
});

test('values of a brush are as short as the axis is fine', () => {
  const fine = columnOf('x', 'x', [1e6, 1e6 + 0.002]);
  const { ranges: [[low, high]] } = brushOf([[0.33333, 0.66666]], fine, scaleOf(fine));
  assert.ok(low > 1e6 && low < high && high < 1e6 + 0.002);
  const round = brushOf([[1 / 3, 2 / 3]], column, scaleOf(column));
  assert.deepEqual(round, { ranges: [[66.7, 133.3]] });
  const log = columnOf('x', 'x', [1e-9, 1e9]);
  const scale = scaleOf(log, { log: true });
  assert.deepEqual(brushOf([[1 / 3, 0.5]], log, scale), { ranges: [[0.001, 1]] });
  near(spansOf({ ranges: [[-1, 1]] }, log, scale), [[0, 0.5]]);
  near(spansOf({ ranges: [[-2, 0]] }, log, scale), [[0, 0]]);
  const constant = columnOf('x', 'x', [5, 5]);
  assert.deepEqual(brushOf([[0.2, 0.8]], constant, scaleOf(constant)), { ranges: [[5, 5]] });
});

test('over words a drag takes those it goes over, and switches take one more or less', () => {
  for (const flipped of [false, true]) {
    const scale = scaleOf(classes, { flipped });
    assert.deepEqual(brushOf([[0.3, 0.7]], classes, scale), { values: ['b', 'c'] });
    near(spansOf({ values: ['c', 'b', 'gone'] }, classes, scale), [[0.25, 0.75]]);
    near(spansOf({ ranges: [[0, 1]] }, classes, scale), []);
  }
  near(spansOf({ values: ['a', 'd'] }, classes, scaleOf(classes)), [[0, 0.25], [0.75, 1]]);
  assert.deepEqual(toggledWord(null, 'a'), { values: ['a'] });
  assert.deepEqual(toggledWord({ values: ['a', 'b'] }, 'a'), { values: ['b'] });
  assert.equal(toggledWord({ values: ['a'] }, 'a'), null);
  assert.deepEqual(toggledWord({ ranges: [[0, 1]] }, 'a'), { values: ['a'] });
});

test('a frame in a cell is drawn, moved, resized at an edge and at a corner, and taken away', () => {
  const reach = { x: 0.03, y: 0.03 };
  const frame = { x: [0.2, 0.6], y: [0.3, 0.7] };
  const to = (from, end) => {
    const made = draggedFrame(frame, from, end, reach);
    return made && [made.x, made.y].map((span) => span.map((place) => Number(place.toFixed(6))));
  };
  assert.deepEqual(draggedFrame(null, { x: 0.5, y: 0.6 }, { x: 0.1, y: 2 }, reach), { x: [0.1, 0.5], y: [0.6, 1] });
  assert.deepEqual(to({ x: 0.9, y: 0.9 }, { x: 0.9, y: 0.9 }), null);
  assert.deepEqual(to({ x: 0.4, y: 0.5 }, { x: 0.5, y: 0.4 }), [[0.3, 0.7], [0.2, 0.6]]);
  assert.deepEqual(to({ x: 0.61, y: 0.5 }, { x: 0.81, y: 0.9 }), [[0.2, 0.8], [0.3, 0.7]]);
  assert.deepEqual(to({ x: 0.2, y: 0.7 }, { x: 0.1, y: 0.8 }), [[0.1, 0.6], [0.3, 0.8]]);
  assert.deepEqual(frameOf([], [[0.1, 0.2]]), { x: [0, 1], y: [0.1, 0.2] });
  assert.equal(frameOf([], []), null);
  assert.equal(frameOf([[0, 0.1], [0.2, 0.3]], []), null);
});

test('keys make a frame, move it, change its size and take it away', () => {
  assert.deepEqual(keyedFrame(null, 'Enter', false, 0.1), { x: [0.25, 0.75], y: [0.25, 0.75] });
  assert.equal(keyedFrame(null, 'ArrowUp', false, 0.1), undefined);
  const frame = { x: [0.25, 0.75], y: [0.25, 0.75] };
  near([keyedFrame(frame, 'ArrowLeft', false, 0.1).x, keyedFrame(frame, 'ArrowUp', true, 0.1).y], [[0.15, 0.65], [0.15, 0.85]]);
  assert.equal(keyedFrame(frame, 'Delete', false, 0.1), null);
  assert.equal(keyedFrame(frame, 'x', false, 0.1), undefined);
});
