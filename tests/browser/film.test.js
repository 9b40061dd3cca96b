import assert from 'node:assert/strict';
import test from 'node:test';

import { clockOf, stampOf } from '../../web_static/film.js';
import { movieSize } from '../../web_static/recorder.js';
import { endOf } from '../../web_static/sheet-dialog.js';
import { tableOf } from '../../web_static/table-csv.js';
import { fileName } from '../../web_static/take-away.js';

test('a movie has even sides, the shape of what it shows, and no more pixels than are of use', () => {
  assert.deepEqual(movieSize(640, 480), { width: 640, height: 480 });
  assert.deepEqual(movieSize(641, 481), { width: 642, height: 482 });
  assert.deepEqual(movieSize(3840, 2160), { width: 1920, height: 1080 });
  assert.deepEqual(movieSize(1080, 3840), { width: 540, height: 1920 });
  assert.deepEqual(movieSize(9000, 3), { width: 1920, height: 16 });
});

test('a file is called so that every computer takes the name', () => {
  assert.equal(fileName('Spots & waves: “été”/1', '.csv'), 'Spots _ waves_ _été_1.csv');
  assert.equal(fileName('../../etc/passwd', '.pdf'), '_.._etc_passwd.pdf');
  assert.equal(fileName('', '.csv'), 'wall.csv');
  assert.equal(fileName('...', '.csv'), 'wall.csv');
  assert.equal(fileName('x'.repeat(300), '.csv').length, 104);
});

test('times stand as on a clock', () => {
  assert.deepEqual([0, 12.9, 59.99, 60, 599].map(clockOf), ['0:00', '0:12', '0:59', '1:00', '9:59']);
  assert.equal(stampOf(new Date(2031, 0, 4, 5, 6, 7)), '2031-01-04 05.06.07');
});

test('pictures of several pages come as an archive', () => {
  assert.equal(endOf(new Uint8Array([0x50, 0x4b]), 'png'), '.zip');
  assert.equal(endOf(new Uint8Array([0x89, 0x50]), 'png'), '.png');
  assert.equal(endOf(new Uint8Array([0x25, 0x50]), 'pdf'), '.pdf');
});

test('the table has a line for each tile, and the columns that have values', () => {
  const tile = (id, title, metadata) => ({ tile: { id, title, metadata }, state: 'live', tags: ['a', '"b"'], note: '' });
  assert.equal(
    tableOf([tile(3, '=1+1', { F: 0.5, n: null }), tile(1, 'é', { F: NaN })], ['n', 'F', 'gone']),
    '"tile","title","state","tags","note","F"\r\n3,"\'=1+1","live","a, ""b""","",0.5\r\n1,"é","live","a, ""b""","",nan\r\n',
  );
});
