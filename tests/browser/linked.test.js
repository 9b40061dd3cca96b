import assert from 'node:assert/strict';
import test from 'node:test';

import { scaleOf } from '../../web_static/axis-scale.js';
import { brushesIn, brushPath, Brushing, difference, intervalsOf, merged, passes, sortedBy } from '../../web_static/brushing.js';
import { axesOf, columnOf, moved, ofNumbers } from '../../web_static/columns.js';
import { Density, HEIGHT } from '../../web_static/density.js';
import { Document } from '../../web_static/document.js';
import { countsOf } from '../../web_static/histograms.js';
import { Linked } from '../../web_static/linked.js';
import { BINS, binsOf, NONE } from '../../web_static/tallies.js';

/** Numbers by chance, the same each time (mulberry32). */
function chances(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A column of numbers by chance: some equal, some missing, some infinite. */
const numbers = (chance, size, by) => columnOf(by, by, Array.from({ length: size }, () => [null, NaN, Infinity, Math.round(chance() * 20) / 4 - 2, chance() * 5 - 2, chance() * 5 - 2][Math.floor(chance() * 6)]));
const words = (chance, size, by) => columnOf(by, by, Array.from({ length: size }, () => [null, '', 'a', 'b', 'c', true][Math.floor(chance() * 6)]));
const pick = (chance, list) => list[Math.floor(chance() * list.length)];

/** A brush by chance, or null. */
function brushFor(column, chance) {
  if (chance() < 0.2) return null;
  if (column.kind === 'words') return { values: column.words.filter(() => chance() < 0.5).concat(chance() < 0.2 ? ['gone'] : []) };
  const end = () => (chance() < 0.15 ? null : chance() < 0.5 ? Math.round(chance() * 20) / 4 - 2 : chance() * 6 - 2.5);
  return { ranges: Array.from({ length: 1 + Math.floor(chance() * 3) }, () => [end(), end()].sort((a, b) => (a ?? -9) - (b ?? -9))) };
}
const raw = (column, member) => (Number.isNaN(column.values[member]) ? null : column.kind === 'words' ? column.words[column.values[member]] : column.values[member]);

test('a column of numbers has its ends; what is not finite is missing, and nothing is zero that is not there', () => {
  const { kind, values, low, high, positive, missing } = columnOf('column:F', 'F', [3, null, NaN, undefined, -1, Infinity, 0.5, '']);
  assert.deepEqual({ kind, low, high, positive, missing }, { kind: 'number', low: -1, high: 3, positive: 0.5, missing: 5 });
  assert.deepEqual([...values], [3, NaN, NaN, NaN, -1, NaN, 0.5, NaN]);
  assert.deepEqual([columnOf('x', 'x', [null]).low, columnOf('x', 'x', []).high], [0, 1]);
});

test('a column of words has them in order, as people count; numbers among them are words', () => {
  const { kind, words: all, values, missing } = columnOf('column:c', 'c', ['b10', 'b9', '', null, true, 4, 'b9']);
  assert.deepEqual({ kind, all, missing }, { kind: 'words', all: ['4', 'b9', 'b10', 'true'], missing: 2 });
  assert.deepEqual([...values], [2, 1, NaN, NaN, 3, 0, 1]);
});

test('by themselves the axes are columns that tell members apart; chosen ones are those that are there', () => {
  const columns = [columnOf('column:same', '', [1, 1]), columnOf('column:F', '', [1, 2]), columnOf('column:c', '', ['a', 'b']), columnOf('column:title', '', Array.from({ length: 13 }, (_, i) => `t${i}`))];
  assert.deepEqual(axesOf(undefined, columns).map(({ by }) => by), ['column:F', 'column:c']);
  const chosen = ['column:gone', 'column:same'].map((by) => ({ by, flipped: true, log: false }));
  assert.deepEqual(axesOf(chosen, columns), [chosen[1]]);
  assert.deepEqual(axesOf([], columns), []);
  assert.deepEqual([moved(['a', 'b', 'c'], 0, 2), moved(['a', 'b', 'c'], 2, 0)], [['b', 'c', 'a'], ['c', 'a', 'b']]);
});

test('a scale places values and finds them again, flipped and log; what a log scale has no place for has none', () => {
  const column = columnOf('x', 'x', [-5, 0, 0.01, 1, 100, null]);
  for (const flipped of [false, true]) {
    for (const log of [false, true]) {
      const scale = scaleOf(column, { flipped, log });
      for (const value of [0.01, 1, 100]) assert.ok(Math.abs(scale.value(scale.place(value)) - value) < 1e-9 * Math.max(1, value));
      assert.equal(scale.place(100), flipped ? 0 : 1);
      assert.equal(Number.isNaN(scale.place(0)), log);
      assert.ok(Number.isNaN(scale.place(NaN)));
    }
  }
  const log = scaleOf(column, { log: true });
  assert.ok(Math.abs(log.place(1) - 0.5) < 1e-12);
  assert.deepEqual(log.ticks().map(({ value }) => value), [0.01, 0.1, 1, 10, 100]);
  assert.equal(scaleOf(columnOf('x', 'x', [-1, 0]), { log: true }).log, false);
  const one = scaleOf(columnOf('x', 'x', [7, 7]));
  assert.deepEqual([one.place(7), one.value(0.3), one.place(NaN)], [0.5, 7, NaN]);
  const wide = scaleOf(columnOf('x', 'x', [-1.7e308, 0, 1.7e308]));
  assert.deepEqual([wide.place(-1.7e308), wide.place(0), wide.place(1.7e308), wide.value(0.5)], [0, 0.5, 1, 0]);
  const word = scaleOf(columnOf('x', 'x', ['a', 'b', 'c', 'd']), { flipped: true });
  assert.deepEqual([0, 1, 2, 3].map((i) => [word.place(i), word.value(word.place(i))]), [[0.875, 0], [0.625, 1], [0.375, 2], [0.125, 3]]);
  assert.ok(scaleOf(columnOf('x', 'x', [3, 4]), { log: true }).ticks().length > 0);
});

test('brushes are read from the document, and a value passes within a range or as one of the words', () => {
  const document = new Document();
  document.do({ id: 'a', person: 'p', set: [[brushPath('column:a/b %'), { ranges: [[0, 1]] }], ['brush/%zz', { ranges: [[0, 1]] }]] });
  assert.deepEqual([...brushesIn(document)], [['column:a/b %', { ranges: [[0, 1]] }]]);
  const range = { ranges: [[null, 1], [3, 4], [9, null]] };
  assert.deepEqual([-8, 1, 1.1, 3, 4, 4.1, 9, 1e9].map((value) => passes(value, range)), [true, true, false, true, true, false, true, true]);
  assert.deepEqual([null, undefined, NaN, Infinity, '1', true].map((value) => passes(value, range)), Array(6).fill(false));
  assert.deepEqual(['a', '', null, true, 4].map((value) => passes(value, { values: ['a', 'true', '4', ''] })), [true, false, false, true, true]);
  assert.deepEqual(merged([[5, 6], [1, 2], [null, 0], [2, 3], [5.5, null]]), [[null, 0], [1, 3], [5, null]]);
  assert.deepEqual(difference([[0, 4], [6, 9]], [[2, 7]]), [[0, 2, 1], [4, 6, -1], [7, 9, 1]]);
});

test('members are sorted by value, whatever the values', () => {
  const chance = chances(3);
  for (const make of [() => chance(), () => Math.round(chance() * 4), () => 10 ** (chance() * 600 - 300), () => (chance() * 2 - 1) * Number.MAX_VALUE, () => 7]) {
    const values = Float64Array.from({ length: 700 }, () => (chance() < 0.1 ? NaN : make()));
    const { order, sorted, missing } = sortedBy(values);
    assert.deepEqual([...sorted], [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b));
    assert.deepEqual([...order].map((member) => values[member]), [...sorted]);
    assert.deepEqual([...order, ...missing].sort((a, b) => a - b), [...values.keys()]);
  }
});

test('who passes is what a plain look at every member says, however brushes change', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const chance = chances(seed);
    const size = 1 + Math.floor(chance() * 60);
    const columns = [numbers(chance, size, 'column:a'), words(chance, size, 'column:b'), numbers(chance, size, 'column:c')];
    const brushing = new Brushing(columns.map(({ values }) => values), size);
    const passing = new Set(Array(size).keys());
    const brushes = columns.map(() => null);
    for (let step = 0; step < 30; step += 1) {
      const at = Math.floor(chance() * columns.length);
      brushes[at] = brushFor(columns[at], chance);
      brushing.set(at, intervalsOf(brushes[at] ?? undefined, columns[at]), (member, by) => (by > 0 ? passing.add(member) : passing.delete(member)));
      const wanted = Array.from({ length: size }, (_, member) => member).filter((member) => columns.every((column, i) => brushes[i] === null || passes(raw(column, member), brushes[i])));
      assert.deepEqual([...passing].sort((a, b) => a - b), wanted, `seed ${seed}, step ${step}: ${JSON.stringify(brushes)}`);
      assert.equal(brushing.passing, wanted.length);
      assert.deepEqual([...brushing.fails].map((fails, member) => [fails, member]).filter(([fails]) => fails === 0).map(([, member]) => member), wanted);
    }
  }
});

