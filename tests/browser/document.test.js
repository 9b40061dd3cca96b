import assert from 'node:assert/strict';
import test from 'node:test';

import { Document, editsTo } from '../../web_static/document.js';

/** A document, and a store that orders what is done: `act` takes one from it. */
function world() {
  let seq = 0;
  const ordered = [];
  const document = new Document();
  const act = (id, person, does) => {
    const operation = { id, person, seq: (seq += 1), ...does };
    ordered.push(operation);
    document.take(operation);
    return operation;
  };
  const write = (id, person, wanted) => act(id, person, { text: [['note/1', editsTo(document.characters('note/1'), wanted)]] });
  return { document, act, write, ordered };
}

const said = (document) => JSON.stringify(document.plain());

test('a register holds the value of the last act that counts, and null removes it', () => {
  const { document, act } = world();
  act('a1', 'ann', { set: [['sort', 1]] });
  act('b1', 'bob', { set: [['sort', 2]] });
  assert.equal(document.get('sort'), 2);
  act('a2', 'ann', { set: [['sort', null]] });
  assert.equal(document.get('sort'), undefined);
});

test('undo of a value that somebody has overwritten leaves the newer one, and that one undone shows what was before both', () => {
  const { document, act } = world();
  act('a1', 'ann', { set: [['sort', 1]] });
  act('b1', 'bob', { set: [['sort', 2]] });
  act('a2', 'ann', { undo: 'a1' });
  assert.equal(document.get('sort'), 2);
  act('b2', 'bob', { undo: 'b1' });
  assert.equal(document.get('sort'), undefined);
  act('a3', 'ann', { redo: 'a1' });
  assert.equal(document.get('sort'), 1);
});

test('redo brings back what was undone last, and nothing once something new was done', () => {
  const { document, act } = world();
  for (const id of ['a', 'b']) act(id, 'ann', { set: [[id, 1]] });
  act('u1', 'ann', { undo: 'b' });
  act('c', 'ann', { set: [['c', 1]] });
  assert.equal(document.redoable('ann'), null);
  act('u2', 'ann', { undo: 'c' });
  act('u3', 'ann', { undo: 'a' });
  assert.equal(document.redoable('ann')?.id, 'a');
  act('r1', 'ann', { redo: 'a' });
  assert.equal(document.redoable('ann')?.id, 'c');
  assert.equal(document.undoable('ann')?.id, 'a');
});

test('what two write at one place stands in the order of the store, with no letter among the other’s', () => {
  const { document, act } = world();
  act('a1', 'ann', { text: [['note/1', [['+', '', 'ab']]]] });
  act('b1', 'bob', { text: [['note/1', [['+', 'a1:0', 'one ']]]] });
  act('c1', 'cat', { text: [['note/1', [['+', 'a1:0', 'two ']]]] });
  assert.equal(document.text('note/1'), 'atwo one b');
});

test('what is written while somebody removes all around it stays', () => {
  const { document, act } = world();
  act('a1', 'ann', { text: [['note/1', [['+', '', 'hello']]]] });
  act('b1', 'bob', { text: [['note/1', [['-', 'a1', 0, 5]]]] });
  act('c1', 'cat', { text: [['note/1', [['+', 'a1:2', 'X']]]] });
  assert.equal(document.text('note/1'), 'X');
  act('b2', 'bob', { undo: 'b1' });
  assert.equal(document.text('note/1'), 'helXlo');
});

test('one’s own stands at once, and what others did comes in before it', () => {
  const { document, act } = world();
  act('a1', 'ann', { text: [['note/1', [['+', '', 'ab']]]] });
  const mine = { id: 'm1', person: 'me', set: [['sort', 1]], text: [['note/1', [['+', 'a1:0', 'M']]]] };
  assert.deepEqual(document.do(mine), ['sort', 'note/1']);
  act('b1', 'bob', { set: [['sort', 2]], text: [['note/1', [['+', 'a1:0', 'B'], ['+', 'a1:1', 'E']]]] });
  assert.equal(document.get('sort'), 1);
  assert.equal(document.text('note/1'), 'aMBbE');
  const before = said(document);
  act('m1', 'me', { set: mine.set, text: mine.text });
  assert.equal(said(document), before);
  assert.deepEqual(document.pending, []);
});

test('what was refused is taken off, and what was done after it stays', () => {
  const { document, act } = world();
  act('a1', 'ann', { set: [['sort', 1]] });
  document.do({ id: 'm1', person: 'me', set: [['sort', 2], ['group', 2]] });
  document.do({ id: 'm2', person: 'me', set: [['sort', 3]] });
  assert.ok(document.refuse('m1').includes('group'));
  assert.equal(document.get('sort'), 3);
  assert.equal(document.get('group'), undefined);
  document.refuse('m2');
  assert.equal(document.get('sort'), 1);
});

