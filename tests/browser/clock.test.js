import assert from 'node:assert/strict';
import test from 'node:test';

import { ClockFilter, errorOf, sampleOf } from '../../web_static/clock.js';

/** A source of numbers from 0 to 1 that are the same in every run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Ask another clock, which is ahead by `ahead(now)`, at a time of this one; there and back take so many ms. */
const asked = (now, ahead, there, answering, back) => sampleOf(now, now + there + ahead(now + there), now + there + answering + ahead(now + there + answering), now + there + answering + back);

test('the formula of RFC 5905: equal ways give the very offset, and unequal ones are wrong by half their difference', () => {
  assert.deepEqual(sampleOf(1000, 1605, 1606, 1011), { offset: 600, delay: 10, at: 1011 });
  assert.deepEqual(sampleOf(1000, 405, 406, 1011), { offset: -600, delay: 10, at: 1011 });
  const { offset, delay } = sampleOf(1000, 1609, 1610, 1011); // 9 ms there, 1 back
  assert.deepEqual([offset, delay], [604, 10]);
});

test('nothing is known at first, and what is known is forgotten with the line', () => {
  const filter = new ClockFilter();
  assert.equal(filter.offset(5), 0);
  assert.equal(filter.best(5), null);
  filter.add(sampleOf(0, 500, 500, 10));
  assert.equal(filter.offset(10), 495);
  filter.forget();
  assert.deepEqual([filter.offset(10), filter.count], [0, 0]);
});

test('of several answers the quickest counts, so that one slow way does no harm', () => {
  const filter = new ClockFilter();
  const ahead = () => 250;
  for (const [now, there, back] of [[0, 40, 3], [100, 2, 2], [200, 90, 1], [300, 5, 300]]) filter.add(asked(now, ahead, there, 0.5, back));
  assert.ok(Math.abs(filter.offset(700) - 250) < 1e-9);
});

test('with delays as a busy machine has them the estimate is within what it says, which is a few ms', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const next = numbers(seed);
    const delay = () => 0.3 + 8 * next() ** 3 + (next() < 0.2 ? 150 * next() : 0); // mostly quick, now and then held up
    const difference = 1e6 * (next() - 0.5);
    const filter = new ClockFilter();
    let now = 1000;
    for (let i = 0; i < 12; i += 1) {
      filter.add(asked(now, () => difference, delay(), next(), delay()));
      now += 400;
    }
    const best = filter.best(now);
    const wrong = Math.abs(filter.offset(now) - difference);
    assert.ok(wrong <= errorOf(best, now) + 1e-6, `seed ${seed}: ${wrong} ms of ${errorOf(best, now)}`);
    assert.ok(wrong < 5, `seed ${seed}: ${wrong} ms`);
  }
});

test('a clock that runs quicker is followed: an old answer, however quick, counts less in time', () => {
  const rate = 40e-6; // quicker than this one's
  const ahead = (now) => 100 + now * rate;
  const filter = new ClockFilter();
  filter.add(asked(0, ahead, 0.1, 0, 0.1)); // never again as quick
  let worst = 0;
  for (let now = 5000; now < 3_600_000; now += 5000) {
    filter.add(asked(now, ahead, 1, 0, 1));
    if (now > 60_000) worst = Math.max(worst, Math.abs(filter.offset(now + 4999) - ahead(now + 4999)));
  }
  assert.ok(worst < 2, `${worst} ms`);
  assert.equal(filter.count, 8);
});

test('a clock that was put is believed once the answers of before are gone', () => {
  const filter = new ClockFilter();
  for (let i = 0; i < 8; i += 1) filter.add(asked(i * 100, () => 0, 1, 0, 1));
  for (let i = 8; i < 16; i += 1) filter.add(asked(i * 100, () => 3000, 2, 0, 2));
  assert.ok(Math.abs(filter.offset(1700) - 3000) < 1e-9);
});
