import assert from 'node:assert/strict';
import test from 'node:test';

import { armedWords } from '../../web_static/follow.js';
import { handsWords } from '../../web_static/hands-words.js';
import { markWords } from '../../web_static/wall-mark.js';
import { nameOf, say } from '../../web_static/words.js';

test('the banner names how many tiles are typed into, who leads, and where keys go if not there', () => {
  const text = (...given) => armedWords(...given).join('');
  assert.equal(text('3 spots', 11, null), 'Typing into 12 tiles: what goes into 3 spots goes into its 11 followers too. Esc disarms.');
  assert.equal(text('3 spots', 1, null), 'Typing into 2 tiles: what goes into 3 spots goes into its 1 follower too. Esc disarms.');
  assert.match(text('3 spots', 11, '5 waves'), /^Armed: 12 tiles, led by 3 spots\. Keys go to 5 waves alone now\./);
  assert.match(text('3 spots', 11, ''), /Keys go nowhere now/);
});

test('the line of the hands says where keys go, or why they go nowhere, and always how to leave', () => {
  const open = { connected: true, ready: true };
  const all = [
    handsWords('3 spots', true, open),
    handsWords('3 spots', false, open),
    handsWords(null, false, open),
    handsWords('3 spots', true, { ...open, connected: false }),
    handsWords('3 spots', true, { ...open, ready: false }),
  ];
  assert.ok(all.every((parts) => /Esc/.test(parts.join(''))));
  assert.equal(all[0].join(''), 'Keys go to 3 spots. Esc leaves.');
  assert.match(all[1].join(''), /3 spots takes no keys now/);
  assert.match(all[3].join(''), /No connection/);
  assert.match(all[4].join(''), /not ready yet/);
});

test('a mark has a word for as long as there is room, and for each mark another', () => {
  const context = { measureText: (text) => ({ width: text.length * 6 }) };
  const marks = ['working', 'leading', 'follower', 'chosen'];
  assert.deepEqual(marks.map((mark) => markWords(context, mark, 200)), ['keys go here', 'leader: keys go here', 'follows', 'chosen']);
  assert.deepEqual(marks.map((mark) => markWords(context, mark, 40)), ['keys', 'leader', '=', 'chosen']);
  assert.equal(markWords(context, 'working', 10), '');
});

test('a tile that is off says so, and nothing of what it would say otherwise', () => {
  const tile = { id: 1, title: '1 spots', state: 'live', reason: '', away: 5 };
  const said = say(tile, undefined, 10, 'off');
  assert.deepEqual([said.head, said.since, said.badge], ['off', null, null]);
  assert.match(nameOf(tile, said, 10), /^1 spots, off: turned off/);
});
