import assert from 'node:assert/strict';
import test from 'node:test';

import { copiesOf, distanceTo, shapeAt, simplify, strokeOf } from '../../web_static/draw-geometry.js';
import { fileName, svgOf } from '../../web_static/draw-export.js';
import { begun, ended, moved } from '../../web_static/draw-stroke.js';
import { drawShapes, linesOf } from '../../web_static/shapes.js';

const BOX = { x: 100, y: 50, width: 400, height: 200 };
const LINE = { kind: 'line', points: [[0, 0], [65535, 65535]], colour: '#ff0000', width: 10 };
const TEXT = { kind: 'text', points: [[0, 0]], colour: '#00ff00', width: 10, text: 'a < b\n"c" & d' };

test('a line ends in the corners of any box, and an arrow has a head at its end', () => {
  assert.deepEqual(linesOf(LINE, BOX, 1), [[[100, 50], [500, 250]]]);
  const [shaft, head] = linesOf({ ...LINE, kind: 'arrow' }, BOX, 1);
  assert.deepEqual(shaft, [[100, 50], [500, 250]]);
  assert.deepEqual(head[1], [500, 250]);
  for (const [x, y] of [head[0], head[2]]) assert.ok(x < 500 && y < 250);
});

test('a dot of the pen is drawn, too', () => {
  assert.deepEqual(linesOf({ ...LINE, kind: 'pen', points: [[0, 0]] }, BOX, 1), [[[100, 50], [100, 50]]]);
});

test('shapes are drawn by what a canvas is told: colours, widths that grow with the box, never below the least', () => {
  const told = [];
  const context = new Proxy({}, {
    get: (_, name) => (...values) => told.push([name, ...values]),
    set: (_, name, value) => told.push([name, value]),
  });
  drawShapes(context, [LINE, { ...LINE, width: 1 }, TEXT], BOX, 2);
  assert.deepEqual(told.filter(([name]) => name === 'lineWidth').slice(0, 2), [['lineWidth', 4], ['lineWidth', 2]]);
  assert.deepEqual(told.filter(([name]) => name === 'fillText').map(([, text]) => text), ['a < b', '"c" & d']);
  assert.equal(told.filter(([name]) => name === 'stroke').length, 2);
});

test('what lies on a straight line goes, what makes a corner stays', () => {
  assert.deepEqual(simplify([[0, 0], [5, 0.1], [10, 0], [10, 10]], 1), [[0, 0], [10, 0], [10, 10]]);
  assert.deepEqual(simplify([[0, 0], [1, 1]], 1), [[0, 0], [1, 1]]);
});

test('no point of a hand is further from the stroke than the tolerance', () => {
  const points = Array.from({ length: 2000 }, (_, i) => [i * 30, Math.round(20000 + 9000 * Math.sin(i / 90))]);
  const kept = strokeOf(points, 52);
  assert.ok(kept.length < 200, String(kept.length));
  for (const point of points) assert.ok(Math.min(...kept.slice(1).map((to, i) => distanceTo(point, kept[i], to))) <= 52.001);
});

test('a stroke has fewer than 400 points, however wild the hand', () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) % 65536;
  const kept = strokeOf(Array.from({ length: 5000 }, () => [random(), random()]), 52);
  assert.ok(kept.length < 400 && kept.length > 1);
});

test('the eraser finds the shape drawn last of those under it, and none beside them', () => {
  const shapes = [['one', LINE], ['two', LINE], ['text', TEXT]];
  assert.equal(shapeAt(shapes, [300, 150], BOX, 8), 'two');
  assert.equal(shapeAt(shapes, [300, 240], BOX, 8), null);
  assert.equal(shapeAt(shapes, [110, 60], BOX, 8), 'text');
});

test('a pen keeps its way, a line its ends, and a line without length is none', () => {
  const pen = { tool: 'pen', colour: '#ffffff', width: 4 };
  const drawn = [[5000, 0], [5000, 5000]].reduce(moved, begun(pen, [0, 0]));
  assert.deepEqual(ended(drawn), { kind: 'pen', points: [[0, 0], [5000, 0], [5000, 5000]], colour: '#ffffff', width: 4 });
  const line = begun({ ...pen, tool: 'arrow' }, [0, 0]);
  assert.equal(ended(line), null);
  assert.deepEqual(ended([[5, 5], [9, 9]].reduce(moved, line)).points, [[0, 0], [9, 9]]);
  assert.equal(begun({ ...pen, tool: 'eraser' }, [0, 0]), null);
});

test('a copy for many tiles goes in acts that fit a message, nothing left out', () => {
  const acts = copiesOf([['a', LINE], ['b', TEXT]], [1, 2, 3, 4], 400);
  assert.deepEqual(acts.flat().map(([path]) => path), [1, 2, 3, 4].flatMap((tile) => [`drawing/${tile}/a`, `drawing/${tile}/b`]));
  assert.ok(acts.length > 1);
  assert.deepEqual(copiesOf([['a', LINE]], [], 400), []);
});

test('an SVG file says all shapes, and nothing in it is markup of whoever wrote a text', () => {
  const svg = svgOf([LINE, TEXT, { ...LINE, colour: '"/><script>' }], { width: 640, height: 480 }, 'a "b" <c>');
  assert.match(svg, /<polyline [^>]*stroke="#ff0000" stroke-width="6.4" points="0,0 640,480"/);
  assert.match(svg, /a &lt; b/);
  assert.match(svg, /&quot;c&quot; &amp; d/);
  assert.doesNotMatch(svg, /<script|<c>/);
  assert.match(svgOf([{ ...TEXT, text: 'a\0\x1b\ud800b' }], { width: 640, height: 480 }, ''), />ab</);
});

test('a file is called like its tile', () => {
  assert.equal(fileName('Gray-Scott: F=0.03 / é', 'png'), 'Gray-Scott-F-0.03-é.png');
  assert.equal(fileName('渦 №2', 'png'), '渦-2.png');
  assert.equal(fileName('…', 'svg'), 'tile.svg');
});
