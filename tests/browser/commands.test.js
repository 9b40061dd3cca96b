import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Commands, keysOf } from '../../web_static/commands.js';
import { valueOf } from '../../web_static/layout-menu.js';
import { plain, score, search } from '../../web_static/palette-search.js';
import { pageFrom } from '../../web_static/wall-commands.js';

const event = (/** @type {string} */ key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const command = (/** @type {string} */ id, more = {}) => ({ id, label: () => id, group: /** @type {const} */ ('look'), run: () => {}, ...more });

test('keys are named as they are shown, Ctrl and Cmd alike', () => {
  assert.equal(keysOf(event('z', { ctrlKey: true })), 'Ctrl+Z');
  assert.equal(keysOf(event('z', { metaKey: true })), 'Ctrl+Z');
  assert.equal(keysOf(event('Z', { ctrlKey: true, shiftKey: true })), 'Ctrl+Shift+Z');
  assert.equal(keysOf(event('ArrowLeft', { ctrlKey: true })), 'Ctrl+←');
  assert.equal(keysOf(event('n')), 'N');
  assert.equal(keysOf(event('N')), 'N', 'with caps lock');
  assert.equal(keysOf(event('N', { shiftKey: true })), 'Shift+N');
  assert.equal(keysOf(event(' ')), 'Space');
  assert.equal(keysOf(event('Escape')), 'Esc');
});

test('a sign is the same key whether a keyboard has it behind Shift, behind AltGr or neither', () => {
  assert.equal(keysOf(event('?', { shiftKey: true })), '?');
  assert.equal(keysOf(event('/', { shiftKey: true })), '/');
  assert.equal(keysOf(event('=')), '+');
  assert.equal(keysOf(event('-')), '−');
  assert.equal(keysOf(event('[', { ctrlKey: true, altKey: true, getModifierState: (/** @type {string} */ name) => name === 'AltGraph' })), '[');
  assert.equal(keysOf(event('x', { altKey: true })), 'Alt+X');
});

test('a command is offered to who has the right, and runs only while it would do anything', () => {
  /** @type {string[]} */
  const ran = [];
  const rights = new Set(['see']);
  let enabled = false;
  const commands = new Commands((right) => rights.has(right));
  commands.add(
    command('look', { run: () => ran.push('look'), keys: ['L'] }),
    command('move', { needs: 'arrange', run: () => ran.push('move'), keys: ['M'] }),
    command('maybe', { enabled: () => enabled, run: () => ran.push('maybe') }),
  );
  assert.deepEqual(commands.all().map(({ id }) => id), ['look', 'maybe']);
  assert.equal(commands.withKeys('M', true), undefined);
  assert.deepEqual([commands.run('move'), commands.run('maybe'), commands.run('look'), commands.run('none')], [false, false, true, false]);
  rights.add('arrange');
  enabled = true;
  assert.deepEqual([commands.run('move'), commands.run('maybe')], [true, true]);
  assert.deepEqual(ran, ['look', 'move', 'maybe']);
});

test('keys that work buttons count on the wall alone; a command that is added again takes the place of the first', () => {
  const commands = new Commands();
  commands.add(command('open', { keys: ['Enter'], onWall: true }), command('help', { keys: ['?'], group: 'help' }), command('find', { keys: ['/'] }));
  assert.equal(commands.withKeys('Enter', true)?.id, 'open');
  assert.equal(commands.withKeys('Enter', false), undefined);
  assert.equal(commands.withKeys('?', false)?.id, 'help');
  assert.deepEqual(commands.all().map(({ id }) => id), ['open', 'find', 'help'], 'group by group');
  commands.add(command('open', { keys: ['O'] }));
  assert.equal(commands.all().length, 3);
  assert.equal(commands.withKeys('Enter', true), undefined);
});

test('whoever listens hears of a command before it is run, and of none that does nothing', () => {
  /** @type {string[]} */
  const heard = [];
  const commands = new Commands();
  commands.add(command('fit', { view: true, run: () => heard.push('run') }), command('off', { enabled: () => false }));
  commands.addEventListener('run', ({ detail }) => heard.push(detail.id));
  commands.run('fit');
  commands.run('off');
  assert.deepEqual(heard, ['fit', 'run']);
});

test('the last five commands that were used are kept in mind, the last one first', () => {
  const commands = new Commands();
  for (const id of ['a', 'b', 'c', 'a', 'd', 'e', 'f']) commands.remember(id);
  assert.deepEqual(commands.recent, ['f', 'e', 'd', 'a', 'c']);
});

const ENTRIES = [
  { id: 'all', label: 'Select all tiles', keys: ['Ctrl+A'] },
  { id: 'tag', label: 'Select by tag …', keys: ['Shift+K'] },
  { id: 'rows', label: 'Turn the rows up', about: 'Move' },
  { id: 'etiquette', label: 'Sélectionner par étiquette' },
  { id: 'undo', label: 'Undo', keys: ['Ctrl+Z'] },
];
const found = (/** @type {string} */ query, /** @type {string[]} */ recent = []) => search(ENTRIES, query, recent).map(({ id }) => id);

test('a few letters find a command: by words in any order, beginnings, accents left out, and by its keys', () => {
  assert.deepEqual(found('tag sel'), ['tag']);
  assert.deepEqual(found('etiq'), ['etiquette']);
  assert.deepEqual(found('ctrl+z'), ['undo']);
  assert.deepEqual(found('move'), ['rows'], 'by its group');
  assert.deepEqual(found('ctrl+'), ['all', 'undo']);
  assert.deepEqual(found('slctall'), ['all'], 'by letters in their order');
  assert.deepEqual(found('zq'), []);
  assert.equal(plain('Étiquette'), 'etiquette');
});

test('what begins so comes before what has it within, and what was used before what was not', () => {
  assert.ok(score('un', { label: 'Undo' }) > score('un', { label: 'Turn the rows' }));
  assert.deepEqual(found('select', ['tag']), ['tag', 'all', 'etiquette']);
  assert.deepEqual(found(''), ENTRIES.map(({ id }) => id));
});

test('pages of the wall follow each other to its end, and from there begin anew; a wall all in sight stays', () => {
  const view = { x: 0, y: -1, width: 10, height: 10 };
  const down = (/** @type {number} */ y) => pageFrom({ ...view, y }, 23, 1, 1).y;
  const up = (/** @type {number} */ y) => pageFrom({ ...view, y }, 23, 1, -1).y;
  assert.deepEqual([down(-1), down(8), down(14)], [8, 14, -1]);
  assert.deepEqual([up(14), up(5), up(-1)], [5, -1, 14]);
  assert.deepEqual(pageFrom(view, 5, 1, 1), view);
});

test('what is typed for the layout is a number within bounds, and nothing typed is what fits', () => {
  const field = { least: 1, most: 64 };
  assert.deepEqual(['3', '3.6', '0', '999', '', ' ', 'x'].map((text) => valueOf(text, field)), [3, 4, 1, 64, null, null, null]);
});
