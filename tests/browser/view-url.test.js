import assert from 'node:assert/strict';
import test from 'node:test';

import { readView, writeView } from '../../web_static/view-url.js';

const plain = { rect: null, tile: null, open: false, zoomed: [], text: '', rest: 'dim', follow: null, own: {}, wall: null };

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
    { ...plain, own: { compare: { tiles: [3, 5], way: 'swipe', at: 0.25 } }, tile: 5 },
    { ...plain, wall: '' },
    { ...plain, wall: '{"sort":{"by":"column:F","descending":true}}', rect: { x: 0, y: 0, width: 2, height: 1 } },
    { ...plain, follow: 'a1b2c3' },
  ];
  for (const view of views) assert.deepEqual(readView(`#${writeView(view)}`), view);
});

test('what makes no sense in an address is left out, and the rest counts', () => {
  assert.deepEqual(readView('#view=1,2,0,4&tile=-3&zoom=1,x,2.5,7&rest=burn&follow=<b>'), { ...plain, zoomed: [1, 7] });
  assert.deepEqual(readView('#open=1&tile='), plain);
  for (const own of ['7', 'null', '[1]', '{"a"', 'x'.repeat(3000), `{"a":"${'x'.repeat(2500)}"}`]) assert.deepEqual(readView(`#tile=3&own=${encodeURIComponent(own)}`), { ...plain, tile: 3 });
  assert.deepEqual(readView(`#tile=3&wall=${'x'.repeat(30_000)}`), { ...plain, tile: 3 });
});
