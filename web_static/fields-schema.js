/**
 * What a JSON Schema, as pydantic writes it, asks for: a field each. Pure.
 *
 * A field's value is text, as typed and as `--set KEY=TEXT` takes it: whoever asked says what is wrong with it.
 *
 * @typedef {Record<string, any>} Schema
 * @typedef {object} Field
 * @property {string} key      by which it is named, in a group with the group's: `view.angle`
 * @property {string} name     its last part
 * @property {'integer'|'number'|'text'|'secret'|'choice'|'flag'|'list'|'group'} kind
 * @property {string} label
 * @property {string} help
 * @property {string} unit
 * @property {string} initial  the default as text; empty: none
 * @property {boolean} required without it, nothing can be done
 * @property {Choice[]} choices of a choice; of others what may be meant
 * @property {Range} range
 * @property {Field[]} fields  of a group
 * @typedef {{value: string, words: string}} Choice
 * @typedef {{least?: number, above?: number, most?: number, below?: number, step?: number, letters?: number}} Range
 * @typedef {{[name: string]: string|Given}} Given   what is not the default, groups within
 */

const DEEPEST = 4; // groups within groups; what lies deeper is text

/** Return the fields of a schema of an object. @param {Schema|null|undefined} schema @returns {Field[]} */
export function fieldsOf(schema) {
  return schema ? within(schema, schema, '', 0) : [];
}

/** @param {Schema} schema @param {Schema} root @param {string} before @param {number} depth @returns {Field[]} */
function within(schema, root, before, depth) {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => fieldOf(name, property, root, { before, depth, required: required.has(name) }));
}

/** @param {string} name @param {Schema} property @param {Schema} root @param {{before: string, depth: number, required: boolean}} at @returns {Field} */
function fieldOf(name, property, root, { before, depth, required }) {
  const { schema, optional } = plainOf(property, root);
  const key = before + name;
  const choices = choicesOf(schema);
  const group = choices.length === 0 && schema.properties !== undefined && !optional && depth < DEEPEST;
  return {
    key,
    name,
    kind: group ? 'group' : choices.length > 0 ? 'choice' : kindOf(schema),
    label: labelOf(name, schema.title),
    help: String(schema.description ?? ''),
    unit: String(schema.unit ?? ''),
    initial: group ? '' : textOf(schema.default),
    required: required && !group,
    choices: choices.length > 0 ? choices : (Array.isArray(schema.examples) ? schema.examples : []).map(choiceOf),
    range: rangeOf(schema),
    fields: group ? within(withDefaults(schema), root, `${key}.`, depth + 1) : [],
  };
}

/** A group's own default is the default of each of its fields. @param {Schema} schema */
function withDefaults(schema) {
  const given = schema.default;
  if (typeof given !== 'object' || given === null) return schema;
  const own = Object.entries(/** @type {Record<string, Schema>} */ (schema.properties)).map(([name, property]) => [name, name in given ? { ...property, default: given[name] } : property]);
  return { ...schema, properties: Object.fromEntries(own) };
}

/** Follow references, and take what may be null for what it else is. @param {Schema} property @param {Schema} root */
function plainOf(property, root) {
  let schema = property;
  let optional = false;
  for (let steps = 0; steps < 20; steps++) { // a reference may name itself
    const [only, more] = schema.allOf ?? [];
    if (typeof schema.$ref === 'string') {
      const { $ref, ...own } = schema;
      schema = { .../** @type {Schema} */ (root.$defs?.[$ref.replace('#/$defs/', '')] ?? {}), ...own };
    } else if (only && !more) {
      schema = { ...only, ...schema, allOf: undefined };
    } else if (Array.isArray(schema.anyOf)) {
      const { anyOf, ...own } = schema;
      const rest = anyOf.filter((/** @type {Schema} */ each) => each.type !== 'null');
      optional ||= rest.length < anyOf.length;
      schema = rest.length === 1 ? { ...rest[0], ...own } : own;
    } else break;
  }
  return { schema, optional };
}

/** @param {Schema} schema @returns {Field['kind']} */
function kindOf({ type, format, writeOnly }) {
  if (format === 'password' || writeOnly === true) return 'secret';
  if (type === 'integer' || type === 'number') return type;
  if (type === 'boolean') return 'flag';
  return type === 'array' ? 'list' : 'text';
}

/** @param {unknown} value @returns {Choice} */
const choiceOf = (value) => ({ value: textOf(value), words: textOf(value) });

/** @param {Schema} schema @returns {Choice[]} */
function choicesOf(schema) {
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
  return values.every((each) => ['string', 'number', 'boolean'].includes(typeof each)) ? values.map(choiceOf) : [];
}

