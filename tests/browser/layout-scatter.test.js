import assert from 'node:assert/strict';
import test from 'node:test';

import { columnOf } from '../../web_static/columns.js';
import { makeScatter } from '../../web_static/layout-scatter.js';
import { carriedFrom, cellAt, cellsIn, moveFocus, positionAt, rowsOf } from '../../web_static/layout-ways.js';
import { pictureRect } from '../../web_static/layout.js';
import { Model } from '../../web_static/model.js';
import { nudged } from '../../web_static/scatter-apart.js';
import { withSide } from '../../web_static/scatter-menu.js';
import { nearestThatWay } from '../../web_static/scatter-ways.js';
import { StageLayout } from '../../web_static/stage-layout.js';
import { StageScene } from '../../web_static/stage-scene.js';
import { lookedAtLast } from '../../web_static/wall-axes.js';

const view = { width: 1600, height: 950 };
const words = { label: 'no name', log: 'log', missing: 'Without a value' };
const scatter = { x: { by: 'column:a', log: false }, y: { by: 'column:b', log: false }, size: 1 };

/** A plot of these values; ids from 1 on. */
function plot(xs, ys, { log = [false, false], size = 1, window = view, wish = {} } = {}) {
  const spec = { x: { by: 'column:a', log: log[0] }, y: { by: 'column:b', log: log[1] }, size };
  return makeScatter(xs.map((_, i) => i + 1), columnOf('column:a', 'a (m)', xs), columnOf('column:b', 'b', ys), spec, 4 / 3, window, wish, words);
}

/** The middle of a tile. */
function middleOf(grid, id) {
  const cell = grid.cells[grid.ids.indexOf(id)];
  return { x: cell.x + cell.width / 2, y: cell.y + cell.height / 2 };
}

/** Numbers that look random, and are always the same. */
function numbers(count, seed) {
  let state = seed;
  return Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 2147483647);
}

const within = (rect, size) => rect.x >= -1e-9 && rect.y >= -1e-9 && rect.x + rect.width <= size.width + 1e-9 && rect.y + rect.height <= size.height + 1e-9;

/** Which share of the area of all tiles is covered by others, at least. */
function covered(cells) {
  let sum = 0;
  cells.forEach((a, i) => {
    for (const b of cells.slice(i + 1)) {
      const [x, y] = [Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x), Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)];
      if (x > 0 && y > 0) sum += x * y;
    }
  });
  return sum / cells.reduce((all, cell) => all + cell.width * cell.height, 0);
}

test('tiles stand where their values are: to the right by the one, up by the other', () => {
  const grid = plot([0, 5, 10], [0, 10, 5]);
  const [a, b, c] = [1, 2, 3].map((id) => middleOf(grid, id));
  assert.ok(a.x < b.x && b.x < c.x);
  assert.ok(Math.abs((b.x - a.x) / (c.x - a.x) - 0.5) < 1e-6);
  assert.ok(a.y > c.y && c.y > b.y);
  const { rect } = grid.axes;
  for (const cell of grid.cells) assert.ok(cell.x >= rect.x - 1e-9 && cell.x + cell.width <= rect.x + rect.width + 1e-9 && cell.y >= rect.y - 1e-9 && cell.y + cell.height <= rect.y + rect.height + 1e-9);
  assert.deepEqual([...grid.ids].sort(), [1, 2, 3]);
});

test('the whole plot, axes and all, fits the window for which it is made', () => {
  for (const window of [view, { width: 390, height: 760 }, { width: 3840, height: 2160 }]) {
    for (const count of [1, 4, 64, 700]) {
      const { size, cells } = plot(numbers(count, 7), numbers(count, 11), { window });
      const scale = Math.min((window.width - 40) / size.width, (window.height - 40) / size.height);
      assert.ok(Math.abs(size.width * scale - (window.width - 40)) < 2, `${count} in ${window.width}: ${size.width * scale}`);
      assert.ok(cells.every((cell) => within(cell, size)));
      assert.ok(scale >= 10 && scale <= window.width / 2, `${count} tiles of ${scale} px`);
    }
  }
});

test('tiles keep their shape, and fewer are larger; people say how large by a factor', () => {
  const [few, many] = [plot(numbers(16, 3), numbers(16, 5)), plot(numbers(400, 3), numbers(400, 5))];
  const widthOf = (grid) => (view.width - 40) / grid.size.width;
  assert.ok(widthOf(few) > 2 * widthOf(many));
  assert.ok(Math.abs(widthOf(plot(numbers(400, 3), numbers(400, 5), { size: 2 })) / widthOf(many) - 2) < 0.05);
  for (const picture of [{ width: 400, height: 300 }, { width: 100, height: 400 }]) {
    const rect = pictureRect(few, few.cells[0], picture);
    assert.ok(Math.abs(rect.width / rect.height - picture.width / picture.height) < 1e-9 && within({ ...rect, x: rect.x - few.cells[0].x, y: rect.y - few.cells[0].y }, few.cells[0]));
  }
});

