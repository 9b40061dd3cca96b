import assert from 'node:assert/strict';
import test from 'node:test';

import { PEOPLE_COLOURS, colourIndexOf, colourOf } from '../../web_static/people-colours.js';

test('a person has one colour everywhere, and many people take all eight about as often', () => {
  assert.equal(colourOf('0123456789ab'), colourOf('0123456789ab'));
  const counts = PEOPLE_COLOURS.map(() => 0);
  for (let i = 0; i < 800; i += 1) counts[colourIndexOf((i * 7919).toString(16).padStart(12, '0'))] += 1;
  assert.equal(counts.length, 8);
  assert.ok(Math.min(...counts) > 60 && Math.max(...counts) < 150, counts.join());
  assert.equal(colourOf(''), PEOPLE_COLOURS[colourIndexOf('')]);
});
