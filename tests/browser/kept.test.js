import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { changesTo, keptOf, readKept, writeKept } from '../../web_static/kept.js';

const PATHS = ['sort', 'layout/columns', 'brush/', 'brushing'];

/** @param {Record<string, any>} registers */
const documentOf = (registers) => new Document({ seq: 0, registers: Object.entries(registers), texts: [] });
const doing = (document, changes) => document.do({ id: 'a-1', person: 'p', set: changes });

const sorted = { by: 'title', descending: true };
const wet = { ranges: [[1, 2]] };

test('what was kept is what the document says again, after whatever was done meanwhile', () => {
  const was = documentOf({ sort: sorted, 'brush/a': wet, 'brush/b': { values: ['x'] }, 'tile/3/off': true });
  const kept = keptOf(was, PATHS);
  const meanwhile = { 'layout/columns': 4, 'brush/b': wet, 'brush/c': wet, 'tile/4/off': true };
  const now = documentOf(meanwhile);
  doing(now, changesTo(now, kept, PATHS));
  for (const path of ['sort', 'layout/columns', 'brush/a', 'brush/b', 'brush/c', 'brushing']) assert.deepEqual(now.get(path), was.get(path), path);
  assert.equal(now.get('tile/4/off'), true, 'and nothing else is touched');
  assert.equal(now.get('tile/3/off'), undefined);
});

test('where nothing differs nothing is to be done', () => {
  const document = documentOf({ sort: sorted, 'brush/a': wet });
  assert.deepEqual(changesTo(document, keptOf(document, PATHS), PATHS), []);
  assert.deepEqual(changesTo(documentOf({}), keptOf(documentOf({}), PATHS), PATHS), []);
});

test('a bookmark of before there were brushes leaves those alone', () => {
  const document = documentOf({ 'brush/a': wet });
  assert.deepEqual(changesTo(document, [['sort', sorted]], PATHS), [['sort', sorted]]);
});

test('what a bookmark or a link says of other paths, or what makes no sense, is not done', () => {
  const odd = [['tile/3/off', true], ['brush', 1], ['brush/', wet], ['person/x/name', 'a'], 'sort', ['sort'], [3, 4], null, ['layout/gap', 9]];
  assert.deepEqual(changesTo(documentOf({}), odd, PATHS), []);
  for (const kept of [null, undefined, 'sort', { sort: 1 }, 7]) assert.deepEqual(changesTo(documentOf({ sort: sorted }), kept, PATHS), []);
});

test('a link says how the wall stood, in few letters, and how it stood is read from it', () => {
  const was = documentOf({ sort: sorted, 'brush/a': wet });
  const text = writeKept(keptOf(was, PATHS));
  assert.equal(text, JSON.stringify({ sort: sorted, 'brush/a': wet }));
  const now = documentOf({ 'layout/columns': 9, 'brush/b': wet });
  doing(now, changesTo(now, readKept(text, PATHS), PATHS));
  assert.deepEqual(now.plain().registers, was.plain().registers);
});

test('a plain wall is said by nothing, and restored', () => {
  assert.equal(writeKept(keptOf(documentOf({}), PATHS)), '');
  const now = documentOf({ sort: sorted, 'brush/a': wet });
  doing(now, changesTo(now, readKept('', PATHS), PATHS));
  assert.deepEqual(now.plain().registers, {});
});

test('a wall that is too much for a link is left out of it', () => {
  assert.equal(writeKept(keptOf(documentOf({ 'brush/a': { values: ['x'.repeat(5000)] } }), PATHS)), null);
});

test('of a link nothing is believed', () => {
  for (const text of ['{', '[]', '7', 'null', '"sort"']) assert.equal(readKept(text, PATHS), null, text);
  const odd = readKept('{"__proto__":{"sort":1},"constructor":1,"brush/":3,"tile/3/off":true,"sort":null}', PATHS);
  assert.deepEqual(changesTo(documentOf({}), odd, PATHS), []);
});
