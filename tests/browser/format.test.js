import assert from 'node:assert/strict';
import test from 'node:test';

import { formatCount, formatValue, histogramOf, pointAt } from '../../web_static/format.js';

test('numbers are short, with a true minus and powers of ten where they help', () => {
  assert.equal(formatValue(0.037), '0.037');
  assert.equal(formatValue(0.1 + 0.2), '0.3');
  assert.equal(formatValue(-1.5), '\u22121.5');
  assert.equal(formatValue(1500), '1500');
  assert.equal(formatValue(-3), '\u22123');
  assert.equal(formatValue(0), '0');
  assert.equal(formatValue(0.00015694), '1.569\u202f×\u202f10⁻⁴');
  assert.equal(formatValue(12345678.9), '1.235\u202f×\u202f10⁷');
});

test('what is no number is said in words', () => {
  assert.equal(formatValue(NaN), 'not a number');
  assert.equal(formatValue(-Infinity), '\u2212∞');
  assert.equal(formatValue(true), 'yes');
  assert.equal(formatValue(null), '–');
  assert.equal(formatValue(undefined), '–');
  assert.equal(formatValue('spots'), 'spots');
});

test('thousands are set apart', () => {
  assert.equal(formatCount(16), '16');
  assert.equal(formatCount(1024), '1\u202f024');
  assert.equal(formatCount(1234567), '1\u202f234\u202f567');
});

test('a histogram counts each number once and marks the bin of this member', () => {
  const found = histogramOf([0, 1, 2, 3, 4, NaN, null, 'x', 10], 10, 5);
  assert.deepEqual(found, { low: 0, high: 10, counts: [2, 2, 1, 0, 1], mark: 4 });
  assert.equal(histogramOf([0, 1, 2], NaN, 5)?.mark, null);
});

test('there is no histogram of what hardly differs', () => {
  assert.equal(histogramOf([1, 1, 2, 2], 1), null);
  assert.equal(histogramOf(['a', 'b', 'c'], 'a'), null);
  assert.equal(histogramOf([], 1), null);
});

test('an error in a query points at its character, counted as people count', () => {
  assert.deepEqual(pointAt('F>0.03 & clas=x', 9), { before: 'F>0.03 & ', mark: 'c', after: 'las=x' });
  assert.deepEqual(pointAt('🙂=1', 1), { before: '🙂', mark: '=', after: '1' });
  assert.deepEqual(pointAt('F>', 2), { before: 'F>', mark: '\u00a0', after: '' });
  assert.deepEqual(pointAt('F>', null), { before: 'F>', mark: '', after: '' });
});
