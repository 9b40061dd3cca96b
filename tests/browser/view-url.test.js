import assert from 'node:assert/strict';
import test from 'node:test';

import { pieceOf, readView, writeView } from '../../web_static/view-url.js';

const plain = { rect: null, tile: null, open: false, zoomed: [], text: '', rest: 'dim', follow: null, piece: null };

test('the plain view needs no words in the address', () => {
  assert.equal(writeView(plain), '');
  assert.equal(readView(''), null);
  assert.equal(readView('#login=abc'), null);
});

test('every view comes back from its address as it was', () => {
  const views = [
    { ...plain, rect: { x: -0.5, y: 1.25, width: 3.5, height: 2.125 }, tile: 12, open: true },
    { ...plain, zoomed: [5, 3, 9], tile: 3 },
    { ...plain, text: 'class=spots & F>0.03 | "été"', rest: 'hide' },
    { ...plain, follow: 'a1b2c3', piece: { column: 2, row: 0, columns: 3, rows: 2 } },
  ];
  for (const view of views) assert.deepEqual(readView(`#${writeView(view)}`), view);
});

test('what makes no sense in an address is left out, and the rest counts', () => {
  assert.deepEqual(readView('#view=1,2,0,4&tile=-3&zoom=1,x,2.5,7&rest=burn&piece=3,0,3,1&follow=<b>'), { ...plain, zoomed: [1, 7] });
  assert.deepEqual(readView('#open=1&tile='), plain);
});

test('the pieces of a display wall make up what the leader sees', () => {
  const rect = { x: 1, y: 2, width: 6, height: 4 };
  assert.deepEqual(pieceOf(rect, { column: 2, row: 1, columns: 3, rows: 2 }), { x: 5, y: 4, width: 2, height: 2 });
  assert.deepEqual(pieceOf(rect, null), rect);
});
