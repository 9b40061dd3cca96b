import assert from 'node:assert/strict';
import test from 'node:test';

import { ago, ahead, clock, span, untilOlder } from '../../web_static/times.js';

const NOON = new Date(2026, 10, 24, 12, 0, 0).getTime() / 1000;

test('lengths of time have two parts at most', () => {
  assert.deepEqual([0, 1, 25, 59, 60, 61, 599, 720, 1440, 1500, 2885].map(span), [
    'under 1 min', '1 min', '25 min', '59 min', '1 h', '1 h 1 min', '9 h 59 min', '12 h', '1 day', '1 day 1 h', '2 days',
  ]);
});

test('what is to come counts the minute that has begun, what is past only whole ones', () => {
  assert.equal(ahead(NOON + 241, NOON), '5 min');
  assert.equal(ahead(NOON + 240, NOON), '4 min');
  assert.equal(ahead(NOON + 59, NOON), 'under 1 min');
  assert.equal(ago(NOON - 239, NOON), '3 min');
  assert.equal(ago(NOON + 5, NOON), 'under 1 min'); // the node's clock goes before ours
});

test('a time of another day says the day', () => {
  const today = clock(NOON + 3600, NOON);
  assert.notEqual(clock(NOON + 86400, NOON), clock(NOON, NOON));
  assert.ok(clock(NOON + 86400 + 3600, NOON).endsWith(today));
  assert.match(clock(NOON + 30 * 86400, NOON), /24/);
  const night = NOON + 11.9 * 3600;
  assert.ok(clock(night + 1500, night).length === today.length); // a little after midnight is no other day yet
});

test('the next change of ages is at the first full minute of one of them', () => {
  assert.equal(untilOlder([NOON - 50, NOON - 130], NOON), 10);
  assert.equal(untilOlder([NOON - 119], NOON), 5);
  assert.equal(untilOlder([], NOON), 60);
});
