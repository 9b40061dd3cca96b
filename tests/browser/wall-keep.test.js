import assert from 'node:assert/strict';
import test from 'node:test';

import { Keep } from '../../web_static/wall-keep.js';

/** A keep whose images are plain objects: what they were asked for is written down. */
function bench() {
  const sheets = [];
  const copies = [];
  const image = (name) => ({ name, closed: 0, close() { this.closed += 1; } });
  const keep = new Keep({
    sheet: (width, height) => {
      const made = { ...image(`sheet ${sheets.length}`), width, height };
      sheets.push(made);
      return made;
    },
    copy: (from, x, y, w, h, to, left, top) => copies.push([from.name, x, y, w, h, to.name, left, top]),
  });
  return { keep, sheets, copies, image };
}

const CELL = { whole: true, frame: 1, captured: 5, x: 0, y: 0, w: 120, h: 80, left: 0, top: 0, width: 120, height: 80 };
const AREA = 120 * 80;
const whole = (x = 0, more = {}) => ({ ...CELL, x, ...more });
const part = (more = {}) => ({ ...CELL, whole: false, x: 7, y: 3, w: 10, h: 20, left: 50, top: 40, ...more });

test('a picture that covers its tile is drawn from where it came, without a copy', () => {
  const { keep, copies, sheets, image } = bench();
  const atlas = image('atlas');
  assert.deepEqual(keep.take(atlas, 2 * AREA, [[1, whole()], [2, whole(120)]]), [1, 2]);
  const { x, y, width, height, captured, frame, drawn } = keep.of(2);
  assert.deepEqual({ x, y, width, height, captured, frame, drawn }, { x: 120, y: 0, width: 120, height: 80, captured: 5, frame: 1, drawn: 1 });
  assert.equal(keep.of(2).image, atlas);
  assert.deepEqual([copies, sheets, atlas.closed], [[], [], 0]);
});

test('an atlas is let go once newer pictures cover all its tiles', () => {
  const { keep, copies, image } = bench();
  const [first, second] = [image('first'), image('second')];
  keep.take(first, 2 * AREA, [[1, whole()], [2, whole(120)]]);
  keep.take(second, 2 * AREA, [[2, whole()], [1, whole(120)]]);
  assert.deepEqual([first.closed, second.closed, copies], [1, 0, []]);
  assert.equal(keep.of(1).image, second);
  assert.equal(keep.of(1).drawn, 2);
});

test('what is left of an atlas of which less than half is in use is copied out', () => {
  const { keep, copies, sheets, image } = bench();
  const atlas = image('atlas');
  keep.take(atlas, 4 * AREA, [1, 2, 3, 4].map((id) => [id, whole(120 * (id - 1))]));
  keep.take(image('a'), 2 * AREA, [[1, whole()], [2, whole(120)]]);
  assert.deepEqual([atlas.closed, copies], [0, []]); // just half of it is enough
  keep.take(image('b'), AREA, [[3, whole()]]);
  assert.equal(atlas.closed, 1);
  assert.deepEqual(copies, [['atlas', 360, 0, 120, 80, 'sheet 0', 0, 0]]);
  const { image: now, x, width, drawn, captured } = keep.of(4);
  assert.equal(now, sheets[0]);
  assert.deepEqual({ x, width, drawn, captured }, { x: 0, width: 120, drawn: 1, captured: 5 });
});

test('a part is drawn on a sheet of the tile, with what was there before under it, and its picture is let go', () => {
  const { keep, copies, image } = bench();
  const [atlas, patch] = [image('atlas'), image('patch')];
  keep.take(atlas, AREA, [[1, whole()]]);
  assert.deepEqual(keep.take(patch, 200, [[1, part({ captured: 6, frame: 2 })]]), [1]);
  assert.deepEqual(copies, [['atlas', 0, 0, 120, 80, 'sheet 0', 0, 0], ['patch', 7, 3, 10, 20, 'sheet 0', 50, 40]]);
  assert.deepEqual([atlas.closed, patch.closed], [1, 1]);
  assert.equal(keep.of(1).captured, 6);
});

test('further parts go onto the same sheet, and a whole picture lets it go', () => {
  const { keep, copies, sheets, image } = bench();
  keep.take(image('atlas'), AREA, [[1, whole()]]);
  keep.take(image('a'), 200, [[1, part()]]);
  keep.take(image('b'), 200, [[1, part()], [1, part({ left: 0 })]]);
  assert.deepEqual([sheets.length, copies.length, keep.of(1).drawn], [1, 4, 4]);
  assert.equal(sheets[0].closed, 0);
  keep.take(image('c'), AREA, [[1, whole()]]);
  assert.equal(sheets[0].closed, 1);
});

test('a part of a picture that nobody has, or of another size, changes nothing', () => {
  const { keep, image } = bench();
  const patch = image('patch');
  assert.deepEqual(keep.take(patch, 200, [[1, part()]]), []);
  assert.equal(keep.of(1), undefined);
  keep.take(image('atlas'), AREA, [[1, whole()]]);
  assert.deepEqual(keep.take(image('late'), 200, [[1, part({ width: 240, height: 160 })]]), []);
  assert.equal(keep.of(1).drawn, 1);
  assert.equal(patch.closed, 1);
});

test('a picture of tiles that are not shown is let go at once', () => {
  const { keep, image } = bench();
  const atlas = image('atlas');
  assert.deepEqual(keep.take(atlas, AREA, []), []);
  assert.equal(atlas.closed, 1);
});

test('a tile that left the wall leaves nothing behind', () => {
  const { keep, sheets, image } = bench();
  const atlas = image('atlas');
  keep.take(atlas, 2 * AREA, [[1, whole()], [2, whole(120)]]);
  keep.take(image('patch'), 200, [[1, part()]]);
  keep.drop(1);
  keep.drop(2);
  assert.deepEqual([keep.ids(), atlas.closed, sheets[0].closed], [[], 1, 1]);
});

test('a whole and a part of one tile in one picture are taken in their order', () => {
  const { keep, copies, image } = bench();
  const atlas = image('atlas');
  keep.take(atlas, 2 * AREA, [[1, whole()], [1, part({ x: 130 })]]);
  assert.deepEqual(copies.map(([from]) => from), ['atlas', 'atlas']);
  assert.equal(keep.of(1).shared, false);
  assert.equal(atlas.closed, 1);
});

test('whatever comes, no more pixels are held than twice what is shown and the newest picture', () => {
  let seed = 1;
  const random = (most) => Math.floor(((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * most);
  const live = new Map();
  const held = (area) => {
    const image = { close: () => assert.ok(live.delete(image), 'closed once') };
    live.set(image, area);
    return image;
  };
  const keep = new Keep({ sheet: (width, height) => held(width * height), copy: (from) => assert.ok(live.has(from), 'copied from one that is there') });
  for (let i = 0; i < 3000; i += 1) {
    const ids = new Set(Array.from({ length: 1 + random(12) }, () => random(40)));
    const cells = [...ids].map((id) => [id, random(4) ? whole() : part()]);
    keep.take(held(cells.length * AREA), cells.length * AREA, cells);
    if (random(50) === 0) keep.drop(random(40));
    for (const id of keep.ids()) assert.ok(live.has(keep.of(id).image));
    const pixels = [...live.values()].reduce((sum, area) => sum + area, 0);
    assert.ok(pixels <= 2 * keep.ids().length * AREA, `${pixels} pixels for ${keep.ids().length} tiles`);
  }
});
