import assert from 'node:assert/strict';
import test from 'node:test';

import { fieldsOf, givenOf, rangeKind, stepped, textOf, typedOf, withoutSecrets } from '../../web_static/fields-schema.js';
import { jobFields } from '../../web_static/launch-job.js';
import { commandLine, gresOf, partitionWords, quoted, setWords } from '../../web_static/launch-words.js';
import { rangeWords } from '../../web_static/fields.js';

/** As pydantic 2 writes a model with all that the form knows. */
const SCHEMA = {
  $defs: {
    Colours: { enum: ['viridis', 'gray'], title: 'Colours', type: 'string' },
    View: {
      properties: {
        angle: { default: 30.0, exclusiveMaximum: 360, minimum: 0, title: 'Angle', type: 'number', unit: '°' },
        up: { default: 'z', enum: ['y', 'z'], title: 'Up', type: 'string' },
      },
      title: 'View',
      type: 'object',
    },
    Tree: { properties: { left: { $ref: '#/$defs/Tree' } }, title: 'Tree', type: 'object' },
  },
  properties: {
    steps: { default: 4000, description: 'steps of time', maximum: 200000, minimum: 1, title: 'Steps', type: 'integer' },
    feed_min: { default: 0.018, exclusiveMinimum: 0, title: 'Feed Min', type: 'number', unit: '1/step' },
    colours: { $ref: '#/$defs/Colours', default: 'viridis' },
    wire: { default: false, title: 'Draw as wires', type: 'boolean' },
    path: { title: 'Path', type: 'string' },
    paths: { default: ['a', 'b'], items: { type: 'string' }, title: 'Paths', type: 'array' },
    seed: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }], default: null, title: 'Seed' },
    either: { anyOf: [{ type: 'integer' }, { type: 'string' }], default: 3, title: 'Either' },
    key: { default: '', format: 'password', title: 'Key', type: 'string', writeOnly: true },
    view: { $ref: '#/$defs/View', default: { angle: 45.0, up: 'z' } },
    table: { additionalProperties: { type: 'integer' }, default: { a: 1 }, title: 'Table', type: 'object' },
    tree: { $ref: '#/$defs/Tree', default: {} },
    always: { const: 1, default: 1, title: 'Always' },
  },
  required: ['path'],
  type: 'object',
};
const FIELDS = fieldsOf(SCHEMA);
const named = (key) => FIELDS.find((field) => field.key === key);

test('each kind of parameter has its kind of field, with label, help, unit and default', () => {
  const kinds = Object.fromEntries(FIELDS.map(({ key, kind }) => [key, kind]));
  assert.deepEqual(kinds, {
    steps: 'integer', feed_min: 'number', colours: 'choice', wire: 'flag', path: 'text', paths: 'list', seed: 'integer',
    either: 'text', key: 'secret', view: 'group', table: 'text', tree: 'group', always: 'choice',
  });
  assert.deepEqual([named('feed_min').label, named('wire').label, named('feed_min').unit], ['Feed min', 'Draw as wires', '1/step']);
  assert.deepEqual(FIELDS.filter(({ required }) => required).map(({ key }) => key), ['path']);
  assert.deepEqual(['steps', 'wire', 'paths', 'seed', 'table'].map((key) => named(key).initial), ['4000', 'false', 'a b', '', '{"a":1}']);
  assert.deepEqual(named('colours').choices.map(({ value }) => value), ['viridis', 'gray']);
  assert.deepEqual(fieldsOf(null), []);
});

test("a group's own default is that of its fields, and one within itself ends", () => {
  assert.deepEqual(named('view').fields.map(({ key, initial, unit }) => [key, initial, unit]), [['view.angle', '45', '°'], ['view.up', 'z', '']]);
  let [deepest, depth] = [named('tree'), 0];
  for (; deepest?.kind === 'group'; depth += 1) [deepest] = deepest.fields;
  assert.ok(depth >= 2 && depth < 10);
});

test('ranges are said as they are', () => {
  assert.deepEqual([named('steps'), named('feed_min'), named('view').fields[0], named('path')].map(rangeWords), ['1 to 200000', 'more than 0', 'at least 0, less than 360', '']);
  assert.equal(rangeKind({ above: 0, below: 1 }), 'above-below');
});

test('arrows step a number within its range, and leave what is none', () => {
  assert.equal(stepped('4000', 1, named('steps')), '4001');
  assert.equal(stepped('1', -1, named('steps')), '1');
  assert.equal(stepped('0.018', 1, named('feed_min')), '0.019');
  assert.equal(stepped('0.001', -1, named('feed_min')), '0.001'); // 0 is not more than 0
  assert.equal(stepped('abc', 1, named('steps')), 'abc');
  assert.equal(stepped('', 1, named('steps')), '2');
});

