import assert from 'node:assert/strict';
import test from 'node:test';

import { splitWords, wantsShell } from '../../web_static/shell-words.js';

const words = (line) => splitWords(line).words;

test('blanks part words; quotes and backslashes keep them together, as in a shell', () => {
  assert.deepEqual(words('  ls   -l\t/tmp '), ['ls', '-l', '/tmp']);
  assert.deepEqual(words(`echo 'a b' "c d"e f\\ g`), ['echo', 'a b', 'c de', 'f g']);
  assert.deepEqual(words(`sh -c 'echo "$HOME" | wc'`), ['sh', '-c', 'echo "$HOME" | wc']);
  assert.deepEqual(words(`"" '' x`), ['', '', 'x']);
  assert.deepEqual(words(''), []);
});

test('within quotes only what a shell would take away is taken', () => {
  assert.deepEqual(words(`'a\\b'`), ['a\\b']);
  assert.deepEqual(words(`"a\\"b" "c\\\\d" "e\\n"`), ['a"b', 'c\\d', 'e\\n']);
  assert.deepEqual(words(`"it's"`), ["it's"]);
});

test('what is not whole is told', () => {
  assert.match(splitWords(`echo 'a`).problem, /a ' is missing/);
  assert.match(splitWords('echo "a').problem, /a " is missing/);
  assert.match(splitWords('echo \\').problem, /after the last/);
  assert.equal(splitWords('echo a').problem, '');
});

test('what only a shell understands is noticed, unless a shell is asked for', () => {
  assert.ok(wantsShell('ls *.txt') && wantsShell('a | b') && wantsShell('echo $HOME'));
  assert.ok(!wantsShell('ls -l /tmp') && !wantsShell(`sh -c 'a | b'`));
});
