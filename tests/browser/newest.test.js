import assert from 'node:assert/strict';
import test from 'node:test';

import { Newest } from '../../web_static/newest.js';

/** Something to send with, whose requests are answered when the test says so. */
function slow() {
  const [sent, answers] = [[], []];
  const newest = new Newest((of, value) => {
    sent.push(`${of}${value}`);
    return new Promise((answer) => answers.push(answer));
  });
  const answered = async () => {
    answers.shift()();
    await new Promise((done) => setImmediate(done));
  };
  return { newest, sent, answered };
}

test('one request is on its way, and after it goes the newest alone', async () => {
  const { newest, sent, answered } = slow();
  for (const value of [1, 2, 3, 4]) void newest.put('a', value);
  assert.deepEqual(sent, ['a1']);
  assert.equal(newest.busy, true);
  await answered();
  assert.deepEqual(sent, ['a1', 'a4']);
  await answered();
  assert.deepEqual([sent, newest.busy], [['a1', 'a4'], false]);
  void newest.put('a', 5);
  assert.deepEqual(sent, ['a1', 'a4', 'a5']);
});

test('the newest of each thing is sent', async () => {
  const { newest, sent, answered } = slow();
  for (const [of, value] of [['a', 1], ['a', 2], ['b', 1], ['a', 3], ['b', 2]]) void newest.put(of, value);
  for (let i = 0; i < 3; i += 1) await answered();
  assert.deepEqual(sent, ['a1', 'a3', 'b2']);
  assert.equal(newest.busy, false);
});
