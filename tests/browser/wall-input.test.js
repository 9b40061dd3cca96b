import assert from 'node:assert/strict';
import test from 'node:test';

import { HeldKeys, Outbox, Wheel, buttonsOf, placeOf } from '../../web_static/wall-input.js';

/** The agent's side (docs of tvcore/node/wire.py): which pixel is meant. */
const pixelOf = (u, side) => (u * side) >> 16;

test('a point of a small picture is the pixel of the display that is shown there, at any size of both', () => {
  for (const [side, shown] of [[640, 80], [640, 640], [3840, 37], [1, 50], [7, 500], [16384, 3]]) {
    const rect = { x: 13, y: 5, width: shown, height: shown };
    for (let at = 0.25; at < shown; at += shown / 53) {
      const [u, v] = placeOf(rect, { width: side, height: side }, 13 + at, 5 + at);
      assert.equal(pixelOf(u, side), Math.floor((at / shown) * side));
      assert.equal(u, v);
    }
  }
});

test('beside the picture the nearest pixel is meant, and never one outside of the display', () => {
  const rect = { x: 100, y: 100, width: 64, height: 48 };
  const size = { width: 640, height: 480 };
  const pixels = (x, y) => placeOf(rect, size, x, y).map((u, i) => pixelOf(u, [640, 480][i]));
  assert.deepEqual(pixels(0, 0), [0, 0]);
  assert.deepEqual(pixels(164, 148), [639, 479]);
  assert.deepEqual(pixels(1000, 124), [639, 240]);
});

test('over a picture that is turned, the pixel that is shown there is meant', () => {
  const rect = { x: 0, y: 0, width: 48, height: 64 }; // a display of 640 × 480, turned by a quarter
  const size = { width: 640, height: 480 };
  const pixels = (x, y, rotation) => placeOf(rect, size, x, y, rotation).map((u, i) => pixelOf(u, [640, 480][i]));
  assert.deepEqual(pixels(47.95, 0.05, 90), [0, 0]); // its upper left corner is the upper right one now
  assert.deepEqual(pixels(0.05, 0.05, 90), [0, 479]);
  assert.deepEqual(pixels(0.05, 63.95, 270), [0, 0]);
  assert.deepEqual(placeOf({ x: 0, y: 0, width: 64, height: 48 }, size, 63.95, 47.95, 180).map((u, i) => pixelOf(u, [640, 480][i])), [0, 0]);
});

test('a place that fits the leader is the same share of a follower of another size', () => {
  const [u, v] = placeOf({ x: 0, y: 0, width: 100, height: 100 }, { width: 1000, height: 1000 }, 50, 25);
  assert.deepEqual([pixelOf(u, 200), pixelOf(v, 400)], [100, 100]);
});

test('the buttons of the browser become those of RFB: left, middle, right, and no other', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 7, 8, 16].map(buttonsOf), [0, 1, 4, 5, 2, 7, 0, 0]);
});

test('small steps of the wheel add up to whole ones, up and down, left and right', () => {
  const wheel = new Wheel();
  assert.deepEqual(wheel.turn(0, 30), []);
  assert.deepEqual(wheel.turn(0, 30), [16]);
  assert.deepEqual(wheel.turn(0, -110), [8, 8]);
  assert.deepEqual(wheel.turn(-50, 0), [32]);
  assert.deepEqual(wheel.turn(100, 0), [64, 64]);
  assert.equal(wheel.turn(0, 1e9).length, 8);
});

test('of moves in a row over one tile the last is kept; a press between them, and another tile, stay in order', () => {
  const box = new Outbox();
  const at = (tile, u, buttons = 0) => ({ tile, pointer: [u, 0, buttons] });
  box.add(at(1, 10), true);
  box.add(at(1, 20), true);
  box.add(at(1, 20, 1));
  box.add(at(1, 30, 1), true);
  box.add(at(1, 40, 1), true);
  box.add(at(1, 40, 0));
  box.add(at(2, 50), true);
  box.add({ tile: 2, key: [97, true] });
  box.add(at(2, 60), true);
  assert.deepEqual(box.take(), [at(1, 20), at(1, 20, 1), at(1, 40, 1), at(1, 40, 0), at(2, 50), { tile: 2, key: [97, true] }, at(2, 60)]);
  assert.deepEqual(box.take(), []);
});

test('a key goes up in the tile where it went down, also when another has the keys by then', () => {
  const held = new HeldKeys();
  assert.deepEqual(held.press(1, 'KeyA', 97), { tile: 1, key: [97, true] });
  assert.deepEqual(held.lift('KeyA'), { tile: 1, key: [97, false] });
  assert.equal(held.lift('KeyA'), null);
});

test('when another tile gets the keys, all go up where they are down, and the modifiers go down anew', () => {
  const held = new HeldKeys();
  held.press(1, 'ShiftLeft', 0xffe1);
  held.press(1, 'KeyA', 65);
  assert.deepEqual(held.move(2), [
    { tile: 1, key: [0xffe1, false] },
    { tile: 1, key: [65, false] },
    { tile: 2, key: [0xffe1, true] },
  ]);
  assert.deepEqual(held.move(2), []);
  assert.equal(held.lift('KeyA'), null);
  assert.deepEqual(held.lift('ShiftLeft'), { tile: 2, key: [0xffe1, false] });
});

test('what was released by other means is not released again', () => {
  const held = new HeldKeys();
  held.press(1, 'KeyA', 97);
  held.forget();
  assert.equal(held.lift('KeyA'), null);
});