test('tiles that would cover each other are moved apart, a little, and always alike', () => {
  for (const count of [20, 100, 300]) {
    const [xs, ys] = [numbers(count, 17), numbers(count, 29)];
    const grid = plot(xs, ys);
    assert.deepEqual(plot(xs, ys).cells, grid.cells);
    const share = covered(grid.cells);
    assert.ok(share < 0.13, `${count}: ${share} of the tiles is covered`);
    const bounds = { x: -100, y: -100, width: 1000, height: 1000 };
    const points = xs.map((x, i) => ({ x: x * 12, y: ys[i] * 9 }));
    nudged(points, { width: 1, height: 1 }, bounds, 0.06).forEach(({ x, y }, i) => assert.ok(Math.abs(x - points[i].x) <= 1.17 && Math.abs(y - points[i].y) <= 1.17));
  }
  assert.deepEqual(nudged([{ x: 0, y: 0 }, { x: 5, y: 0 }], { width: 1, height: 1 }, { x: 0, y: 0, width: 9, height: 9 }, 0.06), [{ x: 0, y: 0 }, { x: 5, y: 0 }], 'where there is room nothing moves');
});

test('those at one point go apart too, and very many there take no time', () => {
  const few = plot([1, 1, 1, 2], [3, 3, 3, 4]);
  assert.equal(new Set(few.cells.map(({ x, y }) => `${x} ${y}`)).size, 4);
  assert.ok(covered(few.cells) < 0.35);
  const before = performance.now();
  plot(Array(20_000).fill(1).map((_, i) => (i < 19_000 ? 1 : i)), numbers(20_000, 3).map((y, i) => (i < 19_000 ? 1 : y)));
  assert.ok(performance.now() - before < 4000, `${performance.now() - before} ms`);
});

test('those without a value stand in rows below, under a label, and count as a lane', () => {
  const grid = plot([1, 2, null, NaN, 4, Infinity], [1, 2, 3, 4, null, 5]);
  assert.deepEqual(grid.lanes.map(({ label, count }) => [label, count]), [['', 2], ['Without a value', 4]]);
  const { rect } = grid.lanes[1];
  assert.deepEqual(grid.ids.slice(2), [3, 4, 5, 6]);
  for (const cell of grid.cells.slice(2)) assert.ok(cell.y >= rect.y + rect.height - 1e-9 && within(cell, grid.size));
  assert.ok(rect.y > grid.axes.rect.y + grid.axes.rect.height);
  const none = plot([null, null], [null, null]);
  assert.deepEqual(none.lanes.map(({ count }) => count), [0, 2]);
  assert.ok(within(none.cells[0], none.size));
  const log = plot([0, -1, 10, 100], [1, 1, 1, 2], { log: [true, false] });
  assert.deepEqual(log.ids.slice(2), [1, 2], 'a logarithm has no zero');
});

test('axes have ticks with room between them, labels with units, and say that they are logarithmic', () => {
  const { axes } = plot([1, 10, 100, 1000], [0, 0.25, 0.5, 1], { log: [true, false] });
  assert.equal(axes.x.label, 'a (m), log');
  assert.equal(axes.y.label, 'b');
  assert.deepEqual(axes.x.ticks.map(({ text }) => text), ['1', '10', '100', '1000']);
  const apart = axes.x.ticks.slice(1).map(({ at }, i) => at - axes.x.ticks[i].at);
  assert.ok(apart.every((each) => Math.abs(each - apart[0]) < 1e-9), 'decades are equally long');
  assert.ok(axes.y.ticks[0].at > axes.y.ticks[1].at, 'up is up');
  const said = plot(['x', 'y', 'x'], [1, 2, 3]).axes.x.ticks;
  assert.deepEqual(said.map(({ text }) => text), ['x', 'y']);
});

test('a tick stands where a tile of that value stands', () => {
  const grid = plot([0, 2, 10], [0, 100, 50]);
  for (const [value, id] of [[0, 1], [2, 2], [10, 3]]) {
    const tick = grid.axes.x.ticks.find(({ text }) => text === String(value));
    if (tick) assert.ok(Math.abs(tick.at - middleOf(grid, id).x) < 1e-6, `${value}`);
  }
  assert.ok(grid.axes.x.ticks.length >= 3);
});

