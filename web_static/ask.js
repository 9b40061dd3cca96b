/** A small question above a page: some fields, and what to do with them. */

import { button, make } from './dom.js';
import { t } from './text.js';

/**
 * A field is a line of text unless it says otherwise: `choices` to choose one of, `file`, or a `type` of input. `autocomplete` is HTML's.
 * @typedef {{name: string, label: string, value?: string, choices?: [string, string][], more?: Promise<[string, string][]>, file?: boolean, type?: 'password'|'number'|'email'|'text',
 *   min?: number, max?: number, maxlength?: number, autocomplete?: string, optional?: boolean, hint?: string}} Field
 */

/**
 * Ask. It stays open while `run` says what is wrong.
 * @param {HTMLElement} place @param {string} title @param {Field[]} fields @param {string} go word of the button
 * @param {(given: Record<string, string>, files: File[]) => Promise<string>|string} run returns what is wrong, empty when it is done
 * @param {...HTMLElement} more what stands below the fields
 */
export function ask(place, title, fields, go, run, ...more) {
  const bare = (/** @type {string} */ words) => words.replace(/\s*…$/, ''); // what opens a question is named with it, the question is not
  const dialog = make('dialog', { class: 'work ts-ask', 'aria-label': bare(title) });
  const said = make('p', { class: 'said problem', role: 'alert' });
  const send = make('button', { type: 'submit', class: 'primary' }, bare(go));
  const controls = fields.map((field) => ({ field, control: controlOf(field) }));
  const rows = controls.map(({ field, control }) => make('div', { class: 'field' }, make('label', {}, make('span', {}, field.label), control), ...(field.hint ? [make('p', { class: 'small' }, field.hint)] : [])));
  const form = make('form', {}, make('div', { class: 'fields' }, ...rows), ...more, said, make('div', { class: 'buttons' }, send, button(t('tilesets.cancel'), () => dialog.close())));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    send.disabled = true;
    said.textContent = '';
    const given = Object.fromEntries(controls.map(({ field, control }) => [field.name, control.value]));
    const files = controls.flatMap(({ control }) => (control instanceof HTMLInputElement && control.files ? [...control.files] : []));
    const wrong = await run(given, files);
    send.disabled = false;
    said.textContent = wrong;
    if (wrong === '') dialog.close();
    else for (const { control } of controls) if (control instanceof HTMLInputElement && control.type === 'password') control.value = '';
  });
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  dialog.append(make('header', {}, make('h2', {}, bare(title))), form);
  place.append(dialog);
  dialog.showModal();
  (controls[0]?.control ?? send).focus();
}

/** @param {Field} field */
function controlOf({ value = '', choices, more, file, type = 'text', min, max, maxlength, autocomplete = 'off', optional }) {
  if (choices) {
    const select = make('select', {}, ...choices.map(([each, words]) => make('option', { value: each }, words)));
    select.value = value;
    // What is not known yet is there as soon as it is.
    void more?.then((late) => select.append(...late.map(([each, words]) => make('option', { value: each }, words))));
    return select;
  }
  const bounds = Object.entries({ min, max, maxlength }).flatMap(([name, bound]) => (bound === undefined ? [] : [[name, String(bound)]]));
  const input = make('input', { type: file ? 'file' : type, autocomplete, spellcheck: 'false', ...(optional || file ? {} : { required: '' }), ...Object.fromEntries(bounds) });
  if (!file) input.value = value;
  return input;
}
