import assert from 'node:assert/strict';
import test from 'node:test';

import { differenceWords } from '../../web_static/differences.js';

test('what differs is said by kind and count', () => {
  const paths = ['order/3', 'order/4', 'note/3', 'layout/gap', 'sort', 'tags/3/spots', 'something/new', 'tile/3/off', 'brush/column%3AF', 'brush/tag%3Aage', 'axes'];
  assert.deepEqual(differenceWords(paths), ['the places of 2 tiles', '2 settings of the layout', '2 brushes', '1 setting of the views', '1 tag of a tile', '1 note', '1 setting of a tile', '1 other thing']);
  assert.deepEqual(differenceWords([]), []);
});
