import assert from 'node:assert/strict';
import test from 'node:test';

import { shareOf } from '../../web_static/view-share.js';

const action = (name, tiles, means = 'camera') => ({ case: 'c', name, means, tiles });
const setOf = (id) => (id < 10 ? 1 : 2);

test('the followers of the leader’s own tile set take its view, and the others are told of', () => {
  const actions = [action('turn', [1, 2, 3], ''), action('see', [1, 2, 3, 11])];
  assert.deepEqual(shareOf(actions, 1, [2, 3], setOf), { name: 'see', able: [2, 3], left: [] });
  assert.deepEqual(shareOf(actions, 1, [2, 4, 11], setOf), { name: 'see', able: [2], left: [4, 11] });
});

test('the action is that of the leader’s case', () => {
  assert.equal(shareOf([action('others', [2, 3]), action('its', [1, 2])], 1, [2], setOf)?.name, 'its');
});

test('where no case copies a camera, or nobody else can take it, none does', () => {
  assert.equal(shareOf([action('time', [1, 2], 'time')], 1, [2], setOf), null);
  assert.equal(shareOf([action('see', [2, 3])], 1, [2, 3], setOf), null);
  assert.equal(shareOf([action('see', [1, 11])], 1, [11], setOf), null);
  assert.equal(shareOf([], 1, [2], setOf), null);
});
