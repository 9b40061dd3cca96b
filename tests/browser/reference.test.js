import assert from 'node:assert/strict';
import test from 'node:test';

import { demandOf } from '../../web_static/demand.js';
import { Document } from '../../web_static/document.js';
import { referenceOf, withReference } from '../../web_static/reference.js';

const REFERENCE = { tile: 3, way: 'signed', scale: 4 };

/** @param {number[]} tiles @param {any} reference */
function wall(tiles, reference) {
  const document = new Document();
  if (reference) document.do({ id: 'a', person: 'me', set: [['reference', reference]] });
  return /** @type {any} */ ({ room: { document }, tiles: new Map(tiles.map((id) => [id, { id }])) });
}

test('the reference is the one that the document names, if it is on the wall', () => {
  assert.deepEqual(referenceOf(wall([1, 3], REFERENCE)), REFERENCE);
  assert.equal(referenceOf(wall([1], REFERENCE)), null);
  assert.equal(referenceOf(wall([1, 3], null)), null);
});

test('the reference is marked where nothing else is said of it', () => {
  const marks = new Map([[1, /** @type {const} */ ('leader')]]);
  assert.deepEqual([...withReference(marks, 3)], [[1, 'leader'], [3, 'reference']]);
  assert.deepEqual([...withReference(marks, 1)], [[1, 'leader']]);
  assert.deepEqual([...withReference(marks, null)], [[1, 'leader']]);
  assert.equal(marks.size, 1);
});

test('what all are held against is asked for out of sight too, and what is off is not', () => {
  const native = { width: 640, height: 480 };
  const away = { x: 5000, y: 0, width: 320, height: 240 };
  const view = { width: 800, height: 600 };
  const asked = (/** @type {object} */ more) => demandOf([{ id: 3, wanted: true, rect: away, native, ...more }], view, 2);
  assert.deepEqual(asked({}), []);
  assert.deepEqual(asked({ needed: true }), [[3, 640, 480, 3]]);
  assert.deepEqual(asked({ needed: true, wanted: false }), []);
});
