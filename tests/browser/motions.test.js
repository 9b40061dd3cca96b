import assert from 'node:assert/strict';
import test from 'node:test';

import { cameraAt } from '../../web_static/camera.js';
import { Motions } from '../../web_static/motions.js';

const at = (x, scale = 1) => ({ x, y: 0, scale });
const still = (x, start) => ({ from: at(x), to: at(x), start, duration: 0 });

test('a motion that begins later changes nothing before that very time, and all from then on', () => {
  const motions = new Motions(still(0, 0));
  motions.add(still(5, 1000));
  assert.equal(motions.nextStart, 1000);
  assert.equal(motions.at(999.999).x, 0);
  assert.equal(motions.moving(999), false);
  assert.equal(motions.at(1000).x, 5);
  assert.equal(motions.began, 1000);
  assert.equal(motions.nextStart, Infinity);
});

test('one that comes too late stands where it would stand had it come in time', () => {
  const motion = { from: at(0), to: at(10), start: 1000, duration: 100 };
  const [early, late] = [new Motions(still(0, 0)), new Motions(still(0, 0))];
  early.add(motion);
  early.at(1010);
  early.at(1035);
  late.add(motion);
  assert.deepEqual(late.at(1040), early.at(1040));
  assert.deepEqual(late.at(1040), cameraAt(motion, 1040));
  assert.equal(late.moving(1040), true);
  assert.equal(late.moving(1100), false);
});

test('several wait their turn, and one that begins before others takes their place', () => {
  const motions = new Motions(still(0, 0));
  for (const [x, start] of [[1, 100], [2, 200], [3, 300]]) motions.add(still(x, start));
  assert.equal(motions.at(150).x, 1);
  motions.add(still(9, 250));
  assert.equal(motions.at(210).x, 2);
  assert.equal(motions.at(260).x, 9);
  assert.equal(motions.at(1000).x, 9, 'what was to begin after it does not');
  motions.add(still(4, 0));
  assert.equal(motions.at(1001).x, 4, 'one without a time counts at once');
});

test('of each motion it is known when its first frame was drawn', () => {
  const motions = new Motions(still(0, 0));
  motions.drew(5);
  motions.drew(21);
  motions.add(still(1, 100));
  motions.at(99);
  motions.drew(99);
  motions.at(101);
  motions.drew(103);
  motions.drew(119);
  assert.deepEqual(motions.drawn, [{ start: 0, drawn: 5 }, { start: 100, drawn: 103 }]);
  for (let start = 200; start < 300; start += 1) {
    motions.add(still(2, start));
    motions.at(start);
    motions.drew(start + 3);
  }
  assert.equal(motions.drawn.length, 64);
  assert.deepEqual(motions.drawn.at(-1), { start: 299, drawn: 302 });
});
