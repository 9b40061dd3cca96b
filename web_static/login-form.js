/** A form of the pages before the wall: a line of text or a password each, a button, and what is wrong. */

import { ApiError } from './api.js';
import { make } from './dom.js';
import { t } from './text.js';

/**
 * @typedef {{name: string, label: string, type?: 'text'|'password'|'email', autocomplete?: string, hint?: string, optional?: boolean, maxlength?: number, value?: string, hidden?: boolean}} EntryField
 * @typedef {{label: string, heading?: string, fields: EntryField[], go: string, run: (given: Record<string, string>, form: Entry) => Promise<void>, more?: Node[]}} About
 */

/** A line as a sentence. Pure. @param {string} text */
export const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.') : '');

export class Entry {
  #said = make('p', { class: 'problem', role: 'alert' });
  /** @type {Map<string, {row: HTMLElement, input: HTMLInputElement, later: boolean}>} later: asked for when it is needed */ #rows = new Map();

  /** @param {About} about  run: does it; throws ApiError */
  constructor({ label, heading = '', fields, go, run, more = [] }) {
    this.send = make('button', { type: 'submit', class: 'primary' }, go);
    for (const field of fields) this.#rows.set(field.name, rowOf(field));
    this.element = make(
      'form',
      { class: 'login-form', 'aria-label': label },
      ...(heading ? [make('h2', {}, heading)] : []),
      ...[...this.#rows.values()].map(({ row }) => row),
      this.#said,
      make('div', { class: 'buttons' }, this.send, ...more),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run(run);
    });
  }

  /** @param {About['run']} run */
  async #run(run) {
    this.send.disabled = true;
    this.#said.textContent = '';
    const shown = [...this.#rows].filter(([, { row }]) => !row.hidden);
    try {
      await run(Object.fromEntries(shown.map(([name, { input }]) => [name, input.value])), this);
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      if (error instanceof ApiError && error.status !== 0 && !error.answer?.code) this.#empty();
      (shown.find(([, { input }]) => input.value === '' && input.required) ?? shown[0])?.[1].input.focus();
    }
    this.send.disabled = false;
  }

  /** Secrets are typed anew after a refusal, and what was asked for by them is asked for anew. */
  #empty() {
    for (const { row, input, later } of this.#rows.values()) {
      if (input.type === 'password') input.value = '';
      if (later) row.hidden = !(input.required = false);
    }
  }

  /** Say what is wrong. @param {string} line */
  say(line) {
    this.#said.textContent = sentence(line);
  }

  /** Ask for something more. @param {string} name of a field that was hidden */
  show(name) {
    const found = this.#rows.get(name);
    if (!found) return;
    found.row.hidden = false;
    found.input.required = true;
    found.input.value = '';
    found.input.focus();
  }

  focus() {
    [...this.#rows.values()].find(({ row, input }) => !row.hidden && input.value === '')?.input.focus();
  }
}

/** @param {EntryField} field */
function rowOf({ name, label, type = 'text', autocomplete = 'off', hint = '', optional = false, maxlength = 1000, value = '', hidden = false }) {
  const input = make('input', { type, name, maxlength: String(maxlength), spellcheck: 'false', autocapitalize: 'none', autocomplete, ...(optional || hidden ? {} : { required: '' }) });
  input.value = value;
  const row = make('label', {}, make('span', {}, label), input, ...(hint ? [make('span', { class: 'hint' }, hint)] : []));
  row.hidden = hidden;
  return { row, input, later: hidden };
}

/** The form of a plugin's way to log in. @param {import('./login.js').Way} way @param {(fields: Record<string, string>) => Promise<void>} run */
export function pluginForm({ title, fields }, run) {
  const asked = fields.map((field, number) => ({ name: field.name, label: field.title, type: /** @type {'password'|'text'} */ (field.secret ? 'password' : 'text'), autocomplete: field.secret ? 'current-password' : number === 0 ? 'username' : 'off' }));
  return new Entry({ label: t('login.form', { title }), heading: title, fields: asked, go: t('login.enter'), run });
}
