import assert from 'node:assert/strict';
import test from 'node:test';

import { Pace } from '../../web_static/wall-pace.js';

/** Draw frames that take so long, each as soon as it may be; return when the last began, and the pace. */
function drawn(takes, frames = 50) {
  const pace = new Pace();
  let now = 1000;
  for (let i = 0; i < frames; i += 1) {
    now += Math.max(0, pace.wait(now));
    pace.begin(now);
    pace.end((now += takes));
  }
  return { pace, now };
}

test('the first picture is drawn at once', () => {
  assert.ok(new Pace().wait(0) <= 0);
});

test('drawing takes at most half of the time', () => {
  const { pace, now } = drawn(10);
  assert.ok(Math.abs(pace.wait(now) - 10) < 0.1);
});

test('a picture that comes after a while is drawn at once, however long frames take', () => {
  const { pace, now } = drawn(30);
  assert.ok(pace.wait(now + 100) <= 0);
});

test('however busy the machine, there are more frames than most tiles have', () => {
  const { pace, now } = drawn(500);
  assert.ok(pace.wait(now) <= 0);
  pace.begin(now);
  assert.equal(pace.wait(now), 40);
});

test('one frame that took long does not slow the next ones much', () => {
  const { pace, now } = drawn(4);
  pace.begin(now);
  pace.end(now + 40);
  assert.ok(pace.wait(now + 40) <= 0);
});
