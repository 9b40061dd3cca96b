import assert from 'node:assert/strict';
import test from 'node:test';

import { namesOf, readDisplay } from '../../web_static/display-address.js';

test('an address says which screen it is for, or that it is a remote control, or neither', () => {
  assert.deepEqual(readDisplay('#s=main&screen=lobby,4,2'), { wall: 'lobby', screen: [4, 2] });
  assert.deepEqual(readDisplay('screen=a-1,16,16'), { wall: 'a-1', screen: [16, 16] });
  assert.deepEqual(readDisplay('#s=main&remote=lobby'), { wall: 'lobby', screen: null });
  for (const odd of ['', '#s=main', '#screen=lobby', '#screen=lobby,0,1', '#screen=lobby,1,17', '#screen=lobby,1,1,1', '#screen=a/b,1,1', '#screen=,1,1', '#remote=', '#remote=a b', '#screen=lobby,1.5,1']) assert.equal(readDisplay(odd), null, odd);
});

test('a browser comes in by the name of its screen, or by another one while somebody is called so', () => {
  const names = namesOf({ wall: 'lobby', screen: [2, 11] });
  assert.equal(names[0], 'lobby 2x11');
  assert.equal(new Set(names).size, names.length);
  assert.ok(namesOf({ wall: 'x'.repeat(24), screen: [16, 16] }).every((name) => name.length <= 40));
  assert.equal(namesOf({ wall: 'lobby', screen: null })[0], 'lobby remote');
});