/** Count pairs of bins as one would by hand. */
function counted(bins, [a, b], shift, side, passing) {
  const counts = new Int32Array(side * side);
  for (let member = 0; member < bins[a].length; member += 1) if (passing(member)) counts[(bins[a][member] >> shift) * side + (bins[b][member] >> shift)] += 1;
  return counts;
}

test('tallies kept up with each brush are those counted anew, and so is the picture of them, to the pixel', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const chance = chances(100 + seed);
    const size = 50 + Math.floor(chance() * 400);
    const columns = [numbers(chance, size, 'column:a'), words(chance, size, 'column:b'), numbers(chance, size, 'column:c')];
    const axes = columns.map(({ by }, i) => ({ by, flipped: chance() < 0.5, log: i === 2 }));
    const linked = new Linked([...Array(size).keys()], columns, axes);
    const shift = seed % 2;
    const pairs = shift ? [[0, 1], [0, 2], [1, 2]] : [[0, 1], [1, 2]];
    linked.count(pairs, shift);
    const { tallies } = linked;
    const density = new Density(pairs.length);
    if (!shift) {
      density.fill(tallies.passing);
      tallies.drain(() => {});
    }
    const brushes = new Map();
    for (let step = 0; step < 12; step += 1) {
      const column = pick(chance, columns);
      const brush = brushFor(column, chance);
      if (brush) brushes.set(column.by, brush);
      else brushes.delete(column.by);
      linked.brush(brushes);
      pairs.forEach((pair, i) => {
        const part = (counts) => [...counts.subarray(i * tallies.side ** 2, (i + 1) * tallies.side ** 2)];
        assert.deepEqual(part(tallies.all), [...counted(linked.bins, pair, shift, tallies.side, () => true)]);
        assert.deepEqual(part(tallies.passing), [...counted(linked.bins, pair, shift, tallies.side, (member) => linked.passes(member))]);
      });
      if (shift) continue;
      tallies.drain((gap, one, other, by) => density.add(gap, one, other, by));
      const anew = new Density(pairs.length);
      anew.fill(tallies.passing);
      const [kept, whole] = [density, anew].map((each) => {
        const pixels = new Uint32Array(each.width * HEIGHT);
        each.draw(pixels, [200, 100, 50], 0.9, 60);
        return pixels;
      });
      assert.deepEqual(kept, whole);
    }
  }
});

