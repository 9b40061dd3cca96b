import assert from 'node:assert/strict';
import test from 'node:test';

import { clock } from '../../web_static/times.js';
import { lineOf, nameOf, say } from '../../web_static/words.js';

const NOW = new Date(2026, 10, 24, 12, 0, 0).getTime() / 1000;
const tile = (changes) => ({ id: 1, title: '12 spots', state: 'live', reason: '', node: null, renderer: null, cause: '', advice: '', ...changes });
const sayNow = (changes, set) => say(tile(changes), set, NOW);

test('what is queued says why and until when', () => {
  const said = sayNow({ state: 'queued', reason: 'waits for free nodes', expected_start: NOW + 1500 });
  assert.equal(said.head, 'queued');
  const at = clock(NOW + 1500, NOW);
  assert.deepEqual(said.when, [`starts about ${at} · in 25 min`, `about ${at} · in 25 min`, `about ${at}`, `~ ${at}`]);
  assert.equal(lineOf(said, NOW), `waits for free nodes · ${said.when[0]}`);
});

test('the start may be known for the whole set, be over, or not be known', () => {
  assert.match(sayNow({ state: 'queued' }, { expected_start: NOW + 60 }).when[0], /in 1 min/);
  assert.match(sayNow({ state: 'queued', expected_start: NOW - 60 }).when[0], /was to start/);
  assert.deepEqual(sayNow({ state: 'queued' }).when, ['start not known yet', 'start unknown']);
  assert.equal(sayNow({ state: 'queued' }).why, 'waits for its job to start');
});

test('what failed has its cause for a headline, said once, and the advice', () => {
  const said = sayNow({ state: 'failed', cause: 'node failure', reason: 'node failure: c2 does not answer', advice: 'Launch again.' });
  assert.deepEqual([said.head, said.why, said.advice], ['node failure', 'c2 does not answer', 'Launch again.']);
  assert.equal(sayNow({ state: 'failed', reason: 'killed' }).head, 'failed');
});

test('a cause of long ago says nothing of a tile that runs again', () => {
  const said = sayNow({ cause: 'out of memory', advice: 'Ask for more.' });
  assert.deepEqual([said.head, said.advice], ['live', '']);
});

test('what starts says where, and what is live which GL draws', () => {
  assert.equal(lineOf(sayNow({ state: 'starting', node: 'c1' }), NOW), 'its display is coming up · on c1');
  assert.equal(sayNow({ renderer: 'llvmpipe' }).badge.words[0], 'software GL');
  assert.equal(sayNow({ state: 'failed', renderer: 'llvmpipe' }).badge, null);
});

test('the name for a screen reader has state, cause, reason, GL and age', () => {
  const name = (changes) => nameOf(tile(changes), sayNow(changes), NOW);
  assert.equal(name({ renderer: 'llvmpipe' }), '12 spots, live, software GL');
  const gl = { way: 'mesa', renderer: 'llvmpipe', vendor: '', version: '', gpu: null, software: true, promised: true, wrong: false, note: 'no /dev/dri' };
  assert.equal(name({ gl }), '12 spots, live, warning, no GPU: software GL: no /dev/dri');
  assert.equal(name({ state: 'failed', cause: 'out of memory', reason: 'more than 1 GiB' }), '12 spots, failed: out of memory: more than 1 GiB');
  assert.match(name({ away: NOW - 180 }), /has not answered since .* \(3 min\)/);
});
