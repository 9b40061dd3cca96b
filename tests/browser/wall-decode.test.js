import assert from 'node:assert/strict';
import test from 'node:test';

import { Sheets, decode } from '../../web_static/wall-decode.js';

const made = [];

/** As much of a browser's canvas as is asked for. */
globalThis.OffscreenCanvas = class {
  constructor(width, height) {
    Object.assign(this, { width, height, drawn: [] });
    made.push(this);
  }

  getContext() {
    return { drawImage: (...drawn) => this.drawn.push(drawn) };
  }
};

test('a sheet that was given back is used again for a picture of its size', () => {
  const sheets = new Sheets();
  const sheet = sheets.take(128, 80);
  assert.notEqual(sheets.take(128, 80), sheet);
  sheet.close();
  assert.notEqual(sheets.take(80, 128), sheet);
  assert.equal(sheets.take(128, 80), sheet);
});

test('spare sheets take no more than 32 MB: those of the sizes used longest ago go', () => {
  const sheets = new Sheets();
  const [old, large, newest] = [sheets.take(250, 100), sheets.take(4000, 2090), sheets.take(40, 100)];
  for (const sheet of [old, large, newest]) sheet.close();
  assert.equal(sheets.take(40, 100), newest);
  assert.equal(sheets.take(4000, 2090), large);
  assert.notEqual(sheets.take(250, 100), old);
  sheets.take(5000, 4000).close();
  const before = made.length;
  sheets.take(5000, 4000);
  assert.equal(made.length, before + 1);
});

test('without an ImageDecoder a bitmap is drawn from, and let go', async () => {
  let closed = 0;
  const bitmap = { width: 8, height: 8, close: () => (closed += 1) };
  globalThis.createImageBitmap = async (blob, { colorSpaceConversion }) => {
    assert.deepEqual([blob.type, blob.size, colorSpaceConversion], ['image/jpeg', 3, 'none']);
    return bitmap;
  };
  const image = await decode(new Uint8Array([1, 2, 3]))(new Sheets());
  assert.equal(image.source, bitmap);
  image.close();
  assert.equal(closed, 1);
});

test('a frame that the browser does not convert is drawn on a sheet, and it and its decoder are let go', async () => {
  const done = [];
  const frame = { displayWidth: 32, displayHeight: 16, close: () => done.push('frame') };
  globalThis.ImageDecoder = class {
    decode = async () => ({ image: frame });
    close = () => done.push('decoder');
  };
  const { source } = await decode(new Uint8Array(1))(new Sheets());
  assert.deepEqual([source.width, source.height, source.drawn], [32, 16, [[frame, 0, 0]]]);
  assert.deepEqual(done, ['frame', 'decoder']);
});

test('what cannot be decoded is an error when its turn comes, not before', async () => {
  let closed = 0;
  globalThis.ImageDecoder = class {
    decode = () => Promise.reject(new Error('no JPEG'));
    close = () => (closed += 1);
  };
  const finish = decode(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve)); // an error that nobody takes would end the test here
  await assert.rejects(finish(new Sheets()), /no JPEG/);
  assert.equal(closed, 1);
});