test('an undo that was refused says which paths read otherwise', () => {
  const { document, act } = world();
  act('m1', 'me', { set: [['sort', 1]] });
  document.do({ id: 'm2', person: 'me', undo: 'm1' });
  assert.equal(document.get('sort'), undefined);
  assert.deepEqual([...new Set(document.refuse('m2'))], ['sort']);
  assert.equal(document.get('sort'), 1);
});

test('to settle changes nothing that is said, but it is undone no more, and a late one reads the same', () => {
  const { document, act, write, ordered } = world();
  act('a1', 'ann', { set: [['sort', 1], ['group', 1]] });
  write('a2', 'ann', 'hello world');
  write('b1', 'bob', 'hello');
  act('b2', 'bob', { set: [['sort', 2], ['group', null]] });
  write('c1', 'cat', 'hello there');
  act('b3', 'bob', { undo: 'b2' });
  const before = said(document);
  act('settle:4', '', { settle: 4 });
  assert.equal(said(document), before);
  assert.equal(document.undoable('ann'), null);
  assert.equal(document.undoable('cat')?.id, 'c1');
  const late = new Document(document.base());
  for (const operation of ordered) late.take(operation);
  assert.equal(said(late), before);
  act('c2', 'cat', { undo: 'c1' });
  assert.equal(document.text('note/1'), 'hello');
});

test('what was written behind a letter that is settled away stands at its place for a late one too', () => {
  const { document, act, ordered } = world();
  act('a1', 'ann', { text: [['note/1', [['+', '', 'abc']]]] });
  act('a2', 'ann', { text: [['note/1', [['-', 'a1', 0, 1]]]] });
  act('b1', 'bob', { text: [['note/1', [['+', 'a1:0', 'X']]]] });
  act('settle:2', '', { settle: 2 });
  assert.equal(document.text('note/1'), 'Xbc');
  const late = new Document(document.base());
  for (const operation of ordered) late.take(operation);
  assert.equal(late.text('note/1'), 'Xbc');
});

test('what is known by a base already is not taken away with one’s own of the same name', () => {
  const { document, act } = world();
  const text = [['note/1', [['+', '', 'hello']]]];
  act('m1', 'me', { text });
  act('settle:1', '', { settle: 1 });
  const joined = new Document(document.base());
  joined.do({ id: 'm1', person: 'me', text });
  joined.refuse('m1');
  assert.equal(joined.text('note/1'), 'hello');
});

test('thousands of edits in a long text take no walk through it each', () => {
  const { document, act } = world();
  const numbers = [...Array(5000).keys()];
  const begun = performance.now();
  act('a1', 'ann', { text: [['note/1', [['+', '', 'x'.repeat(100_000)], ...numbers.map((i) => ['-', 'a1', i * 20, 1]), ...numbers.map((i) => ['+', `a1:${i * 20 + 1}`, 'y']), ['+', 'gone:1', 'end']]]] });
  const text = document.text('note/1');
  assert.deepEqual([text.length, text.slice(0, 3), text.slice(-3)], [100_003, 'xyx', 'end']);
  assert.ok(performance.now() - begun < 4000, 'walks through all, ten thousand times, take longer');
});

test('registers are read by what their paths begin with', () => {
  const { document, act } = world();
  act('a1', 'ann', { set: [['tags/1/x', true], ['tags/12/x', true], ['tags/1/y', false], ['tag/x/colour', '#fff']] });
  assert.deepEqual(document.below('tags/1/'), [['x', true], ['y', false]]);
  assert.deepEqual(document.below('tags/').map(([rest]) => rest), ['1/x', '12/x', '1/y']);
  act('a2', 'ann', { undo: 'a1' });
  assert.deepEqual(document.below('tags/'), []);
  assert.deepEqual(document.below('none/'), []);
});

test('edits keep what is the same at both ends, and count an emoji as one', () => {
  const { document, write } = world();
  write('a1', 'ann', 'one 🙂 two');
  const edits = editsTo(document.characters('note/1'), 'one 🙃 two');
  assert.deepEqual(edits, [['-', 'a1', 4, 1], ['+', 'a1:3', '🙃']]);
  write('a2', 'ann', 'one 🙃 two');
  assert.equal(document.text('note/1'), 'one 🙃 two');
  assert.deepEqual(editsTo(document.characters('note/1'), 'one 🙃 two'), []);
});
