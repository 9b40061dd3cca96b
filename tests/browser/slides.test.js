import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { bookmarksOf, moved, renamed, slidesOf, stepped, withNew, withOne, without } from '../../web_static/slides.js';

const bookmark = (name) => ({ name, view: { tile: 3 } });

/** A document with bookmarks a, b, c, called C, B, A, and slides. */
const documentOf = (slides) =>
  new Document({ seq: 0, texts: [], registers: [['bookmark/a', bookmark('C')], ['bookmark/b', bookmark('B')], ['bookmark/c', bookmark('A')], ...(slides ? [['slides', slides]] : [])] });

let acts = 0;
const after = (document, changes) => {
  if (changes.length > 0) document.do({ id: `a-${++acts}`, person: 'p', set: changes });
  return slidesOf(document).map(({ id }) => id).join('');
};

test('bookmarks are listed by name, slides in the order that they were given', () => {
  assert.deepEqual(bookmarksOf(documentOf()).map(({ id }) => id), ['c', 'b', 'a']);
  assert.deepEqual(slidesOf(documentOf()), []);
  assert.deepEqual(slidesOf(documentOf(['b', 'c'])), [{ id: 'b', ...bookmark('B') }, { id: 'c', ...bookmark('A') }]);
});

test('a slide whose bookmark is gone, or that is there twice, is shown once or not at all', () => {
  assert.equal(after(documentOf(['b', 'gone', 'a', 'b']), []), 'ba');
});

test('slides are added, moved, renamed and taken out, each as one act', () => {
  const document = documentOf(['a', 'b']);
  assert.equal(after(document, withOne(document, 'c')), 'abc');
  assert.equal(after(document, withOne(document, 'a')), 'bca');
  assert.equal(after(document, moved(document, 'a', -1)), 'bac');
  assert.equal(after(document, moved(document, 'b', 5)), 'acb');
  assert.equal(after(document, withNew(document, 'n', 'New', { text: '' })), 'acbn');
  assert.deepEqual(document.get('bookmark/n'), { name: 'New', view: { text: '' } });
  assert.equal(after(document, renamed(document, 'c', 'Other')), 'acbn');
  assert.deepEqual(document.get('bookmark/c'), { name: 'Other', view: { tile: 3 } });
  assert.equal(after(document, without(document, 'c')), 'abn');
  assert.notEqual(document.get('bookmark/c'), undefined, 'the bookmark stays');
  for (const id of ['a', 'b', 'n']) after(document, without(document, id));
  assert.equal(document.get('slides'), undefined);
});

test('what changes nothing is no act', () => {
  const document = documentOf(['a', 'b']);
  for (const changes of [moved(document, 'a', -1), moved(document, 'b', 1), moved(document, 'gone', 1), renamed(document, 'a', 'C'), renamed(document, 'gone', 'x')]) assert.deepEqual(changes, []);
});

test('a move clears away slides that are gone', () => {
  const document = documentOf(['gone', 'a', 'b']);
  assert.deepEqual(moved(document, 'b', -1), [['slides', ['b', 'a']]]);
});

test('steps lead no further than the ends', () => {
  assert.deepEqual([stepped(0, 1, 3), stepped(2, 1, 3), stepped(0, -1, 3), stepped(1, -Infinity, 3), stepped(1, Infinity, 3)], [1, 2, 0, 0, 2]);
});
