import assert from 'node:assert/strict';
import test from 'node:test';

import { toWords } from '../../web_static/audit-page.js';
import { invitationFacts, lostWords, sessionFacts } from '../../web_static/desk-words.js';
import { hashOf, sessionIn } from '../../web_static/here.js';
import { parted } from '../../web_static/login.js';
import { may } from '../../web_static/me.js';
import { userIn } from '../../web_static/project-page.js';

test('an address names the session beside the view, and nothing else is taken for one', () => {
  assert.equal(sessionIn(`#${hashOf('s-01ab', 'tile=3')}`), 's-01ab');
  assert.equal(hashOf('', 'tile=3'), 'tile=3');
  assert.equal(hashOf('main', ''), 's=main');
  for (const hash of ['', '#tile=3', '#s=', '#s=<b>', '#s=a/b', `#s=${'a'.repeat(81)}`]) assert.equal(sessionIn(hash), '', hash);
});

test('what an address brings is taken out of it, and the view stays', () => {
  assert.deepEqual(parted('#invite=abc&s=main&view=1,2,3,4'), { brought: { what: 'invite', secret: 'abc' }, rest: 's=main&view=1,2,3,4' });
  assert.deepEqual(parted('#login=t'), { brought: { what: 'login', secret: 't' }, rest: '' });
  assert.deepEqual(parted('#tile=3'), { brought: null, rest: 'tile=3' });
  for (const what of ['reset', 'verify']) assert.equal(parted(`#${what}=x`).brought.what, what);
  assert.ok(!parted('#reset=one&login=two').rest.includes('one'), 'of two secrets none stays');
});

test('who was invited to chosen tiles has their keys and pointer, and nothing of the rest', () => {
  const guest = { role: 'guest', rights: ['see', 'operate'], chosen: true, who: { guest: true, administrator: false } };
  assert.deepEqual(['see', 'operate', 'act', 'all', 'read', 'member', 'administer'].filter((need) => may(guest, need)), ['see', 'operate']);
  assert.ok(may({ ...guest, chosen: false }, 'act'));
  assert.ok(!may({ role: '', rights: [] }, 'member'), 'nobody is no member');
});

test('what is deleted with a session is said, and nothing where nothing is', () => {
  const none = { sessions: 0, sets: 0, tiles: 0, marks: 0, versions: 0, invitations: 0, tilesets: 0, presets: 0 };
  assert.equal(lostWords(none), '');
  assert.equal(lostWords({ ...none, sets: 1, tiles: 64 }), 'With it go 1 tile set and 64 tiles.');
});

test('an invitation says how long it is good, and why it is not any more', () => {
  const invitation = { state: 'open', tiles: [1, 2], uses: 0, uses_max: 3, expires: 0, by: 'Anna', guests: [] };
  assert.match(invitationFacts(invitation)[0], /^2 tiles · used 0 of 3 times · until .* · by Anna$/);
  const revoked = invitationFacts({ ...invitation, state: 'revoked', tiles: null, uses_max: null, guests: [{ display: 'Gwen' }] });
  assert.match(revoked[0], /^the whole session · used 0 times · taken back/);
  assert.equal(revoked[1], 'Gwen came by it');
});

test('a session in the list says its tiles and who is there', () => {
  assert.deepEqual(sessionFacts({ tiles: 1, sets: 1, changed: null, people: ['Anna', 'Ben'] }), ['1 tile', 'Anna and Ben are there now']);
});

test('who did what names session, tiles and the rest', () => {
  assert.equal(toWords({ session: 'main', tiles: [3, 4], of: 0, what: { command: 'ls -l' } }), 'main · tiles 3, 4 · command: ls -l');
  assert.equal(toWords({ session: '', tiles: [1], of: 200, what: {} }), '200 tiles');
});

test('the Unix user of the warning is the portal’s own', () => {
  assert.equal(userIn('whoever operates has a shell as the Unix user anna: give this only to who may have that account'), 'anna');
});
