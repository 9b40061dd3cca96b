import assert from 'node:assert/strict';
import test from 'node:test';

import { OFF, asked, disarmed, followersOf, heard, lost, marksOf, refused } from '../../web_static/arming.js';

const armedWith = (leader, followers) => heard(asked(leader, followers), { leader, followers: followers.length });

test('nothing is armed before the portal says so, and then as many as it says', () => {
  const asking = asked(1, [2, 3]);
  assert.equal(asking.phase, 'asking');
  const armed = heard(asking, { leader: 1, followers: 2 });
  assert.deepEqual([armed.phase, armed.leader, armed.followers, armed.count], ['armed', 1, [2, 3], 2]);
  assert.equal(heard(asking, { leader: 1, followers: 1 }).count, 1);
});

test('a leader does not follow itself, nor does a tile that takes no input', () => {
  assert.deepEqual(asked(1, [1, 2]).followers, [2]);
  assert.deepEqual(followersOf([1, 2, 3, 4], 1, (id) => id !== 3), [2, 4]);
});

test('who disarms is believed at once, and shown as off when the portal has heard of it', () => {
  const disarming = disarmed(armedWith(1, [2]));
  assert.equal(disarming.phase, 'disarming');
  assert.equal(heard(disarming, { leader: 1, followers: 1 }).phase, 'disarming');
  assert.deepEqual(heard(disarming, { leader: null, followers: 0 }), OFF);
});

test('a refusal and a lost connection end it with a reason, and the portal’s own word too', () => {
  assert.match(refused(asked(1, [2]), 'a viewer may not').note, /^Not armed: a viewer may not$/);
  assert.equal(refused(armedWith(1, [2]), 'late').phase, 'armed');
  const gone = lost(armedWith(1, [2]));
  assert.deepEqual([gone.phase, gone.leader], ['off', null]);
  assert.match(gone.note, /connection to the portal was lost/);
  assert.deepEqual(lost(OFF), OFF);
  assert.match(heard(armedWith(1, [2]), { leader: null, followers: 0 }).note, /portal has disarmed/);
});

test('a note that was read goes, and a new arming takes its place', () => {
  assert.deepEqual(disarmed(lost(armedWith(1, [2]))), OFF);
  assert.equal(asked(1, [2]).note, '');
});

test('tiles are marked: what leads and follows before what is chosen, and only once it is armed', () => {
  assert.deepEqual([...marksOf(OFF, [1, 2], 2)], [[1, 'chosen'], [2, 'working']]);
  assert.deepEqual([...marksOf(asked(2, [1]), [1], null)], [[1, 'chosen']]);
  assert.deepEqual(new Map(marksOf(armedWith(2, [1, 3]), [1], 2)), new Map([[1, 'follower'], [2, 'leading'], [3, 'follower']]));
  assert.deepEqual(new Map(marksOf(armedWith(2, [1, 3]), [], 3)), new Map([[1, 'follower'], [2, 'leader'], [3, 'working']]));
});
