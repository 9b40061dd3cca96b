import assert from 'node:assert/strict';
import test from 'node:test';

import { layersOf, sizeOf } from '../../web_static/compare-layers.js';
import { RATES, WAYS, beatOf, compareOf, fits, known, pairOf, paired, read, written } from '../../web_static/compare-state.js';

const view = { width: 1000, height: 600 };
const shown = (tile, rotation = 0) => ({ tile, rotation, width: 320, height: 240 });
const TILES = new Map([3, 5, 8, 9].map((id) => [id, shown(id)]));
const there = (tile) => TILES.has(tile);
const made = (changes = {}, tiles = [3, 5, 8]) => ({ ...compareOf(tiles), ...changes });
const layers = (changes, blink = 0, tiles = TILES) => layersOf(made(changes), tiles, blink, view, 1);

test('two to four tiles are compared, and no others', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(fits), [false, false, true, true, true, false]);
  assert.equal(compareOf([3]), null);
  assert.equal(compareOf([3, 5])?.way, 'side');
});

test('a comparison comes back from its register, which is short for what is as in the beginning', () => {
  assert.deepEqual(written(made()), { tiles: [3, 5, 8], way: 'side' });
  const all = made({ way: 'difference', pair: [2, 0], at: { x: 0.25, y: 0.75, zoom: 4 }, opacity: 0, divider: 0.1, rate: 2.5, kind: 'signed', factor: 32 });
  for (const compare of [made(), all, ...WAYS.map((way) => made({ way }))]) assert.deepEqual(read(written(compare), there), compare);
});

test('what makes no sense in a register counts as if it were not there', () => {
  for (const value of [undefined, null, 3, 'x', [], {}, { tiles: 3 }, { tiles: [3] }, { tiles: [3, 3] }, { tiles: [3, 7] }, { tiles: [3, 5, 8, 9, 3] }]) assert.equal(read(value, there), null);
  const odd = { tiles: [3, 5, 8], way: 'burn', pair: [7, 0], at: 4, opacity: NaN, divider: 'x', rate: 60, kind: 'x', factor: 3 };
  assert.deepEqual(read(odd, there), made({ rate: RATES.most }));
  assert.deepEqual(read({ ...odd, pair: [1, 1], at: { x: -1, y: 2, zoom: 1e9 }, rate: 0 }, there), made({ at: { x: 0, y: 1, zoom: 32 }, rate: RATES.least }));
});

test('what a link or a bookmark says is made a value that the register takes', () => {
  assert.deepEqual(known({ tiles: [3, 7, 5], way: 'swipe', pair: [2, 1], rate: 99, more: 1 }, there), { tiles: [3, 5], way: 'swipe', rate: 3 });
  assert.equal(known({ tiles: [3, 7] }, there), null);
  assert.equal(known(undefined, there), null);
});

test('of a tile that is gone the comparison goes on without it, with the same two where they are there', () => {
  const value = written(made({ way: 'swipe', pair: [3, 1] }, [3, 5, 8, 9]));
  const left = read(value, (tile) => tile !== 3);
  assert.deepEqual(left && [left.tiles, pairOf(left)], [[5, 8, 9], [9, 5]]);
  const other = read(value, (tile) => tile !== 9);
  assert.deepEqual(other && pairOf(other), [3, 5]);
});

test('a pair has two tiles: one that takes the place of the other changes places with it', () => {
  assert.deepEqual(paired([0, 1], 0, 2), [2, 1]);
  assert.deepEqual(paired([0, 1], 1, 2), [0, 2]);
  assert.deepEqual(paired([0, 1], 0, 1), [1, 0]);
  assert.deepEqual(paired([0, 1], 1, 0), [1, 0]);
});

test('at no rate do pictures change more than three times in a second', () => {
  for (const rate of [RATES.most, 2.9, 60, 1e9, Infinity]) assert.ok(beatOf(rate) >= 1000 / 3, String(rate));
  assert.deepEqual([beatOf(1), beatOf(2), beatOf(0), beatOf(-1)], [1000, 500, 4000, 4000]);
});

test('side by side each tile has a panel and a title of its own', () => {
  const found = layers({});
  assert.deepEqual(found.layers.map(({ of, less, opacity }) => [of.tile, less, opacity]), [[3, null, 1], [5, null, 1], [8, null, 1]]);
  assert.deepEqual(found.panels.map(({ tiles }) => tiles), [[3], [5], [8]]);
  assert.equal(new Set(found.layers.map(({ clip }) => JSON.stringify(clip))).size, 3);
  assert.deepEqual([...found.rects.keys()], [3, 5, 8]);
});

test('over each other lie the two of the pair in one place, the second as see-through as is said', () => {
  const { layers: [under, over], panels, rects } = layers({ way: 'overlay', pair: [2, 0], opacity: 0.3 });
  assert.deepEqual([under.of.tile, under.opacity, over.of.tile, over.opacity], [8, 1, 3, 0.3]);
  assert.deepEqual(under.rect, over.rect);
  assert.deepEqual([panels[0].tiles, [...rects.keys()]], [[8, 3], [8, 3]], 'no picture of the third is asked for');
});

test('a divider shows one on its left, the other on its right', () => {
  const { layers: [left, right] } = layers({ way: 'swipe', divider: 0.25 });
  assert.equal(left.clip.x + left.clip.width, right.clip.x);
  assert.deepEqual(left.rect, right.rect);
  assert.ok(Math.abs((right.clip.x - left.rect.x) / left.rect.width - 0.25) < 0.01);
});

test('while it blinks, one is shown in its turn and pictures of all are asked for', () => {
  for (const turn of [0, 1, 2]) {
    const found = layers({ way: 'blink' }, turn);
    assert.deepEqual([found.layers.map(({ of }) => of.tile), found.panels[0].tiles, found.rects.size], [[[3, 5, 8][turn]], [[3, 5, 8][turn]], 3]);
  }
});

test('a difference is one layer, of the first less the second', () => {
  const { layers: [layer, ...more] } = layers({ way: 'difference', pair: [1, 0], kind: 'signed', factor: 8 });
  assert.deepEqual([layer.of.tile, layer.less?.tile, layer.kind, layer.factor, more], [5, 3, 'signed', 8, []]);
});

test('a tile that stands turned is compared as it stands', () => {
  assert.deepEqual(sizeOf(shown(3, 90)), { width: 240, height: 320 });
  const turned = new Map(TILES).set(3, shown(3, 270));
  const { layers: [first] } = layers({ way: 'overlay' }, 0, turned);
  assert.equal(first.of.rotation, 270);
  assert.ok(first.rect.height > first.rect.width);
});