test('what has no place on its axis stands in a bin of its own, below the others', () => {
  const column = ofNumbers('x', 'x', Float64Array.from([0, 1, NaN, 0.5]));
  assert.deepEqual([...binsOf(column.values, scaleOf(column))], [0, BINS - 1, NONE, BINS / 2]);
  assert.deepEqual([...binsOf(column.values, scaleOf(column, { log: true }))], [NONE, BINS - 1, NONE, 0]);
  const density = new Density(1);
  density.add(0, NONE, NONE, 1);
  const pixels = new Uint32Array(density.width * HEIGHT);
  density.draw(pixels, [255, 255, 255], 1, 1);
  const rows = [...Array(HEIGHT).keys()].filter((row) => pixels[row * density.width] !== 0);
  assert.deepEqual([rows[0], rows.at(-1)], [HEIGHT - 8, HEIGHT - 1]);
});

test('a band is in every column of its picture, has no holes where it is steep, and goes when its members go', () => {
  const density = new Density(2);
  density.add(1, 0, BINS - 1, 3);
  const pixels = new Uint32Array(density.width * HEIGHT);
  density.draw(pixels, [255, 255, 255], 1, 3);
  let last = null;
  for (let x = 0; x < density.width; x += 1) {
    const rows = [...Array(HEIGHT).keys()].filter((row) => pixels[row * density.width + x] !== 0);
    assert.equal(rows.length > 0, x >= density.width / 2);
    assert.equal(rows.length === 0 || rows.at(-1) - rows[0] + 1 === rows.length, true);
    if (last) assert.ok(rows.at(-1) >= last[0] - 1, 'it goes on where the last column ended');
    last = rows.length > 0 ? rows : null;
  }
  assert.equal(density.most(), 3);
  density.add(1, 0, BINS - 1, -3);
  density.draw(pixels, [255, 255, 255], 1, 3);
  assert.ok(pixels.every((pixel) => pixel === 0));
});

test('the bars of histograms are what one counts', () => {
  const chance = chances(9);
  const columns = [numbers(chance, 300, 'column:a'), words(chance, 300, 'column:b')];
  const linked = new Linked([...Array(300).keys()], columns, columns.map(({ by }) => ({ by, flipped: false, log: false })));
  linked.brush(new Map([['column:a', { ranges: [[0, 1]] }]]));
  const found = countsOf(linked.axes[1], linked.brushing.fails, [0, 1]);
  assert.equal(found.bars, 4);
  for (let word = 0; word < 4; word += 1) assert.equal(found.all[word], columns[1].values.filter((value) => value === word).length);
  assert.equal(found.all[4], columns[1].missing);
  assert.equal(found.chosen.reduce((a, b) => a + b), 2);
  assert.equal(found.passing.reduce((a, b) => a + b), linked.brushing.passing);
});

test('a brush that says the same changes nothing, and one of a column that is not there is passed over', () => {
  const column = columnOf('column:a', 'a', [1, 2, 3]);
  const linked = new Linked([7, 8, 9], [column], [{ by: 'column:a', flipped: false, log: false }]);
  assert.equal(linked.brush(new Map([['column:a', { ranges: [[2, null]] }]])), true);
  assert.equal(linked.brush(new Map([['column:a', { ranges: [[2, null]] }], ['column:gone', { ranges: [[0, 0]] }]])), false);
  assert.deepEqual([0, 1, 2].map((member) => linked.passes(member)), [false, true, true]);
  assert.equal(linked.brush(new Map()), true);
  assert.equal(linked.brushing.passing, 3);
});
