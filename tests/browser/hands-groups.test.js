import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { changing, freeName, groupsOf, keeping, ledBy, nameFrom, readyOf, touchesGroups } from '../../web_static/hands-groups.js';

const all = () => true;
const group = (changes) => ({ id: 'a', name: 'cold', leader: 1, tiles: [2, 3], ...changes });

/** A document in which each of these operations was done, by one person. */
function documentOf(...sets) {
  const document = new Document();
  sets.forEach((set, i) => document.do({ id: `op-${i}`, person: 'me', set }));
  return document;
}

test('groups stand by their names, without the tiles that are gone', () => {
  const document = documentOf(
    [['hands/b', { name: 'run 10', leader: 1, tiles: [2, 3] }]],
    [['hands/a', { name: 'run 9', leader: 4, tiles: [1, 4, 5] }]],
    [['layout/gap', 4]],
  );
  assert.deepEqual(groupsOf(document, all).map(({ id, name, leader, tiles }) => [id, name, leader, tiles]), [['a', 'run 9', 4, [1, 5]], ['b', 'run 10', 1, [2, 3]]]);
  const [nine, ten] = groupsOf(document, (id) => id !== 4 && id !== 3);
  assert.deepEqual([nine.leader, nine.tiles, ten.leader, ten.tiles], [null, [1, 5], 1, [2]]);
});

test('a group is led by its leader, else by the first that takes input, and by nobody without a follower', () => {
  assert.deepEqual(readyOf(group(), all), { leader: 1, followers: [2, 3] });
  assert.deepEqual(readyOf(group(), (id) => id !== 1), { leader: 2, followers: [3] });
  assert.deepEqual(readyOf(group({ leader: null }), all), { leader: 2, followers: [3] });
  assert.deepEqual(readyOf(group(), (id) => id !== 3), { leader: 1, followers: [2] });
  assert.equal(readyOf(group(), (id) => id === 1), null);
  assert.equal(readyOf(group({ leader: null, tiles: [] }), all), null);
});

test('a group is kept under its name, over the one that has it, which stays together', () => {
  const groups = [group({ together: true }), group({ id: 'b', name: 'hot' })];
  assert.deepEqual(keeping(groups, 'warm', 5, [5, 6], 'new'), [['hands/new', { name: 'warm', leader: 5, tiles: [6] }]]);
  assert.deepEqual(keeping(groups, 'cold', 5, [6], 'new'), [['hands/a', { name: 'cold', leader: 5, tiles: [6], together: true }]]);
  assert.deepEqual(keeping(groups, 'hot', null, [6], 'new'), [['hands/b', { name: 'hot', leader: null, tiles: [6] }]]);
});

test('what changes of a group leaves the rest, also tiles that are gone for now', () => {
  const document = documentOf([['hands/a', { name: 'cold', leader: 1, tiles: [2, 99] }]]);
  assert.deepEqual(changing(document, 'a', { name: 'warm' }), [['hands/a', { name: 'warm', leader: 1, tiles: [2, 99] }]]);
  assert.deepEqual(changing(document, 'a', { together: true }), [['hands/a', { name: 'cold', leader: 1, tiles: [2, 99], together: true }]]);
  assert.deepEqual(changing(document, 'a', { name: 'cold', together: false }), []);
  assert.deepEqual(changing(document, 'gone', { name: 'x' }), []);
  document.do({ id: 'op-9', person: 'me', set: changing(document, 'a', { together: true }) });
  assert.deepEqual(changing(document, 'a', { together: false }), [['hands/a', { name: 'cold', leader: 1, tiles: [2, 99] }]]);
});

test('keeping and removing a group is undone as one act', () => {
  const document = documentOf([['hands/a', { name: 'cold', leader: 1, tiles: [2] }]], [['hands/a', null]]);
  assert.deepEqual(groupsOf(document, all), []);
  document.do({ id: 'u', person: 'me', undo: document.undoable('me').id });
  assert.deepEqual(groupsOf(document, all).map(({ name }) => name), ['cold']);
  document.do({ id: 'v', person: 'me', undo: document.undoable('me').id });
  assert.deepEqual(groupsOf(document, all), []);
});

test('a name is one line of 80 letters, and one that is free is proposed', () => {
  assert.equal(nameFrom('  the  cold\nones '), 'the cold ones');
  assert.equal(nameFrom(' \t'), '');
  assert.equal([...nameFrom('é🙂'.repeat(100))].length, 80);
  const named = (n) => `Group ${n}`;
  assert.equal(freeName([], named), 'Group 1');
  assert.equal(freeName([group({ name: 'Group 1' }), group({ name: 'Group 3' })], named), 'Group 2');
});

test('views are kept together of the groups that a tile leads and that say so', () => {
  const groups = [group({ id: 'a', together: true }), group({ id: 'b' }), group({ id: 'c', leader: null, tiles: [1, 7], together: true }), group({ id: 'd', leader: 2, together: true })];
  assert.deepEqual(ledBy(groups, 1, all).map(({ id }) => id), ['a', 'c']);
  assert.deepEqual(ledBy(groups, 3, (id) => id === 3 || id === 7), []);
});

test('groups are read anew when one of them changed, or all of the document', () => {
  assert.equal(touchesGroups(new Set(['hands/a'])), true);
  assert.equal(touchesGroups(new Set([''])), true);
  assert.equal(touchesGroups(new Set(['sort', 'tile/3/off', 'handsome'])), false);
});
