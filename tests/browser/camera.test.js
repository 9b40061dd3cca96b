import assert from 'node:assert/strict';
import test from 'node:test';

import * as optics from '../../web_static/camera.js';

const view = { width: 1200, height: 800 };
const wall = { width: 4.2, height: 3.5 };
const near = (actual, expected, message) => assert.ok(Math.abs(actual - expected) < 1e-6, `${message ?? ''} ${actual} is not ${expected}`);

test('the point under the pointer stays under it, however one zooms', () => {
  let camera = { x: 0.3, y: -0.7, scale: 260 };
  for (const [factor, x, y] of [[1.25, 10, 20], [0.3, 700, 5], [9, 1199, 799], [1 / 3, 0, 0]]) {
    const before = optics.toWall(camera, x, y);
    camera = optics.zoomAt(camera, factor, x, y);
    const after = optics.toWall(camera, x, y);
    near(after.x, before.x);
    near(after.y, before.y);
  }
});

test('zooming in and out again at one point leads back', () => {
  const camera = { x: 1, y: 2, scale: 300 };
  const back = optics.zoomAt(optics.zoomAt(camera, 3, 400, 500), 1 / 3, 400, 500);
  near(back.x, camera.x);
  near(back.y, camera.y);
  near(back.scale, camera.scale);
});

test('fitting shows all of a rectangle, in the middle, with the margin', () => {
  for (const rect of [{ x: 0, y: 0, width: 4, height: 1 }, { x: -3, y: 5, width: 1, height: 9 }]) {
    const on = optics.toScreen(optics.fitRect(rect, view, 20), rect);
    near(on.x + on.width / 2, view.width / 2);
    near(on.y + on.height / 2, view.height / 2);
    near(Math.min(on.x, on.y), 20);
  }
});

test('panning moves the wall by as many pixels as the hand', () => {
  const camera = { x: 0.5, y: 0.5, scale: 123 };
  const rect = { x: 1, y: 1, width: 1, height: 1 };
  const [before, after] = [camera, optics.panBy(camera, 31, -17)].map((one) => optics.toScreen(one, rect));
  near(after.x - before.x, 31);
  near(after.y - before.y, -17);
});

test('zoom ends at its limits, in both directions', () => {
  const camera = { x: 0, y: 0, scale: 250 };
  const { least, most } = optics.scaleLimits(wall, view);
  near(camera.scale * optics.limitedFactor(camera, 1e9, wall, view), most);
  near(camera.scale * optics.limitedFactor(camera, 1e-9, wall, view), least);
  near(optics.limitedFactor(camera, 1.1, wall, view), 1.1);
});

test('nobody gets lost: the middle of the view stays on the wall', () => {
  for (const camera of [{ x: 99, y: -99, scale: 200 }, { x: -99, y: 99, scale: 5000 }]) {
    const kept = optics.keepOnWall(camera, wall, view);
    const middle = optics.toWall(kept, view.width / 2, view.height / 2);
    assert.ok(middle.x > -1e-9 && middle.x < wall.width + 1e-9);
    assert.ok(middle.y > -1e-9 && middle.y < wall.height + 1e-9);
  }
});

test('revealing moves the camera only as far as needed, and not at all when the tile is in sight', () => {
  const camera = { x: 0, y: 0, scale: 300 };
  assert.deepEqual(optics.reveal(camera, { x: 1, y: 1, width: 1, height: 1 }, view, 10), camera);
  const tile = { x: 7, y: 1, width: 1, height: 1 };
  const on = optics.toScreen(optics.reveal(camera, tile, view, 10), tile);
  near(on.x + on.width, view.width - 10);
  const large = { x: 0, y: 0, width: 30, height: 30 };
  const centred = optics.toScreen(optics.reveal(camera, large, view, 10), large);
  near(centred.x + centred.width / 2, view.width / 2);
});

test('a motion starts and ends exactly, and zooms around one fixed point', () => {
  const from = { x: 0, y: 0, scale: 100 };
  const to = optics.zoomAt(from, 4, 300, 200);
  const motion = { from, to, start: 1000, duration: 170 };
  assert.deepEqual(optics.cameraAt(motion, 2000), to);
  assert.deepEqual(optics.cameraAt(motion, 900), from);
  const fixed = optics.toWall(from, 300, 200);
  for (const now of [1010, 1050, 1085, 1120, 1165]) {
    const point = optics.toWall(optics.cameraAt(motion, now), 300, 200);
    near(point.x, fixed.x);
    near(point.y, fixed.y);
  }
});

test('a motion without zoom goes straight, and without duration it is over', () => {
  const motion = { from: { x: 0, y: 0, scale: 50 }, to: { x: 2, y: 4, scale: 50 }, start: 0, duration: 100 };
  const half = optics.cameraAt(motion, 50);
  near(half.x, 1);
  near(half.y, 2);
  assert.deepEqual(optics.cameraAt({ ...motion, duration: 0 }, 0), motion.to);
});

test('easing is calm at both ends and never turns back', () => {
  const steps = Array.from({ length: 101 }, (_, i) => optics.ease(i / 100));
  assert.equal(steps[0], 0);
  assert.equal(steps[100], 1);
  assert.ok(steps.every((value, i) => i === 0 || value >= steps[i - 1]));
  assert.ok(steps[5] < 0.01 && steps[95] > 0.99);
});
