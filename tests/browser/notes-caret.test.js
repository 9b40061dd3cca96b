import assert from 'node:assert/strict';
import test from 'node:test';

import { caretAfter, merged, spliceOf } from '../../web_static/notes-caret.js';

test('the caret stays in its word while others write before and behind it', () => {
  assert.equal(caretAfter('one two', 'zero one two', 3), 8);
  assert.equal(caretAfter('one two', 'one two three', 3), 3);
  assert.equal(caretAfter('one two', 'one and two', 3), 3); // written just there: behind the caret
  assert.equal(caretAfter('one two', 'two', 7), 3);
  assert.equal(caretAfter('one big three', 'one three', 6), 4); // what it stood in is gone
});

test('a text that both wrote in has what each of them wrote', () => {
  assert.equal(merged('one two', 'one fine two', 'one two three'), 'one fine two three');
  assert.equal(merged('one two', 'one two!', 'zero two'), 'zero two!');
  assert.equal(merged('', 'mine', 'theirs'), 'minetheirs');
  assert.equal(merged('a b', 'a', 'a b c'), 'a c');
  assert.equal(merged('same', 'same', 'other'), 'other');
  assert.equal(merged('same', 'mine', 'same'), 'mine');
});

test('whatever both do at once, no word of either is lost', () => {
  let seed = 7;
  const random = (most) => (seed = (seed * 16807) % 2147483647) % most;
  for (let round = 0; round < 3000; round += 1) {
    const base = 'the quick brown fox'.slice(0, random(20));
    const edit = (word) => {
      const from = random(base.length + 1);
      return base.slice(0, from) + word + base.slice(from + random(base.length - from + 1));
    };
    const both = merged(base, edit('MINE'), edit('5678'));
    assert.ok(both.includes('MINE') && both.includes('5678'), both);
  }
});

test('a character of two units is never cut', () => {
  assert.deepEqual(spliceOf('a😀b', 'a😁b'), { start: 1, end: 3, text: '😁' });
  assert.equal(merged('😀', '😁', '😀 x'), '😁 x');
});
