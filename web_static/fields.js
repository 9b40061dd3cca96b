/**
 * A form made from a JSON Schema: fields with help, ranges and units, and beside each what is wrong with it.
 *
 * @typedef {import('./fields-schema.js').Field} Field
 * @typedef {import('./fields-schema.js').Given} Given
 * @typedef {{key: string, text: string, warning?: boolean}} Problem
 * @typedef {HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement} Control
 */

import { make, setText } from './dom.js';
import { givenOf, rangeKind, stepped, typedOf, withoutSecrets } from './fields-schema.js';
import { t } from './text.js';

const LONG_LETTERS = 300; // a text that may be longer has room for some lines
let made = 0;

/** Fires `change` as anything is typed or chosen. */
export class Fields extends EventTarget {
  /** @type {Map<string, {field: Field, control: Control, error: HTMLElement, row: HTMLElement}>} */ #rows = new Map();
  /** @type {Record<string, unknown>} what was given that no field takes */ #rest = {};
  element = make('div', { class: 'fields' });

  /** @param {Field[]} fields @param {{withKeys?: boolean}} [how] withKeys: the name that `--set` takes stands beside each label */
  constructor(fields, { withKeys = false } = {}) {
    super();
    this.fields = fields;
    this.withKeys = withKeys;
    this.element.append(...fields.map((field) => this.#made(field)));
  }

  /** @param {Field} field @returns {HTMLElement} */
  #made(field) {
    if (field.kind === 'group') {
      const help = field.help ? [make('p', { class: 'small' }, field.help)] : [];
      return make('fieldset', { class: 'group' }, make('legend', {}, field.label), ...help, ...field.fields.map((each) => this.#made(each)));
    }
    const id = `field-${(made += 1)}`;
    const control = controlOf(field, id);
    const range = rangeWords(field);
    const help = make('p', { class: 'small', id: `${id}-help` }, field.help, ...(range ? [field.help ? ' · ' : '', make('span', { class: 'range' }, range)] : []));
    const error = make('p', { class: 'wrong', id: `${id}-wrong` });
    control.setAttribute('aria-describedby', [help.textContent ? help.id : '', error.id].filter(Boolean).join(' '));
    const key = this.withKeys ? [make('code', { class: 'key', 'aria-hidden': 'true' }, field.key)] : [];
    const unit = field.unit ? [make('span', { class: 'unit', id: `${id}-unit` }, field.unit)] : [];
    if (field.unit) control.setAttribute('aria-describedby', `${id}-unit ${control.getAttribute('aria-describedby')}`);
    const needed = field.required ? [make('span', { class: 'needed', 'aria-hidden': 'true' }, '*')] : [];
    const label = make('label', { for: id }, field.label);
    const row = make('div', { class: `field-row of-${field.kind}` }, make('div', { class: 'field-head' }, label, ...needed, ...key), make('div', { class: 'field-control' }, control, ...unit), help, error);
    control.addEventListener(field.kind === 'flag' || control instanceof HTMLSelectElement ? 'change' : 'input', () => {
      this.#mark(field.key);
      this.dispatchEvent(new Event('change'));
    });
    this.#rows.set(field.key, { field, control, error, row });
    write(field, control, field.initial);
    return row;
  }

  /** Say which differ from their defaults. @param {string} key */
  #mark(key) {
    const found = this.#rows.get(key);
    if (found) found.row.classList.toggle('changed', read(found.field, found.control) !== found.field.initial);
  }

  /** Return what is typed, by key. */
  get typed() {
    return new Map([...this.#rows].map(([key, { field, control }]) => [key, read(field, control)]));
  }

  /** Return what is not the default, as one sends it. @returns {Record<string, unknown>} */
  get given() {
    return { ...this.#rest, ...givenOf(this.fields, this.typed) };
  }

  /** Return of that what may be kept or shown: no secrets. */
  get open() {
    return withoutSecrets(this.fields, this.given);
  }

  /** Fill it in: what is not given has its default. @param {Record<string, unknown>} given */
  fill(given) {
    const { typed, rest } = typedOf(this.fields, given);
    this.#rest = rest;
    for (const [key, { field, control }] of this.#rows) {
      write(field, control, typed.get(key) ?? field.initial);
      this.#mark(key);
    }
  }

  /** Say what is wrong, beside the fields; return what belongs to none of them. @param {Problem[]} problems */
  tell(problems) {
    for (const [key, { control, error }] of this.#rows) {
      const mine = problems.filter((each) => isOf(each, key));
      const bad = mine.some(({ warning }) => !warning);
      control.toggleAttribute('aria-invalid', bad);
      if (bad) control.setAttribute('aria-invalid', 'true');
      error.classList.toggle('warning', mine.length > 0 && !bad);
      setText(error, mine.map(({ text }) => text).join(' '));
    }
    const keys = [...this.#rows.keys()];
    return problems.filter((each) => !keys.some((key) => isOf(each, key)));
  }

  /** Give the keyboard to the first that is wrong; return whether there is one. */
  focusWrong() {
    const wrong = [...this.#rows.values()].find(({ control }) => control.getAttribute('aria-invalid') === 'true');
    if (!wrong) return false;
    const folded = wrong.row.closest('details');
    if (folded) folded.open = true;
    wrong.control.focus();
    wrong.row.scrollIntoView({ block: 'center' });
    return true;
  }

  focus() {
    [...this.#rows.values()][0]?.control.focus();
  }

  /** Offer other values for a field: what is typed or chosen stays. @param {string} key @param {import('./fields-schema.js').Choice[]} choices */
  offer(key, choices) {
    const list = this.#rows.get(key)?.control;
    if (!(list instanceof HTMLInputElement)) return;
    const place = list.list ?? make('datalist', { id: `${list.id}-may` });
    place.replaceChildren(...choices.map(({ value, words }) => make('option', { value, ...(words === value ? {} : { label: words }) })));
    if (place.isConnected) return;
    list.after(place);
    list.setAttribute('list', place.id);
  }

  /** Say more of a field, below its help. @param {string} key @param {string} words */
  note(key, words) {
    const row = this.#rows.get(key)?.row;
    if (!row) return;
    const found = row.querySelector('.note') ?? make('p', { class: 'small note', role: 'status' });
    setText(found, words);
    if (!found.isConnected) row.querySelector('.wrong')?.before(found);
  }
}

/** Return whether a problem is that of a field: of its name, of what is within, or of its group and names it. @param {Problem} problem @param {string} key */
const isOf = (problem, key) => problem.key === key || problem.key.startsWith(`${key}.`) || (problem.key !== '' && key.startsWith(`${problem.key}.`) && problem.text.includes(`${key}=`));

/** @param {Field} field @param {string} id @returns {Control} */
function controlOf(field, id) {
  const { kind, choices, required, range } = field;
  /** @type {Record<string, string>} */ const needed = required ? { 'aria-required': 'true' } : {};
  if (kind === 'choice') {
    const none = field.initial === '' ? [{ value: '', words: t(required ? 'fields.choose' : 'fields.none') }] : [];
    return make('select', { id, ...needed }, ...[...none.filter(() => !choices.some(({ value }) => value === '')), ...choices].map(optionOf));
  }
  if (kind === 'flag') return make('input', { id, type: 'checkbox' });
  const plain = { id, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', ...needed };
  if (kind === 'secret') return make('input', { ...plain, type: 'password', autocomplete: 'new-password' });
  if (kind === 'text' && (range.letters ?? 0) > LONG_LETTERS) return make('textarea', { ...plain, rows: '3' });
  const input = make('input', { ...plain, type: 'text', ...(kind === 'integer' || kind === 'number' ? { inputmode: 'decimal' } : {}) });
  if (kind === 'integer' || kind === 'number') input.addEventListener('keydown', (event) => step(event, input, field));
  if (choices.length > 0) queueMicrotask(() => suggest(input, choices));
  return input;
}

/** @param {HTMLInputElement} input @param {import('./fields-schema.js').Choice[]} choices */
function suggest(input, choices) {
  if (input.list) return;
  const list = make('datalist', { id: `${input.id}-may` }, ...choices.map(({ value }) => make('option', { value })));
  input.after(list);
  input.setAttribute('list', list.id);
}

/** Arrows change a number as they do in a number field, which would lose what is no number. @param {KeyboardEvent} event @param {HTMLInputElement} input @param {Field} field */
function step(event, input, field) {
  const way = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
  if (way === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const next = stepped(input.value, way, field);
  if (next === input.value) return;
  input.value = next;
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

/** @param {import('./fields-schema.js').Choice} choice */
const optionOf = ({ value, words }) => make('option', { value }, words);

/** @param {Field} field @param {Control} control */
function read({ kind }, control) {
  return kind === 'flag' ? String(/** @type {HTMLInputElement} */ (control).checked) : control.value;
}

/** @param {Field} field @param {Control} control @param {string} text */
function write({ kind }, control, text) {
  if (kind === 'flag') /** @type {HTMLInputElement} */ (control).checked = ['true', '1', 'yes', 'on', 't', 'y'].includes(text.toLowerCase());
  else {
    // What is not offered, as of a set that was kept, stands there too: what is wrong with it is said.
    if (control instanceof HTMLSelectElement && ![...control.options].some(({ value }) => value === text)) control.append(optionOf({ value: text, words: text }));
    control.value = text;
  }
}

/** Return the range of a field in words. @param {Field} field */
export function rangeWords({ range }) {
  const kind = rangeKind(range);
  if (kind === '') return '';
  const values = Object.fromEntries(['least', 'above', 'most', 'below'].map((name) => [name, String(/** @type {Record<string, number|undefined>} */ (range)[name] ?? '')]));
  return t(/** @type {import('./text.js').Key} */ (`fields.range-${kind}`), values);
}
