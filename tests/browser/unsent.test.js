import assert from 'node:assert/strict';
import test from 'node:test';

import { keepUnsent, takeUnsent } from '../../web_static/unsent.js';

/** A browser's storage, of so many characters. */
class FakeStorage {
  kept = new Map();
  constructor(room = Infinity) {
    this.room = room;
  }
  get length() {
    return this.kept.size;
  }
  key = (i) => [...this.kept.keys()][i];
  getItem = (name) => this.kept.get(name) ?? null;
  removeItem = (name) => this.kept.delete(name);
  setItem(name, value) {
    if (value.length > this.room) throw new Error('QuotaExceededError');
    this.kept.set(name, value);
  }
}

const op = (id) => ({ id, person: 'ann', set: [['layout/gap', 3]] });
const DAY = 24 * 3600 * 1000;

test('the next page of a person finds what earlier ones kept, the first first, and once', () => {
  const store = new FakeStorage();
  store.setItem('tiledviz.legend', 'open');
  assert.ok(keepUnsent(store, 'bb', 'ann', [op('bb-1')], 2000));
  assert.ok(keepUnsent(store, 'aa', 'ann', [op('aa-1'), op('aa-2')], 1000));
  assert.deepEqual(takeUnsent(store, 'ann', 3000).map(({ id }) => id), ['aa-1', 'aa-2', 'bb-1']);
  assert.deepEqual(takeUnsent(store, 'ann', 3000), []);
  assert.equal(store.getItem('tiledviz.legend'), 'open');
});

test("another person's stays for that person, for a month", () => {
  const store = new FakeStorage();
  keepUnsent(store, 'aa', 'ann', [op('aa-1')], 0);
  assert.deepEqual(takeUnsent(store, 'bob', 29 * DAY), []);
  assert.equal(store.length, 1);
  assert.deepEqual(takeUnsent(store, 'bob', 31 * DAY), []);
  assert.equal(store.length, 0);
});

test('nothing is kept of a page that has sent all, or whose person is not known', () => {
  const store = new FakeStorage();
  keepUnsent(store, 'aa', 'ann', [op('aa-1')], 0);
  keepUnsent(store, 'aa', 'ann', [], 0);
  keepUnsent(store, 'bb', '', [op('bb-1')], 0);
  assert.equal(store.length, 0);
});

test('what cannot be kept is said so, and what is not ours to read is no error', () => {
  assert.equal(keepUnsent(new FakeStorage(10), 'aa', 'ann', [op('aa-1')], 0), false);
  const store = new FakeStorage();
  store.setItem('tiledviz.unsent.aa', '{"broken');
  store.setItem('tiledviz.unsent.bb', '{"person": "ann", "at": 5}');
  assert.deepEqual(takeUnsent(store, 'ann', 10), []);
  assert.equal(store.length, 0);
});
