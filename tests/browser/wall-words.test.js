import assert from 'node:assert/strict';
import test from 'node:test';

import { limitWords, nearEnd } from '../../web_static/limits.js';
import { imageWords } from '../../web_static/panel-facts.js';
import { fitItems, itemsOf } from '../../web_static/wall-state.js';
import { endingsOf } from '../../web_static/wall-strip.js';
import { resultWords } from '../../web_static/work-results.js';

const said = (changes) => ({ head: 'queued', why: '', when: [], where: '', advice: '', since: null, badge: null, ...changes });
const LETTERS = { head: { font: '', size: 10, line: 10, gap: 0 }, line: { font: '', size: 10, line: 10, gap: 0 } };
const context = { font: '', measureText: (text) => ({ width: text.length }) }; // a letter is a pixel wide
const fitted = (tile, width, height) => fitItems(context, itemsOf(tile), LETTERS, width, height).map(({ lines }) => lines.join('|'));

test('with room, all of it stands in its order; without, until when comes before why, and why before the word', () => {
  const tile = { state: 'queued', said: said({ why: 'waits for free nodes', when: ['starts about 14:32 · in 25 min', '~ 14:32'] }) };
  assert.deepEqual(fitted(tile, 40, 100), ['queued', 'waits for free nodes', 'starts about 14:32 · in 25 min']);
  assert.deepEqual(fitted(tile, 20, 20), ['waits for free nodes', '~ 14:32']);
  assert.deepEqual(fitted(tile, 20, 10), ['~ 14:32']);
});

test('the kind of failure comes before its reason, whole or not at all', () => {
  const tile = { state: 'failed', said: said({ head: 'out of memory', why: 'more than 4 GiB' }) };
  assert.deepEqual(fitted(tile, 40, 100), ['out of memory', 'more than 4 GiB', 'Open for its log and what to do']);
  assert.deepEqual(fitted(tile, 20, 10), ['out of memory']);
  assert.deepEqual(fitted(tile, 8, 20), ['out of|memory']);
  assert.deepEqual(fitted(tile, 5, 10), ['more…']);
});

test('a strip says less the less room there is; what is wrong stays longest', () => {
  const live = (badge) => ({ state: 'live', said: said({ badge }) });
  const words = (tile, asOf = null) => endingsOf(tile, asOf, 1000).map(({ badge, word }) => [badge, word]);
  assert.deepEqual(words(live({ bad: false, words: ['software GL', 'software'] })), [['software GL', 'live'], ['software GL', ''], ['software', ''], [null, 'live'], [null, '']]);
  assert.deepEqual(words(live({ bad: true, words: ['no GPU: software GL', 'no GPU', ''] })).at(-1), ['', '']);
  assert.equal(endingsOf(live({ bad: true, words: ['a', 'b', ''] }), null, 1000).at(-1).title, 0); // even without a title
  assert.match(words(live(null), 790)[0][1], /^as of .* · 3 min ago$/);
});

test('a time limit is told from when it warns until the job is over', () => {
  const set = { id: 1, title: 'Patterns', state: 'running', ends: 2000, warns: 1900 };
  assert.deepEqual(nearEnd([set], 1899), []);
  assert.deepEqual(nearEnd([set], 1900), [set]);
  assert.deepEqual(nearEnd([{ ...set, state: 'timeout' }, { ...set, ends: null }], 1950), []);
  assert.equal(limitWords(set, 1940)[2], 'in 1 min');
  assert.match(limitWords(set, 2001).join(''), /^Patterns has reached its time limit/);
});

test('an image is told by its name and the beginning of its digest', () => {
  const images = { '/images/vtk.sif': `sha256:${'ab'.repeat(32)}` };
  assert.equal(imageWords('vtk', images), 'vtk · sha256:abababababab');
  assert.equal(imageWords('/images/vtk.sif', images), 'vtk · sha256:abababababab');
  assert.equal(imageWords('tile', images), 'tile');
  assert.equal(imageWords(null, images), '');
});

test('a result is an error, an exit code, or done', () => {
  assert.equal(resultWords({ tile: 1, error: '' }), 'done');
  assert.equal(resultWords({ tile: 1, error: '', code: 0 }), 'exit code 0');
  assert.equal(resultWords({ tile: 1, error: 'no', code: 0 }), 'no');
});
