import assert from 'node:assert/strict';
import test from 'node:test';

import { Document } from '../../web_static/document.js';
import { Room } from '../../web_static/room.js';

/** A portal that orders what it is told, in memory; what is said either way takes a while, and lines break. */
class FakePortal {
  /** @type {any[]} */ ordered = [];
  lines = new Set();
  refuses = () => '';

  order(person, ops, line) {
    const known = [];
    const after = this.ordered.length;
    for (const op of ops) {
      const why = this.refuses(op);
      if (why) line.hear({ event: 'refused', what: 'op', op: op.id, why, taken: why.startsWith('another operation') });
      else if (this.ordered.some(({ id }) => id === op.id)) known.push(op.id);
      else this.ordered.push({ ...op, person, seq: this.ordered.length + 1, at: 0 });
    }
    const news = JSON.stringify(this.ordered.slice(after));
    if (known.length > 0) line.hear({ event: 'known', ops: known });
    if (after < this.ordered.length) for (const each of this.lines) if (each.joined) each.hear({ event: 'ops', after, ops: JSON.parse(news) });
  }

  document() {
    const document = new Document();
    for (const op of this.ordered) document.take(JSON.parse(JSON.stringify(op)));
    return document;
  }
}

/** A page's connection to it, as connection.js is seen by a room. */
class FakeConnection extends EventTarget {
  status = { state: 'lost' };
  said = [];
  #line = { broken: true };

  constructor(portal, person, delay = () => 0) {
    super();
    Object.assign(this, { portal, person, delay });
  }

  open() {
    this.#line = { joined: false, broken: false, up: Promise.resolve(), down: Promise.resolve(), hear: (event) => this.#down(this.#line, event) };
    const line = this.#line;
    line.hear = (event) => this.#down(line, event);
    this.portal.lines.add(line);
    this.status = { state: 'open' };
    this.dispatchEvent(new Event('status'));
  }

  lose() {
    this.#line.broken = true;
    this.portal.lines.delete(this.#line);
    this.status = { state: 'lost' };
    this.dispatchEvent(new Event('status'));
  }

  #later = () => new Promise((resolve) => setTimeout(resolve, this.delay()));

  /** In order, each after a while; what is under way when the line breaks is lost. */
  #down(line, event) {
    line.down = line.down.then(this.#later).then(() => line.broken || this.dispatchEvent(new CustomEvent('event', { detail: JSON.parse(JSON.stringify(event)) })));
  }

  tell({ message }) {
    this.said.push(message);
    const line = this.#line;
    line.up = line.up.then(this.#later).then(() => line.broken || this.#take(line, JSON.parse(JSON.stringify(message))));
  }

  #take(line, { join, ops, here }) {
    if (join !== undefined) {
      line.joined = true;
      const head = this.portal.ordered.length;
      if (join === null) line.hear({ event: 'document', base: null, ops: this.portal.ordered, head });
      else line.hear({ event: 'ops', after: join, ops: this.portal.ordered.slice(join) });
    }
    if (ops) this.portal.order(this.person, ops, line);
    if (here) for (const each of this.portal.lines) each.hear({ event: 'people', people: { [here.page]: { person: this.person, ...here } } });
  }
}

function joined(portal, person, delay) {
  const room = new Room();
  room.person = person;
  const connection = new FakeConnection(portal, person, delay);
  room.connect(connection);
  return { room, connection };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition, what) {
  for (let i = 0; i < 3000; i += 1) {
    if (condition()) return;
    await pause(5);
  }
  assert.fail(`still not so: ${what}`);
}

/** A generator of numbers from 0 to 1 that begins with a seed (mulberry32). */
function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('what is done stands at once, and what is done in a moment goes in one message', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  connection.open();
  await until(() => room.loaded, 'it has joined');
  room.set([['sort', { by: 'title' }]], 'sort');
  room.write('note/1', 'hello');
  assert.deepEqual(room.document.plain(), { registers: { sort: { by: 'title' } }, texts: { 'note/1': 'hello' } });
  await until(() => portal.ordered.length === 2 && room.document.pending.length === 0, 'both are ordered');
  assert.equal(connection.said.filter(({ ops }) => ops).length, 1);
  assert.equal(portal.ordered[0].label, 'sort');
});

