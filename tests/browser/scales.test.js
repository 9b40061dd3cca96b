import assert from 'node:assert/strict';
import test from 'node:test';

import { colourAt, endsOf, placeOf, SCALES, ticksOf } from '../../web_static/scales.js';

const parts = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
/** Relative luminance, as WCAG has it. */
const luminance = (hex) => parts(hex).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);

test('the scales are those that were published', () => {
  // Colours 0, 100 and 255 of the published tables of 256.
  const published = { viridis: '440154 2a768e fde725', cividis: '00224e 656870 fee838', batlow: '011959 537549 faccfa', diverging: '001261 a0c5d8 590008' };
  for (const [name, colours] of Object.entries(published)) {
    colours.split(' ').forEach((wanted, i) => {
      const got = parts(colourAt(name, [0, 100 / 255, 1][i]));
      parts(`#${wanted}`).forEach((part, k) => assert.ok(Math.abs(part - got[k]) <= 11, `${name} ${wanted} ${got}`));
    });
  }
});

test('a scale from low to high becomes lighter all the way', () => {
  for (const name of SCALES.filter((each) => each !== 'diverging')) {
    for (let i = 1; i <= 32; i += 1) assert.ok(luminance(colourAt(name, i / 32)) > luminance(colourAt(name, (i - 1) / 32)) - 0.003, `${name} ${i}`);
  }
});

test('the middle of the diverging scale is neutral', () => {
  const middle = parts(colourAt('diverging', 0.5));
  assert.ok(Math.max(...middle) - Math.min(...middle) < 16);
});

test('what lies beyond a scale has the colour of its end', () => {
  assert.equal(colourAt('viridis', -3), colourAt('viridis', 0));
  assert.equal(colourAt('viridis', 3), colourAt('viridis', 1));
});

test('the ends are those of the data, unless they were set', () => {
  assert.deepEqual(endsOf([3, -1, 2], { scale: 'viridis', from: null, to: null }), { from: -1, to: 3 });
  assert.deepEqual(endsOf([3, -1, 2], { scale: 'viridis', from: 0, to: null }), { from: 0, to: 3 });
  assert.deepEqual(endsOf([3, -1, 2], { scale: 'diverging', from: null, to: null }), { from: -3, to: 3 });
  assert.deepEqual(endsOf([3, 1], { scale: 'diverging', from: null, to: null }), { from: 1, to: 3 });
});

test('a value stands between the ends, or from the other side when reversed', () => {
  assert.equal(placeOf(1, { from: 0, to: 4, reversed: false }), 0.25);
  assert.equal(placeOf(1, { from: 0, to: 4, reversed: true }), 0.75);
  assert.equal(placeOf(7, { from: 7, to: 7, reversed: false }), 0.5);
});

test('ticks are round numbers between the ends', () => {
  assert.deepEqual(ticksOf(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticksOf(0.014, 0.061, 4), [0.02, 0.04, 0.06]);
  assert.deepEqual(ticksOf(-130, 260, 4), [-100, 0, 100, 200]);
  assert.deepEqual(ticksOf(5, 5), [5]);
  assert.deepEqual(ticksOf(0.3, 0.1 + 0.2), []); // there is no round number between them, and it ends
  assert.deepEqual(ticksOf(-5e-324, 5e-324), []);
});
