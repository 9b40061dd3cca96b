import assert from 'node:assert/strict';
import test from 'node:test';

import { cameraAt, toScreen } from '../../web_static/camera.js';
import { cameraOf, fitted, outlineOf, pieceOf, placesOf, screenAt } from '../../web_static/screens.js';

const near = (found, wanted, within = 1e-9) => {
  for (const name of Object.keys(wanted)) assert.ok(Math.abs(found[name] - wanted[name]) <= within * Math.max(1, Math.abs(wanted[name])), `${name}: ${found[name]} is not ${wanted[name]}`);
};
const screen = (width, height, density = 4) => ({ pixels: [Math.round(width * density), Math.round(height * density)], size: [width, height] });
const even = { columns: 3, rows: 2, bezel: 10, screens: Array.from({ length: 6 }, () => screen(480, 270)) };
/** Screens of three sizes and densities: the first column and the second row are larger. */
const odd = { columns: 2, rows: 2, bezel: 7.5, screens: [screen(1200, 600, 3.2), screen(500, 300), screen(1000, 700, 2), screen(500, 650.5, 7)] };

test('pictures stand apart by both their frames, and the outer frames are not of the wall', () => {
  const { places, whole } = placesOf(even);
  near(whole, { width: 3 * 480 + 2 * 20, height: 2 * 270 + 20 });
  near(places[0], { x: 0, y: 0, width: 480, height: 270 });
  near(places[5], { x: 1000, y: 290, width: 480, height: 270 });
  assert.equal(screenAt(even, 3, 2), even.screens[5]);
  for (const [column, row] of [[4, 1], [1, 3], [0, 1]]) assert.equal(screenAt(even, column, row), undefined);
});

test('a screen that is smaller than others of its row or column stands in the middle of its place', () => {
  const { places, whole } = placesOf(odd);
  near(whole, { width: 1200 + 15 + 500, height: 600 + 15 + 700 });
  near(places[0], { x: 0, y: 0, width: 1200, height: 600 });
  near(places[1], { x: 1215, y: 150, width: 500, height: 300 });
  near(places[2], { x: 100, y: 615, width: 1000, height: 700 });
  near(places[3], { x: 1215, y: 615 + (700 - 650.5) / 2, width: 500, height: 650.5 });
});

test('without frames and with equal screens the pieces make up the whole view', () => {
  const display = { ...even, bezel: 0 };
  const { places, whole } = placesOf(display);
  const view = { x: 1, y: 2, width: 14.4, height: 5.4 };
  const camera = fitted(view, whole);
  near(pieceOf(camera, places[0]), { x: 1, y: 2, width: 4.8, height: 2.7 });
  near(pieceOf(camera, places[5]), { x: 10.6, y: 4.7, width: 4.8, height: 2.7 });
});

test('a straight line over all screens is straight on the wall: its places in mm are those of one picture', () => {
  for (const display of [even, odd]) {
    const { places, whole } = placesOf(display);
    const view = { x: -3, y: 0.25, width: 9, height: 4 };
    const camera = fitted(view, whole);
    places.forEach((place, index) => {
      const { pixels, size } = display.screens[index];
      for (const ratio of [1, 1.25, 2]) { // device pixels per CSS pixel
        const window = { width: pixels[0] / ratio, height: (size[1] * pixels[0]) / size[0] / ratio };
        const own = cameraOf(camera, place, window);
        for (const t of [0, 0.13, 0.5, 0.99]) {
          const point = { x: view.x + view.width * t, y: view.y + view.height * t * t, width: 0, height: 0 };
          const seen = toScreen(own, point); // CSS pixels from the screen's corner, on the screen or beside it
          const mm = { x: place.x + (seen.x * place.width) / window.width, y: place.y + (seen.y * place.height) / window.height };
          const { x, y } = toScreen(camera, point);
          near(mm, { x, y });
        }
      }
    });
  }
});

test('what lies behind a frame is not shown: from one picture to the next it is just as wide as the frames', () => {
  const { places, whole } = placesOf(even);
  const camera = fitted({ x: 0, y: 0, width: 14.8, height: 5.6 }, whole);
  const [one, next] = [pieceOf(camera, places[0]), pieceOf(camera, places[1])];
  near({ gap: next.x - (one.x + one.width) }, { gap: 20 / camera.scale });
  assert.ok(next.x > one.x + one.width);
});

test('a view of any shape is all on the wall, in its middle, as large as can be', () => {
  const { whole } = placesOf(odd);
  for (const view of [{ x: 0, y: 0, width: 20, height: 1 }, { x: 5, y: -2, width: 1, height: 20 }, { x: 0.5, y: 0.5, width: 1.715, height: 1.315 }]) {
    const seen = pieceOf(fitted(view, whole), { x: 0, y: 0, ...whole });
    near({ x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 }, { x: view.x + view.width / 2, y: view.y + view.height / 2 });
    assert.ok(seen.width >= view.width - 1e-9 && seen.height >= view.height - 1e-9);
    near({ least: Math.min(seen.width / view.width, seen.height / view.height) }, { least: 1 });
    near({ shape: seen.width / seen.height }, { shape: whole.width / whole.height });
  }
});

test('pieces fit together at every moment of a motion, not just at its ends', () => {
  const { places, whole } = placesOf(odd);
  const [from, to] = [fitted({ x: 0, y: 0, width: 12, height: 3 }, whole), fitted({ x: 7, y: 1, width: 0.8, height: 0.7 }, whole)];
  const windows = odd.screens.map(({ pixels, size }) => ({ width: pixels[0], height: (size[1] * pixels[0]) / size[0] }));
  for (const motion of [{ from, to }, { from: to, to: from }, { from, to: { ...from, x: from.x + 3 } }]) {
    for (const now of [0, 20, 85, 140, 169.9, 200]) {
      const camera = cameraAt({ ...motion, start: 0, duration: 170 }, now);
      places.forEach((place, index) => {
        const own = cameraAt({ from: cameraOf(motion.from, place, windows[index]), to: cameraOf(motion.to, place, windows[index]), start: 0, duration: 170 }, now);
        near(own, cameraOf(camera, place, windows[index]), 1e-8);
      });
    }
  }
});

test('the wall is drawn small in a room, with its screens where they are', () => {
  const { frame, screens, scale } = outlineOf(even, { width: 400, height: 700 }, 12);
  near({ scale, width: frame.width, x: frame.x }, { scale: 376 / 1480, width: 376, x: 12 });
  near({ middle: frame.y + frame.height / 2 }, { middle: 350 });
  near({ right: screens[5].x + screens[5].width, bottom: screens[5].y + screens[5].height }, { right: frame.x + frame.width, bottom: frame.y + frame.height });
});
