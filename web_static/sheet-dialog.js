/** The dialog of the contact sheet: which tiles, how the pages look, which values stand below the pictures. The portal makes it. */

import { ApiError, fetchFile } from './api.js';
import { button, byId, make, saveFile, setText } from './dom.js';
import { t } from './text.js';
import { fileName } from './take-away.js';

const TILES_MOST = 1000; // of a sheet that the portal makes at once
const COLUMNS_MOST = 20;
const PAPERS = { a3: 'A3', a4: 'A4', a5: 'A5', letter: 'Letter', legal: 'Legal' };

/**
 * Return how a file that came is called: of several pages pictures come as a ZIP archive. Pure.
 * @param {Uint8Array} head the first bytes @param {string} format
 */
export const endOf = (head, format) => (head[0] === 0x50 && head[1] === 0x4b ? '.zip' : `.${format}`);

class SheetDialog {
  #dialog = make('dialog', { class: 'work sheet-dialog', 'aria-labelledby': 'sheet-title' });
  #which = make('select', { id: 'sheet-which' });
  #heading = make('input', { id: 'sheet-heading', type: 'text', maxlength: '200', autocomplete: 'off' });
  #format = make('select', { id: 'sheet-format' }, make('option', { value: 'pdf' }, t('sheet.pdf')), make('option', { value: 'png' }, t('sheet.png')));
  #paper = make('select', { id: 'sheet-paper' }, ...Object.entries(PAPERS).map(([value, name]) => make('option', { value }, name)));
  #landscape = make('input', { type: 'checkbox' });
  #across = make('input', { id: 'sheet-across', type: 'number', min: '1', max: '12', value: '4', required: '' });
  #down = make('input', { id: 'sheet-down', type: 'number', min: '1', max: '20', value: '6', required: '' });
  #columns = make('div', { class: 'choice' });
  #tags = make('input', { type: 'checkbox' });
  #said = make('p', { class: 'said', role: 'status' });
  #make = make('button', { type: 'submit', class: 'primary' }, t('sheet.make'));
  /** @type {AbortController|null} */ #asked = null;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.#paper.value = 'a4';
    const field = (/** @type {import('./text.js').Key} */ label, /** @type {HTMLElement} */ control) =>
      make('div', { class: 'field' }, make('label', { for: control.id }, make('span', {}, t(label))), control.tagName === 'SELECT' ? make('span', { class: 'select' }, control) : control);
    const check = (/** @type {HTMLElement} */ box, /** @type {string} */ words) => make('label', {}, box, words);
    const group = (/** @type {import('./text.js').Key} */ label, /** @type {HTMLElement[]} */ ...content) => make('fieldset', { class: 'choice' }, make('legend', {}, t(label)), ...content);
    const close = button(t('page.close'), () => this.#dialog.close());
    const form = make(
      'form',
      {},
      make('div', { class: 'row' }, field('sheet.which', this.#which), field('sheet.format', this.#format)),
      field('sheet.heading', this.#heading),
      group('sheet.per-page', field('sheet.across', this.#across), field('sheet.down', this.#down)),
      group('sheet.paper', this.#paperField(), check(this.#landscape, t('sheet.landscape'))),
      group('sheet.columns', this.#columns),
      this.#said,
      make('div', { class: 'buttons' }, this.#make),
    );
    this.#dialog.append(make('header', {}, make('h2', { id: 'sheet-title' }, t('sheet.title')), close), make('p', { class: 'about' }, t('sheet.about')), form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.#dialog.addEventListener('keydown', (event) => event.stopPropagation());
    this.#dialog.addEventListener('close', () => this.#asked?.abort());
    byId('app', HTMLElement).append(this.#dialog);
  }

  #paperField() {
    this.#paper.setAttribute('aria-label', t('sheet.paper'));
    return make('span', { class: 'select' }, this.#paper);
  }

  open() {
    const { model } = this;
    const selected = model.chosen.size;
    const options = [make('option', { value: 'shown' }, t('sheet.shown'))];
    if (selected > 0) options.push(make('option', { value: 'selected' }, t('sheet.selected', { n: selected })));
    this.#which.replaceChildren(...options);
    this.#which.value = selected > 0 ? 'selected' : 'shown';
    if (this.#heading.value === '') this.#heading.value = model.me.title || model.session;
    this.#offerColumns();
    this.#say('');
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#heading.focus();
  }

  /** Offer the columns that there are; what was chosen stays. */
  #offerColumns() {
    const chosen = new Set(this.#chosenColumns);
    const there = this.model.columns().filter(({ name }) => [...this.model.tiles.values()].some(({ metadata }) => (metadata[name] ?? null) !== null));
    const boxes = there.map(({ name, unit }) => {
      const box = make('input', { type: 'checkbox', value: name });
      box.checked = chosen.has(name);
      return make('label', {}, box, unit ? `${name} (${unit})` : name);
    });
    this.#columns.replaceChildren(...(boxes.length > 0 ? boxes : [make('p', { class: 'about' }, t('sheet.none'))]), make('label', {}, this.#tags, t('sheet.tags')));
  }

  get #chosenColumns() {
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (this.#columns.querySelectorAll('input[value]:checked'));
    return [...boxes].filter((box) => box !== this.#tags).map(({ value }) => value).slice(0, COLUMNS_MOST);
  }

  async #run() {
    const { order, chosen, me, session } = this.model;
    const tiles = (this.#which.value === 'selected' ? order.filter((id) => chosen.has(id)) : order).slice(0, TILES_MOST);
    const format = this.#format.value;
    const look = { title: this.#heading.value.trim(), columns: this.#chosenColumns, tags: this.#tags.checked, across: this.#across.valueAsNumber, down: this.#down.valueAsNumber };
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.#make.disabled = true;
    this.#say(t('sheet.making'));
    try {
      const file = await fetchFile('/sheet', { tiles, format, paper: this.#paper.value, landscape: this.#landscape.checked, ...look }, signal);
      saveFile(file, fileName(look.title || me.title || session, endOf(new Uint8Array(await file.slice(0, 2).arrayBuffer()), format)));
      this.#say(t('sheet.made'));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#say(t('menu.failed', { why: error.message }), true);
    } finally {
      this.#make.disabled = false;
    }
  }

  /** @param {string} text @param {boolean} [problem] */
  #say(text, problem = false) {
    this.#said.classList.toggle('problem', problem);
    setText(this.#said, text);
  }
}

/** @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function sheetCommands(model) {
  const dialog = new SheetDialog(model);
  return [{ id: 'sheet', label: () => t('sheet.command'), group: 'session', needs: 'read', enabled: () => model.order.length > 0, run: () => dialog.open() }];
}