test('without a connection one goes on, and it is sent when there is one', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  room.set([['layout/columns', 4]]);
  room.undo();
  room.set([['layout/columns', 5]]);
  await pause(50);
  assert.equal(portal.ordered.length, 0);
  connection.open();
  await until(() => portal.ordered.length === 3 && room.document.pending.length === 0, 'all are ordered');
  assert.deepEqual(portal.document().plain().registers, { 'layout/columns': 5 });
});

test('what was done before one knows who one is was done by that person', () => {
  const room = new Room();
  room.set([['layout/gap', 3]]);
  room.person = 'ann';
  assert.notEqual(room.undo(), null);
  assert.equal(room.document.get('layout/gap'), undefined);
});

test('what was ordered while the answer was lost is sent again, and is there once', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  connection.open();
  await until(() => room.loaded, 'the document is there');
  connection.delay = () => 20;
  room.set([['layout/gap', 7]]);
  await until(() => portal.ordered.length === 1, 'it is ordered');
  connection.lose();
  assert.equal(room.document.pending.length, 1);
  connection.open();
  await until(() => room.document.pending.length === 0, 'it is known to be ordered');
  assert.equal(portal.ordered.length, 1);
  assert.equal(room.document.get('layout/gap'), 7);
});

test('what is refused is taken off, and why is told', async () => {
  const portal = new FakePortal();
  portal.refuses = (op) => (op.set?.[0][0] === 'layout/gap' ? 'the role viewer may not' : '');
  const { room, connection } = joined(portal, 'ann');
  const heard = [];
  connection.addEventListener('event', (event) => event.detail.event === 'refused' && heard.push(event));
  const told = [];
  room.addEventListener('refused', ({ detail }) => told.push(detail));
  connection.open();
  room.set([['layout/columns', 2]]);
  room.set([['layout/gap', 7]]);
  await until(() => room.document.pending.length === 0, 'both are answered');
  const [{ detail }] = heard; // what was sent twice is refused twice
  connection.dispatchEvent(new CustomEvent('event', { detail }));
  assert.deepEqual(room.document.plain().registers, { 'layout/columns': 2 });
  assert.deepEqual(told, ['Your last change was not taken: the role viewer may not']);
});

test('an act whose name somebody took is done again under another', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  const told = [];
  room.addEventListener('refused', ({ detail }) => told.push(detail));
  connection.open();
  await until(() => room.loaded, 'it has joined');
  room.set([['layout/gap', 3]], 'gap');
  room.set([['layout/columns', 4]]);
  const [{ id }] = room.document.pending;
  portal.refuses = (op) => (op.id === id ? 'another operation has this name already' : '');
  await until(() => room.document.pending.length === 0, 'all are ordered');
  assert.deepEqual(told, []);
  assert.deepEqual(portal.document().plain().registers, { 'layout/columns': 4, 'layout/gap': 3 });
  assert.deepEqual(portal.ordered.map(({ id: each, label }) => [each === id, label]), [[false, undefined], [false, 'gap']]);
});

test('nobody can tell from what a page says what its next acts are called', () => {
  const room = new Room();
  for (let i = 0; i < 100; i += 1) room.set([['layout/gap', i]]);
  const ids = room.document.pending.map(({ id }) => id);
  assert.ok(ids.every((id) => /^[0-9a-f]{16}$/.test(id)));
  assert.ok(new Set(ids.map((id) => id.slice(0, 6))).size > 90);
});

test('an operation that is too large to be sent is refused here', () => {
  const room = new Room();
  const told = [];
  room.addEventListener('refused', ({ detail }) => told.push(detail));
  room.write('note/1', 'x'.repeat(100_001));
  room.set([['person/ann/filter', { text: 'x'.repeat(400_000), rest: 'dim' }]]);
  assert.equal(told.length, 2);
  assert.equal(room.document.text('note/1'), '');
});

