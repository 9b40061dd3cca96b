import assert from 'node:assert/strict';
import { test } from 'node:test';

import { goesOn, placeOf, placeWords, stepFrom } from '../../web_static/media-clock.js';

/** @type {import('../../web_static/media-clock.js').Media} */
const movie = { clock: 'seconds', length: 10, pace: 25, play: { at: 2, since: 100, rate: 2 } };
/** @type {import('../../web_static/media-clock.js').Media} */
const pdf = { clock: 'pages', length: 3, pace: 1, play: { at: 0, since: null, rate: 1 } };

test('what plays goes on by the clock and stops at its end', () => {
  assert.equal(placeOf(movie, 101), 4);
  assert.equal(placeOf(movie, 1000), 10);
  assert.equal(placeOf(movie, 50), 0);
  assert.equal(goesOn(movie, 101), true);
  assert.equal(goesOn(movie, 1000), false);
});

test('pages are counted from one', () => {
  assert.equal(placeOf(pdf, 0), 1);
  assert.equal(stepFrom(pdf, 0, -1), 1);
  assert.equal(stepFrom(pdf, 0, 1), 2);
  assert.equal(stepFrom({ ...pdf, play: { at: 3, since: null, rate: 1 } }, 0, 1), 3);
});

test('a step in a movie is a frame', () => {
  const still = { ...movie, play: { at: 2, since: null, rate: 1 } };
  assert.equal(Math.floor(stepFrom(still, 0, 1) * 25), 51);
  assert.equal(Math.floor(stepFrom(still, 0, -1) * 25), 49);
});

test('a place is said in minutes and seconds, or as a page', () => {
  assert.equal(placeWords(movie, 65.4), '1:05');
  assert.equal(placeWords(pdf, 2.9), '2');
});