test('what is sent is what was typed, as it was typed, and nothing that is as it was', () => {
  assert.deepEqual(givenOf(FIELDS, new Map([['steps', '4000'], ['feed_min', ' 1e-2x'], ['path', ''], ['key', "'$(id)\u0000"]])), { feed_min: ' 1e-2x', key: "'$(id)\u0000" });
  assert.deepEqual(givenOf(FIELDS, new Map([['steps', '']])), { steps: '' }); // emptied: not the default
  assert.deepEqual(givenOf(FIELDS, new Map([['view.angle', '50'], ['view.up', 'z']])), { view: { angle: '50', up: 'z' } });
});

test('what was given before fills the fields, and what none of them takes is kept', () => {
  const { typed, rest } = typedOf(FIELDS, { steps: 5, wire: true, paths: ['x', 'y'], view: { angle: 3 }, gone: 1 });
  assert.deepEqual(Object.fromEntries(typed), { steps: '5', wire: 'true', paths: 'x y', 'view.angle': '3' });
  assert.deepEqual(rest, { gone: 1 });
  assert.equal(textOf([{ a: 1 }]), '[{"a":1}]');
});

test('secrets are neither kept nor shown, whatever group they are in', () => {
  const schema = { properties: { key: { type: 'string', writeOnly: true }, deep: { properties: { key: { type: 'string', format: 'password' }, open: { type: 'string' } } } } };
  assert.deepEqual(withoutSecrets(fieldsOf(schema), { key: 'a', deep: { key: 'b', open: 'c' }, more: 1 }), { deep: { open: 'c' }, more: 1 });
});

test('the command line that does the same survives a shell', () => {
  assert.equal(commandLine('gears', { steps: '5', 'job.nodes': '2' }, '4'), 'tiledviz launch gears \\\n  --tiles 4 \\\n  --set steps=5 \\\n  --set job.nodes=2');
  assert.equal(commandLine('gears', { title: "it's $(here)\n" }, null), "tiledviz launch gears --set 'title=it'\\''s $(here)\n'");
  assert.equal(quoted(''), "''");
  assert.equal(setWords({ steps: '5', 'job.nodes': '2' }, 4), '4 tiles, steps=5, nodes=2');
  assert.equal(setWords({}, null), 'all as the case has it');
});

const GPU = { name: 'gpu', default: false, state: 'up', time: 7200, time_default: null, nodes: 4, usable: 3, cpus: 64, memory: 256 * 2 ** 30, gpus: [{ type: 'a100', count: 2, nodes: 4 }] };
const SMALL = { ...GPU, name: 'debug', default: true, nodes: 1, usable: 1, gpus: [], time: null };

test('partitions are chosen by name, with what they have; the rest of the settings is folded', () => {
  assert.equal(partitionWords(GPU), '4 nodes · 3 of them usable now · 64 cores · 256 GiB of memory · 2 a100 GPUs · at most 2 h');
  assert.deepEqual(gresOf([GPU, SMALL]), ['gpu:1', 'gpu:2', 'gpu:a100:1', 'gpu:a100:2']);
  const setting = (key, value, schema) => ({ key, value, source: 'default', description: `what ${key} is`, schema });
  const settings = [setting('job.partition', 'debug', { type: 'string', default: '' }), setting('job.nodes', 2, { type: 'integer', minimum: 1, default: 1 }), setting('tiles.gl', 'auto', { enum: ['auto', 'mesa'] })];
  const offers = { scheduler: 'slurm', error: '', partitions: [GPU, SMALL], accounts: [], qos: [], reservations: [], settings };
  const { first, more } = jobFields(offers);
  assert.deepEqual(first.map(({ key, label, kind, initial }) => [key, label, kind, initial]), [['job.partition', 'Partition', 'choice', 'debug'], ['job.nodes', 'Nodes', 'integer', '2']]);
  assert.deepEqual(first[0].choices.map(({ value }) => value), ['', 'gpu', 'debug']);
  assert.match(first[0].choices[0].words, /debug/);
  assert.deepEqual(more.map(({ key, label, kind }) => [key, label, kind]), [['tiles.gl', 'Tiles: gl', 'choice']]);
  assert.deepEqual(jobFields({ ...offers, scheduler: 'local', partitions: [] }).first, []);
});