test('they are read in bands from top to bottom, each from left to right', () => {
  const grid = plot(numbers(90, 5), numbers(90, 9));
  assert.deepEqual(rowsOf(grid).flat(), grid.ids);
  assert.ok(grid.rows.length > 3);
  for (const { first, count } of grid.rows) {
    const xs = grid.cells.slice(first, first + count).map(({ x }) => x);
    assert.deepEqual(xs, [...xs].sort((a, b) => a - b));
  }
  assert.ok(grid.cells[0].y < grid.cells.at(-1).y);
});

test('the uppermost tile is at a point, its title below; a frame touches what it does; nothing is inserted', () => {
  const grid = { axes: {}, strip: 0.2, ids: [1, 2], rows: [{}], cells: [{ x: 0, y: 0, width: 1, height: 1 }, { x: 0.5, y: 0.5, width: 1, height: 1 }] };
  assert.deepEqual(cellAt(grid, { x: 0.6, y: 0.6 }), { position: 1, onTitle: false });
  assert.deepEqual(cellAt(grid, { x: 0.2, y: 0.9 }), { position: 0, onTitle: true });
  assert.equal(cellAt(grid, { x: 1.4, y: 0.2 }), null);
  assert.deepEqual(cellsIn(grid, { x: 0, y: 0, width: 0.2, height: 0.2 }), [0]);
  assert.equal(positionAt(grid, { x: 0.5, y: 0.5 }), null);
});

test('arrows lead to the nearest that way, and every tile can be come to', () => {
  const grid = plot([0, 5, 10, 5, 5], [5, 5, 5, 0, 10]);
  const from = (id) => (key) => grid.ids[moveFocus(grid, grid.ids.indexOf(id), key)];
  assert.deepEqual(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map(from(2)), [1, 3, 5, 4]);
  assert.equal(from(1)('ArrowLeft'), 1);
  assert.deepEqual(['Home', 'End', 'PageUp', 'PageDown', 'x'].map(from(2)), [grid.ids[0], grid.ids.at(-1), 5, 4, 2]);
  for (const many of [plot(numbers(150, 3), numbers(150, 8)), plot(Array(9).fill(1), Array(9).fill(1))]) {
    const seen = new Set([0]);
    for (const position of seen) for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) seen.add(nearestThatWay(many, position, key));
    assert.ok(seen.size >= many.ids.length * 0.97, `${seen.size} of ${many.ids.length}`);
  }
});

test('from a grid to a plot the tile in the middle is followed', () => {
  const [before, after] = [plot([0, 1], [0, 1]), plot([1, 0], [0, 1])];
  const from = middleOf(before, 1);
  const { x, y } = carriedFrom(before, after, from);
  assert.ok(Math.abs(from.x + x - middleOf(after, 1).x) < 1e-9 && Math.abs(from.y + y - middleOf(after, 1).y) < 1e-9);
});

test('a side that is chosen alone brings another, and none brings the grid back', () => {
  const there = ['column:a', 'column:b'];
  assert.deepEqual(withSide(null, 'x', 'column:a', there), { x: { by: 'column:a', log: false }, y: { by: 'column:b', log: false }, size: 1 });
  assert.deepEqual(withSide({ ...scatter, size: 2 }, 'y', 'column:a', there), { ...scatter, y: { by: 'column:a', log: false }, size: 2 });
  assert.deepEqual(withSide({ ...scatter, x: { by: 'column:a', log: true } }, 'x', 'column:a', there).x, { by: 'column:a', log: true });
  assert.equal(withSide(scatter, 'x', '', there), null);
  assert.deepEqual(withSide(null, 'y', 'column:a', ['column:a']).x, { by: 'column:a', log: false });
});

test('what is looked at is drawn last, the focus above all', () => {
  const tiles = new Map([[1, { id: 1, focused: true, hovered: false }], [2, { id: 2, focused: false, hovered: true }], [3, { id: 3, focused: false, hovered: false }]]);
  assert.deepEqual([...lookedAtLast(tiles)].map(({ id }) => id), [3, 2, 1]);
});

/** A wall of these tiles' metadata, laid out. */
function laid(...rows) {
  const model = new Model();
  model.setMe({ role: 'owner', rights: ['see', 'arrange'], person: 'me' });
  const columns = ['F', 'k'].map((name) => ({ name, dtype: 'f8', unit: name === 'F' ? 'm' : '', description: null, role: 'result' }));
  model.replace({ session: 's', revision: 1, sets: [{ id: 1, columns }], tiles: rows.map((metadata, i) => ({ id: i + 1, set: 1, index: i, title: `t${i}`, state: 'live', reason: '', node: 'n', job: 'j', frames: 0, width: 640, height: 480, tags: [], metadata, stream: 0 })) });
  const layout = new StageLayout(model);
  layout.view = view;
  layout.update();
  return { model, layout, room: model.room };
}