test('a new document keeps what is pending, and what was settled long ago is not done again', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  connection.open();
  await until(() => room.loaded, 'the document is there');
  connection.tell = () => {}; // what is said gets lost
  room.write('note/1', 'old');
  room.write('note/2', 'new');
  await pause(40);
  const [old] = room.document.pending;
  const hear = (detail) => connection.dispatchEvent(new CustomEvent('event', { detail }));
  hear({ event: 'document', base: { seq: 9, registers: [], texts: [['note/1', [[old.id, 0, 'old']]]] }, ops: [], head: 9 });
  hear({ event: 'known', ops: [old.id] });
  assert.deepEqual(room.document.plain().texts, { 'note/1': 'old', 'note/2': 'new' });
  assert.equal(room.document.pending.length, 1);
});

test('who hears that something is missing asks for it', async () => {
  const portal = new FakePortal();
  const { room, connection } = joined(portal, 'ann');
  connection.open();
  await until(() => room.loaded, 'the document is there');
  for (const seq of [1, 2, 3]) portal.ordered.push({ id: `b-${seq}`, person: 'bob', seq, at: 0, set: [['layout/columns', seq]] });
  connection.dispatchEvent(new CustomEvent('event', { detail: { event: 'ops', after: 2, ops: [portal.ordered[2]] } }));
  assert.equal(room.document.get('layout/columns'), undefined);
  await until(() => room.document.get('layout/columns') === 3, 'what was missing is there');
  assert.equal(room.document.seq, 3);
});

test('the others see what one looks at, a few times a second at most', async () => {
  const portal = new FakePortal();
  const [ann, bob] = [joined(portal, 'ann'), joined(portal, 'bob')];
  ann.connection.open();
  bob.connection.open();
  await until(() => bob.room.people.size === 1 && ann.room.people.size === 1, 'both are here');
  ann.room.set([['person/ann/name', 'Ann']]);
  for (let i = 1; i <= 30; i += 1) {
    ann.room.here({ focus: i, view: [0, 0, i, 1] });
    await pause(10);
  }
  const seen = () => bob.room.people.get(ann.room.page);
  await until(() => seen().focus === 30 && bob.room.nameOf('ann') === 'Ann', 'the last is seen, and the name');
  assert.equal(bob.room.nameOf('cem-1'), 'Somebody (cem)');
  assert.deepEqual(seen().view, [0, 0, 30, 1]);
  const told = ann.connection.said.filter(({ here }) => here).length;
  assert.ok(told <= 5, `${told} tellings in 0.3 s`);
  bob.connection.lose();
  assert.equal(bob.room.people.size, 0);
});

test('whatever is done at once, late and over lines that break, all documents come out the same', async () => {
  for (const seed of [1, 2, 3]) {
    const random = randomFrom(seed);
    const portal = new FakePortal();
    const pages = ['ann', 'bob', 'cem'].map((person) => joined(portal, person, () => random() * 15));
    for (const { connection } of pages) connection.open();
    let done = 0;
    for (let i = 0; i < 300; i += 1) {
      const { room, connection } = pages[Math.floor(random() * 3)];
      const kind = random();
      if (kind < 0.05) {
        if (connection.status.state === 'open') connection.lose();
        else connection.open();
      } else {
        const before = room.document.pending.length;
        if (kind < 0.4) room.set([[`tile/${Math.floor(random() * 4)}/rotation`, [90, 180, null][Math.floor(random() * 3)]]]);
        else if (kind < 0.7) {
          const text = room.document.text('note/1');
          const at = Math.floor(random() * (text.length + 1));
          room.write('note/1', text.slice(0, at) + (random() < 0.7 ? `${room.person[0]}${i} ` : '') + text.slice(at + Math.floor(random() * 3)));
        } else if (kind < 0.9) room.undo();
        else room.redo();
        done += room.document.pending.length - before;
      }
      if (random() < 0.3) await pause(random() * 8);
    }
    for (const { connection } of pages) if (connection.status.state !== 'open') connection.open();
    await until(() => pages.every(({ room }) => room.document.pending.length === 0 && room.document.seq === portal.ordered.length), `seed ${seed}: all are quiet`);
    const wanted = portal.document().plain();
    for (const { room } of pages) assert.deepEqual(room.document.plain(), wanted, `seed ${seed}`);
    assert.equal(portal.ordered.length, done);
  }
});
