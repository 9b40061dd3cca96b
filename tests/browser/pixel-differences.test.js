import assert from 'node:assert/strict';
import test from 'node:test';

import { FACTORS, differ, lumaOf, placeOf } from '../../web_static/pixel-differences.js';
import { colourAt } from '../../web_static/scales.js';

const KINDS = /** @type {const} */ (['absolute', 'signed']);
let seed = 7;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const noise = (pixels = 400) => Uint8ClampedArray.from({ length: 4 * pixels }, () => Math.floor(random() * 256));
const difference = (a, b, kind, factor = 1) => {
  const into = new Uint8ClampedArray(a.length);
  differ(a, b, into, kind, factor);
  return into;
};
const grey = (value) => Uint8ClampedArray.of(value, value, value, 255);
const hex = ([red, green, blue]) => `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;

test('the absolute difference is that of each of red, green and blue, for all pairs of values', () => {
  for (let a = 0; a < 256; a += 1) {
    const [one, other] = [new Uint8ClampedArray(256 * 4), new Uint8ClampedArray(256 * 4)];
    for (let b = 0; b < 256; b += 1) {
      one.set([a, b, 255 - a, 255], 4 * b);
      other.set([b, a, a, 255], 4 * b);
    }
    const found = difference(one, other, 'absolute');
    for (let b = 0; b < 256; b += 1) assert.deepEqual([...found.subarray(4 * b, 4 * b + 4)], [Math.abs(a - b), Math.abs(a - b), Math.abs(255 - 2 * a), 255]);
  }
});

test('absolute, it is the same both ways round, and a picture does not differ from itself', () => {
  for (const factor of FACTORS) {
    const [a, b] = [noise(), noise()];
    assert.deepEqual(difference(a, b, 'absolute', factor), difference(b, a, 'absolute', factor));
    assert.ok(difference(a, a, 'absolute', factor).every((part, i) => part === (i % 4 === 3 ? 255 : 0)));
  }
});

test('signed, what is brighter one way round is as much darker the other', () => {
  for (let a = 0; a < 256; a += 5) {
    for (let b = 0; b < 256; b += 3) {
      assert.equal(hex(difference(grey(a), grey(b), 'signed')), colourAt('diverging', placeOf(a - b, 1)));
      assert.ok(Math.abs(placeOf(a - b, 1) + placeOf(b - a, 1) - 1) < 1e-12);
    }
  }
  const middle = hex(difference(grey(9), grey(9), 'signed', 32));
  assert.equal(middle, colourAt('diverging', 0.5));
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(middle.slice(at, at + 2), 16));
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) < 16, `the middle is neutral: ${middle}`);
});

test('a factor makes it stronger, up to the end of the scale and no further', () => {
  assert.deepEqual(FACTORS.map((factor) => difference(grey(20), grey(10), 'absolute', factor)[0]), [10, 20, 40, 80, 160, 255]);
  assert.equal(hex(difference(grey(200), grey(100), 'signed', 4)), colourAt('diverging', 1));
  assert.equal(hex(difference(grey(100), grey(200), 'signed', 4)), colourAt('diverging', 0));
  assert.deepEqual([placeOf(255, 1), placeOf(-255, 1), placeOf(1, 32), placeOf(9, 32)], [1, 0, (32 + 255) / 510, 1]);
});

test('what comes is opaque whatever came in, and may take the place of what came in', () => {
  for (const kind of KINDS) {
    const [a, b] = [noise(), noise()];
    const expected = difference(a, b, kind, 2);
    assert.ok(expected.every((part, i) => i % 4 !== 3 || part === 255));
    const [intoA, intoB] = [a.slice(), b.slice()];
    differ(intoA, b, intoA, kind, 2);
    differ(a, intoB, intoB, kind, 2);
    assert.deepEqual(intoA, expected);
    assert.deepEqual(intoB, expected);
  }
});

test('of a grey the brightness is its value, and green counts more than red, red more than blue', () => {
  for (let value = 0; value < 256; value += 1) assert.equal(lumaOf(value, value, value), value);
  assert.ok(lumaOf(0, 255, 0) > lumaOf(255, 0, 0) && lumaOf(255, 0, 0) > lumaOf(0, 0, 255));
});

test('pictures that are not of one size have no difference', () => {
  for (const kind of KINDS) assert.throws(() => differ(noise(4), noise(5), noise(4), kind, 1), RangeError);
});