/** Return a value as one types it. @param {unknown} value */
export function textOf(value) {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(' ');
  return JSON.stringify(value);
}

/** pydantic writes `Feed Min` for feed_min where the case says nothing; a title of the case's own stands as it is. @param {string} name @param {unknown} title */
function labelOf(name, title) {
  const words = name.replaceAll('_', ' ').trim();
  const own = typeof title === 'string' && title.toLowerCase() !== words.toLowerCase() ? title : words;
  return own.charAt(0).toUpperCase() + own.slice(1);
}

/** @param {Schema} schema @returns {Range} */
function rangeOf(schema) {
  const asked = { least: schema.minimum, above: schema.exclusiveMinimum, most: schema.maximum, below: schema.exclusiveMaximum, step: schema.multipleOf, letters: schema.maxLength };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => typeof value === 'number'));
}

/** Return which part of a range's words goes with it, as in `fields.range-LOW-HIGH`; empty: none. @param {Range} range */
export function rangeKind({ least, above, most, below }) {
  const low = least !== undefined ? 'least' : above !== undefined ? 'above' : '';
  const high = most !== undefined ? 'most' : below !== undefined ? 'below' : '';
  return [low, high].filter(Boolean).join('-');
}

/**
 * Return a number a step up or down, as text with no more digits than were there; what is none stays.
 * @param {string} text @param {1|-1} way @param {Pick<Field, 'kind'|'range'>} field
 */
export function stepped(text, way, { kind, range }) {
  const value = Number(text === '' ? (range.least ?? range.above ?? 0) : text);
  if (!Number.isFinite(value)) return text;
  const digits = /e/i.test(text) ? null : (/\.(\d+)/.exec(text)?.[1].length ?? 0);
  const step = range.step ?? (kind === 'integer' ? 1 : digits === null ? Math.abs(value) / 10 : 10 ** -(digits || (Math.abs(value) < 10 ? 1 : 0)));
  const next = value + way * step;
  const within_ = Math.min(Math.max(next, range.least ?? -Infinity), range.most ?? Infinity);
  if ((range.above !== undefined && within_ <= range.above) || (range.below !== undefined && within_ >= range.below)) return text;
  return String(Number(within_.toPrecision(12)));
}

/**
 * Return what of typed texts is not the default, groups within groups: what one sends. Of a group of which anything differs all goes.
 * @param {Field[]} fields @param {ReadonlyMap<string, string>} typed by key @returns {Given}
 */
export function givenOf(fields, typed) {
  /** @type {Given} */ const found = {};
  for (const field of fields) {
    if (field.kind === 'group') {
      if (Object.keys(givenOf(field.fields, typed)).length > 0) found[field.name] = wholeOf(field.fields, typed);
    } else if ((typed.get(field.key) ?? field.initial) !== field.initial) found[field.name] = typed.get(field.key) ?? '';
  }
  return found;
}

/** @param {Field[]} fields @param {ReadonlyMap<string, string>} typed @returns {Given} */
function wholeOf(fields, typed) {
  const pairs = fields.map((field) => [field.name, field.kind === 'group' ? wholeOf(field.fields, typed) : (typed.get(field.key) ?? field.initial)]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

/** Return what was given as texts by key, and what no field takes. @param {Field[]} fields @param {Record<string, unknown>} given */
export function typedOf(fields, given) {
  /** @type {Map<string, string>} */ const typed = new Map();
  /** @type {Record<string, unknown>} */ const rest = {};
  for (const [name, value] of Object.entries(given)) {
    const field = fields.find((each) => each.name === name);
    if (!field) rest[name] = value;
    else if (field.kind !== 'group') typed.set(field.key, textOf(value));
    else if (typeof value === 'object' && value !== null) for (const pair of typedOf(field.fields, /** @type {Record<string, unknown>} */ (value)).typed) typed.set(...pair);
  }
  return { typed, rest };
}

/** Return what was given but for secrets: what may be kept, or shown. @param {Field[]} fields @param {Record<string, unknown>} given @returns {Record<string, unknown>} */
export function withoutSecrets(fields, given) {
  const open = Object.entries(given).filter(([name]) => fields.find((each) => each.name === name)?.kind !== 'secret');
  return Object.fromEntries(open.map(([name, value]) => {
    const group = fields.find((each) => each.name === name && each.kind === 'group');
    return [name, group ? withoutSecrets(group.fields, /** @type {Record<string, unknown>} */ (value)) : value];
  }));
}