const byTwo = { x: { by: 'column:F', log: false }, y: { by: 'column:k', log: false }, size: 1 };
const middles = ({ grid, pictures }) => new Map(grid.ids.map((id) => [id, [pictures.get(id).x + pictures.get(id).width / 2, pictures.get(id).y + pictures.get(id).height / 2]]));

test('the register lays the wall out; a search, a brush and hiding move no tile that stays', () => {
  const { model, layout, room } = laid(...numbers(40, 3).map((F, i) => ({ F: 10 * F, k: i % 7 })));
  room.set([['layout/scatter', byTwo], ['layout/tile', 300]], 'scatter');
  layout.update();
  assert.equal(layout.grid.axes.x.label, 'F (m)');
  assert.equal(layout.wish.tile, undefined, 'the size is that of the plot');
  const before = middles(layout);
  assert.equal(before.size, 40);
  const found = [...model.tiles.values()].filter(({ metadata }) => metadata.F > 4 && metadata.F < 6).map(({ id }) => id);
  room.set([['person/me/filter', { text: 'F=4..6', rest: 'hide' }]], 'search');
  model.setMatches(found);
  layout.update();
  assert.deepEqual([...layout.grid.ids].sort((a, b) => a - b), found);
  const [low, high] = [layout.grid.axes.x.ticks[0].text, layout.grid.axes.x.ticks.at(-1).text];
  assert.ok(Number(low) < 4 && Number(high) > 6, `axes reach from ${low} to ${high} still`);
  for (const [id, place] of middles(layout)) assert.deepEqual(place, before.get(id));
});

test('columns that were made and the numbers of tags are axes too; who zooms on tiles sees them side by side', () => {
  const { model, layout, room } = laid({ F: 1 }, { F: 2 }, { F: 3 });
  room.set([['made/pca_1', { how: 'PCA', unit: '', values: [[1, 5], [2, -5], [3, 0]], tagged: null }], [`tags/1/${encodeURIComponent('{age,0,3,20}')}`, true], [`tags/2/${encodeURIComponent('{age,0,9,20}')}`, true]], 'analysis');
  room.set([['layout/scatter', { ...byTwo, x: { by: 'column:pca_1', log: false }, y: { by: 'tag:age', log: false } }]], 'scatter');
  layout.update();
  const at = middles(layout);
  assert.ok(at.get(2)[0] < at.get(1)[0] && at.get(2)[1] < at.get(1)[1]);
  assert.deepEqual(layout.grid.lanes.map(({ label, count }) => [label, count]), [['', 2], ['Without a value', 1]]);
  room.set([[model.own('zoomed'), [1, 3]]], 'zoom');
  layout.update();
  assert.equal(layout.grid.axes, undefined);
  assert.equal(layout.scatter, null);
  room.set([[model.own('zoomed'), null]], 'zoom');
  assert.equal(room.undo(), 'zoom');
  room.set([['layout/scatter', null], [model.own('zoomed'), null]], 'scatter');
  layout.update();
  assert.deepEqual(layout.grid.ids, [1, 2, 3]);
});

test('the worker is told of the axes, and tiles travel to their places', () => {
  const { model, layout, room } = laid({ F: 1, k: 2 }, { F: 2, k: 1 });
  const told = [];
  const scene = new StageScene(model, layout, (message) => told.push(message));
  scene.layOut(0, 0);
  room.set([['layout/scatter', byTwo]], 'scatter');
  layout.update();
  scene.layOut(100, 170);
  assert.equal(told[0].axes, null);
  assert.deepEqual([told[1].axes, told[1].start, told[1].duration, told[1].tiles.length], [layout.grid.axes, 100, 170, 2]);
});

test('tiles are as large as suits where the register does not say', () => {
  const { layout, room } = laid({ F: 1, k: 2 }, { F: 2, k: 1 });
  room.set([['layout/scatter', byTwo]], 'scatter');
  layout.update();
  const { cells } = layout.grid;
  room.set([['layout/scatter', { x: byTwo.x, y: byTwo.y }]], 'scatter');
  layout.update();
  assert.deepEqual(layout.grid.cells, cells);
});

test('a column that nobody has any more leaves all tiles below, and nothing breaks', () => {
  const { layout, room } = laid({ F: 1 }, { F: 2 });
  room.set([['layout/scatter', { ...byTwo, y: { by: 'column:gone', log: true } }]], 'scatter');
  layout.update();
  assert.deepEqual(layout.grid.lanes.map(({ count }) => count), [0, 2]);
  assert.equal(layout.grid.axes.y.label, 'gone');
  room.set([['tile/1/hidden', true], ['tile/2/hidden', true]], 'hide');
  layout.update();
  assert.deepEqual(layout.grid.ids, []);
});
