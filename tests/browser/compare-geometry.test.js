import assert from 'node:assert/strict';
import test from 'node:test';

import { GAP_PX, STRIP_PX, dividerAt, limited, onlyPanel, panelAt, panelsOf, pannedBy, parted, placed, seen, zoomedAt } from '../../web_static/compare-geometry.js';

const view = { width: 1200, height: 700 };
const wide = { width: 1920, height: 1080 };
const tall = { width: 600, height: 1200 };
const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
const within = (a, b) => a.x >= b.x - 1e-9 && a.y >= b.y - 1e-9 && a.x + a.width <= b.x + b.width + 1e-9 && a.y + a.height <= b.y + b.height + 1e-9;
const apart = (a, b) => a.x + a.width + GAP_PX <= b.x + 1e-9 || b.x + b.width + GAP_PX <= a.x + 1e-9 || a.y + a.height + STRIP_PX <= b.y + 1e-9 || b.y + b.height + STRIP_PX <= a.y + 1e-9;

test('panels are within the view, apart, each with room for a title above', () => {
  for (const size of [wide, tall]) {
    for (let count = 2; count <= 4; count += 1) {
      for (const window of [view, { width: 390, height: 700 }]) {
        const panels = panelsOf(Array(count).fill(size), window);
        assert.equal(panels.length, count);
        panels.forEach((panel, i) => {
          assert.ok(within(panel, { x: GAP_PX, y: STRIP_PX, width: window.width - 2 * GAP_PX, height: window.height - STRIP_PX - GAP_PX }));
          for (const other of panels.slice(i + 1)) assert.ok(apart(panel, other));
        });
      }
    }
  }
});

test('tall pictures stand in one row, wide ones below each other where that shows them larger', () => {
  const rows = (size, count, window) => new Set(panelsOf(Array(count).fill(size), window).map(({ y }) => y)).size;
  assert.equal(rows(tall, 3, view), 1);
  assert.equal(rows({ width: 1600, height: 300 }, 3, view), 3);
  assert.equal(rows(wide, 4, view), 2);
  assert.equal(rows(wide, 2, { width: 390, height: 700 }), 2);
});

test('all of a picture fits its panel, in its own shape, in whole device pixels', () => {
  for (const ratio of [1, 1.5, 2]) {
    for (const size of [wide, tall, { width: 33, height: 7 }]) {
      const rect = placed(onlyPanel(view), size, WHOLE, ratio);
      assert.ok(within(rect, { ...onlyPanel(view), x: GAP_PX - 1, y: STRIP_PX - 1, width: view.width, height: view.height }));
      for (const value of Object.values(rect)) assert.ok(Math.abs(value * ratio - Math.round(value * ratio)) < 1e-6);
      assert.ok(Math.abs(rect.width / rect.height / (size.width / size.height) - 1) < 0.01);
    }
  }
});

test('whoever zooms sees the point stay that was pointed at, on the picture of every panel at the same place of it', () => {
  const panel = panelsOf([wide, wide], view)[1];
  const share = (at, x) => (x - placed(panel, wide, at, 64).x) / placed(panel, wide, at, 64).width;
  const [x, y] = [panel.x + panel.width * 0.6, panel.y + panel.height / 2];
  let at = WHOLE;
  for (let i = 0; i < 8; i += 1) {
    const next = zoomedAt(at, panel, wide, 1.4, x, y);
    assert.ok(next.zoom > at.zoom);
    assert.ok(Math.abs(share(next, x) - share(at, x)) < 1e-3);
    at = next;
  }
  assert.deepEqual(zoomedAt(at, panel, wide, 1e-9, x, y), WHOLE, 'and out again: all of it');
  assert.equal(zoomedAt(at, panel, wide, 1e9, x, y).zoom, 32);
});

test('a picture is moved with the hand, and never off its panel', () => {
  const panel = onlyPanel(view);
  const close = { x: 0.5, y: 0.5, zoom: 4 };
  const moved = pannedBy(close, panel, wide, 30, -20);
  const [before, after] = [placed(panel, wide, close, 64), placed(panel, wide, moved, 64)];
  assert.ok(Math.abs(after.x - before.x - 30) < 0.1 && Math.abs(after.y - before.y + 20) < 0.1);
  for (const [dx, dy] of [[1e6, 1e6], [-1e6, -1e6], [1e6, -1e6]]) assert.ok(within(panel, placed(panel, wide, pannedBy(close, panel, wide, dx, dy), 64)));
  assert.deepEqual(pannedBy(WHOLE, panel, wide, 500, 500), WHOLE);
  assert.deepEqual(limited({ x: -3, y: 9, zoom: 0 }, panel, wide), WHOLE);
});

test('the divider parts what is seen, without a gap, and comes back from where it is dragged', () => {
  const panel = onlyPanel(view);
  for (const at of [WHOLE, { x: 0.3, y: 0.6, zoom: 5 }]) {
    const shown = seen({ panel, rect: placed(panel, tall, at, 1) });
    assert.ok(within(shown, panel));
    for (let divider = 0; divider <= 1; divider += 0.125) {
      const [left, right] = parted(shown, divider, 2);
      assert.equal(left.x, shown.x);
      assert.equal(left.x + left.width, right.x);
      assert.ok(Math.abs(left.width + right.width - shown.width) < 1e-9);
      assert.ok(Math.abs(right.x * 2 - Math.round(right.x * 2)) < 1e-9);
      assert.ok(Math.abs(dividerAt(shown, shown.x + shown.width * divider) - divider) < 1e-9);
    }
    assert.deepEqual([dividerAt(shown, -1e4), dividerAt(shown, 1e4)], [0, 1]);
  }
});

test('the panel under a hand is found, and beside all of them the first', () => {
  const panels = panelsOf([wide, wide, wide, wide], view);
  for (const panel of panels) assert.equal(panelAt(panels, panel.x + 1, panel.y + panel.height - 1), panel);
  assert.equal(panelAt(panels, -5, -5), panels[0]);
});
