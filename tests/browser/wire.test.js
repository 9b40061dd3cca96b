import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { EVENT, PAGE_PROTOCOL, PICTURE, isGreeting, kindOf, parseEvent, parsePicture } from '../../web_static/wire.js';

const CELL = { tile: 7, flags: 1, frame: 123456, captured: 1700000000.25, x: 0, y: 16, w: 100, h: 60, left: 20, top: 15, width: 120, height: 75 };
const ORDER = ['x', 'y', 'w', 'h', 'left', 'top', 'width', 'height'];

/** Pack a message by the table in tvcore/node/wire.py. */
function pack(cells, jpeg, { kind = 1, version = 1, stream = 3, sequence = 42, count = cells.length } = {}) {
  const message = new ArrayBuffer(12 + 32 * cells.length + jpeg.length);
  const view = new DataView(message);
  view.setUint8(0, kind);
  view.setUint8(1, version);
  view.setUint16(2, stream);
  view.setUint16(4, count);
  view.setUint32(8, sequence);
  cells.forEach((cell, i) => {
    const at = 12 + 32 * i;
    view.setUint16(at, cell.tile);
    view.setUint16(at + 2, cell.flags);
    view.setUint32(at + 4, cell.frame);
    view.setFloat64(at + 8, cell.captured);
    ORDER.forEach((name, n) => view.setUint16(at + 16 + 2 * n, cell[name]));
  });
  new Uint8Array(message).set(jpeg, 12 + 32 * cells.length);
  return message;
}

/** Return what Python code prints. */
function python(code) {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return execFileSync(process.env.PYTHON ?? '.venv/bin/python', ['-c', code], { cwd: root });
}

const event = (text) => new Uint8Array([EVENT, ...new TextEncoder().encode(text)]).buffer;

test('what is packed is read back, picture and all', () => {
  const part = { ...CELL, tile: 8, flags: 0, x: 112 };
  const picture = parsePicture(pack([CELL, part], [255, 216, 255, 217]));
  assert.equal(picture.stream, 3);
  assert.equal(picture.sequence, 42);
  assert.deepEqual([...picture.jpeg], [255, 216, 255, 217]);
  const { flags, ...rest } = CELL;
  assert.deepEqual(picture.cells[0], { ...rest, whole: flags === 1 });
  assert.equal(picture.cells[1].whole, false);
  assert.equal(picture.cells[1].x, 112);
});

test('the node agent packs what the page reads', () => {
  const bytes = python(`import sys
from tvcore.node.wire import WHOLE, Cell, pack
cell = Cell(7, WHOLE, 123456, 1700000000.25, 0, 16, 100, 60, 20, 15, 120, 75)
sys.stdout.buffer.write(pack(3, 42, [cell], b"JPEG"))`);
  assert.deepEqual(new Uint8Array(bytes), new Uint8Array(pack([CELL], new TextEncoder().encode('JPEG'))));
});

test('page and portal of one release greet each other, and of another release do not', () => {
  const said = python(`import json
from tvcore.portal.wall import PAGE_PROTOCOL
print(json.dumps({"event": "wall", "v": PAGE_PROTOCOL, "wall": {}}))`);
  assert.ok(isGreeting(parseEvent(event(String(said)))));
  for (const v of [undefined, null, PAGE_PROTOCOL + 1, PAGE_PROTOCOL - 1, String(PAGE_PROTOCOL)]) {
    assert.equal(isGreeting({ event: 'wall', v, wall: {} }), false);
  }
  for (const other of [null, {}, { event: 'tiles', v: PAGE_PROTOCOL, tiles: [] }]) assert.equal(isGreeting(other), false);
});

test('a message cut short anywhere before its picture is refused', () => {
  const whole = pack([CELL, CELL], [1, 2, 3]);
  for (let length = 0; length <= 12 + 64; length += 1) {
    assert.throws(() => parsePicture(whole.slice(0, length)), RangeError, `${length} bytes`);
  }
  assert.doesNotThrow(() => parsePicture(whole.slice(0, 12 + 65)));
});

test('another kind or version, or a count beyond the bytes, is refused', () => {
  assert.throws(() => parsePicture(pack([CELL], [1], { kind: 2 })), RangeError);
  assert.throws(() => parsePicture(pack([CELL], [1], { version: 2 })), RangeError);
  assert.throws(() => parsePicture(pack([CELL], [1], { count: 65535 })), RangeError);
  assert.throws(() => kindOf(new ArrayBuffer(0)), RangeError);
  assert.throws(() => kindOf(new Uint8Array([9]).buffer), RangeError);
});

test('a cell that leaves its tile, is empty or larger than any display is refused by name', () => {
  for (const wrong of [{ left: 21 }, { top: 16 }, { w: 0 }, { h: 0 }, { width: 20000 }]) {
    assert.throws(() => parsePicture(pack([{ ...CELL, ...wrong }], [1])), { name: 'RangeError', message: /^tile 7/ });
  }
});

test('random bytes are read or refused, never anything else', () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let i = 0; i < 2000; i += 1) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 120) }, () => Math.floor(random() * 256));
    if (bytes.length > 5) bytes.set([1, 1, 0, 1, 0, Math.floor(random() * 4)]);
    try {
      assert.ok(parsePicture(bytes.buffer).jpeg.length > 0);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

test('events are JSON after their first byte', () => {
  assert.equal(kindOf(event('{}')), EVENT);
  assert.equal(kindOf(pack([CELL], [1])), PICTURE);
  assert.deepEqual(parseEvent(event('{"event": "tiles", "tiles": []}')), { event: 'tiles', tiles: [] });
  assert.throws(() => parseEvent(event('{"event":')), SyntaxError);
  assert.throws(() => parseEvent(pack([CELL], [1])), RangeError);
  assert.throws(() => parseEvent(new Uint8Array([0, 0x22, 0xff, 0x22]).buffer), TypeError);
});
