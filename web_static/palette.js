/**
 * The palette: everything that one can do here, found by a few letters and run by Enter. A combobox with a listbox (ARIA Authoring
 * Practices): the keyboard stays in the field, and what it points at is said by `aria-activedescendant`.
 */

import { GROUPS } from './commands.js';
import { byId, make, setText } from './dom.js';
import { search } from './palette-search.js';
import { t } from './text.js';

/** @typedef {{id?: string, label: string, keys?: string[], about?: string, group?: string, off?: boolean, run: () => void}} Item */

export class Palette {
  #dialog = byId('palette', HTMLDialogElement);
  #list = make('div', { id: 'palette-list', role: 'listbox' });
  #count = make('p', { class: 'quiet', role: 'status' });
  #field = make('input', {
    type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-autocomplete': 'list',
    autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: '100',
  });
  /** @type {Item[]} what there is to choose from */ #items = [];
  /** @type {{item: Item, element: HTMLElement}[]} what is shown of it */ #shown = [];
  #active = -1;
  #grouped = false;

  /** @param {import('./commands.js').Commands} commands */
  constructor(commands) {
    this.commands = commands;
    this.#dialog.append(this.#field, this.#list, this.#count);
    this.#field.addEventListener('input', () => this.#fill());
    this.#dialog.addEventListener('keydown', (event) => this.#key(event));
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#list.addEventListener('mousedown', (event) => event.preventDefault()); // the keyboard stays in the field
    this.#list.addEventListener('click', ({ target }) => this.#run(this.#at(target)));
    this.#list.addEventListener('pointermove', ({ target }) => {
      const at = this.#at(target);
      if (at >= 0 && at !== this.#active) this.#point(at, false);
    });
    byId('palette-open', HTMLButtonElement).addEventListener('click', () => this.open());
    commands.addEventListener('change', () => this.#dialog.open && this.#grouped && this.#renew());
  }

  /** Offer all commands. */
  open() {
    this.#show(t('palette.title'), t('palette.field'), this.#all(), true);
  }

  /** Others are offered while one looks: what is pointed at stays so. */
  #renew() {
    const id = this.#shown[this.#active]?.item.id;
    this.#items = this.#all();
    this.#fill();
    const at = this.#shown.findIndex(({ item }) => item.id === id);
    if (at > 0) this.#point(at);
  }

  /** @returns {Item[]} */
  #all() {
    return this.commands.all().map((command) => ({
      ...command,
      label: command.label(),
      group: t(`group.${command.group}`),
      about: t(`group.${command.group}`),
      off: command.enabled?.() === false,
      run: () => {
        this.commands.remember(command.id);
        this.commands.run(command.id);
      },
    }));
  }

  /** Offer a choice of one's own. @param {string} title @param {Item[]} items */
  choose(title, items) {
    this.#show(title, title, items, false);
  }

  /** @param {string} title @param {string} field @param {Item[]} items @param {boolean} grouped */
  #show(title, field, items, grouped) {
    this.#items = items;
    this.#grouped = grouped;
    this.#dialog.setAttribute('aria-label', title);
    this.#list.setAttribute('aria-label', title);
    this.#field.setAttribute('aria-label', field);
    this.#field.placeholder = field;
    this.#field.value = '';
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#fill();
    this.#field.focus();
  }

  #fill() {
    const query = this.#field.value.trim();
    this.#shown = [];
    const groups = query === '' && this.#grouped ? this.#groups() : [{ name: '', items: search(this.#items, query, this.commands.recent) }];
    const parts = groups.flatMap(({ name, items }, n) => {
      const options = items.map((item) => this.#option(item));
      if (name === '') return options;
      const heading = make('div', { class: 'heading', id: `palette-group-${n}`, role: 'presentation' }, name);
      return [make('div', { role: 'group', 'aria-labelledby': heading.id }, heading, ...options)];
    });
    this.#list.replaceChildren(...(parts.length > 0 ? parts : [make('p', { class: 'none' }, t('palette.none'))]));
    this.#list.scrollTop = 0;
    setText(this.#count, this.#shown.length > 0 ? t('palette.count', { n: this.#shown.length }) : t('palette.none'));
    this.#point(this.#shown.length > 0 ? 0 : -1);
  }

  #groups() {
    const { recent } = this.commands;
    const used = recent.flatMap((id) => this.#items.filter((item) => item.id === id));
    const names = GROUPS.map((group) => t(`group.${group}`));
    const groups = names.map((name) => ({ name, items: this.#items.filter((item) => item.group === name && !used.includes(item)) }));
    return [{ name: t('palette.recent'), items: used }, ...groups].filter(({ items }) => items.length > 0);
  }

  /** @param {Item} item */
  #option(item) {
    const keys = (item.keys ?? []).map((key) => make('kbd', {}, key));
    const attributes = { id: `palette-option-${this.#shown.length}`, role: 'option', 'aria-selected': 'false', ...(item.off ? { 'aria-disabled': 'true' } : {}) };
    const element = make('div', attributes, make('span', {}, item.label), ...(keys.length > 0 ? [make('span', { class: 'keys' }, ...keys)] : []));
    this.#shown.push({ item, element });
    return element;
  }

  /** @param {EventTarget|null} target */
  #at(target) {
    return this.#shown.findIndex(({ element }) => target instanceof Node && element.contains(target));
  }

  /** Point at an option. @param {number} at @param {boolean} [reveal] */
  #point(at, reveal = true) {
    this.#shown[this.#active]?.element.setAttribute('aria-selected', 'false');
    this.#active = at;
    const found = this.#shown[at]?.element;
    if (!found) return this.#field.removeAttribute('aria-activedescendant');
    found.setAttribute('aria-selected', 'true');
    this.#field.setAttribute('aria-activedescendant', found.id);
    if (reveal && at > 0) found.scrollIntoView({ block: 'nearest' });
    else if (reveal) this.#list.scrollTop = 0;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { length } = this.#shown;
    /** @type {Record<string, () => number>} */
    const ways = {
      ArrowDown: () => (this.#active + 1) % length,
      ArrowUp: () => (this.#active - 1 + length) % length,
      PageDown: () => Math.min(length - 1, this.#active + 8),
      PageUp: () => Math.max(0, this.#active - 8),
    };
    if (event.isComposing || !this.#dialog.open) return;
    if (event.key in ways && length > 0) this.#point(ways[event.key]());
    else if (event.key === 'Enter') this.#run(this.#active);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') this.#dialog.close();
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #run(at) {
    const item = this.#shown[at]?.item;
    if (!item || item.off) return;
    this.#dialog.close(); // the keyboard goes back to where it was, before the command may take it elsewhere
    item.run();
  }
}

/** @param {Palette} palette @returns {import('./commands.js').Command[]} */
export const paletteCommands = (palette) => [{ id: 'palette', label: () => t('command.palette'), group: 'help', keys: ['Ctrl+K'], run: () => palette.open() }];
