/**
 * Completion of a field: a combobox with a listbox below it (ARIA Authoring Practices). The keyboard stays in the field; Down and Up point,
 * Enter and Tab take, Escape closes the list, and only then does what it does in the field.
 *
 * @typedef {{label: string, about?: string, mark?: Node}} Option
 */

import { make } from './dom.js';

let count = 0;

/**
 * Complete what is typed into a field.
 * @template {Option} O
 * @param {HTMLInputElement} input
 * @param {{label: string, options: () => O[], pick: (option: O) => void, place?: HTMLElement, escape?: 'list'|'both'}} does
 *   pick: also puts it into the field; place: for the list, else right behind the field; escape: whether it closes the list alone
 */
export function complete(input, { label, options, pick, place, escape = 'list' }) {
  count += 1;
  const list = make('div', { id: `completion-${count}`, class: 'completion', role: 'listbox', 'aria-label': label, hidden: '' });
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id, autocomplete: 'off' })) input.setAttribute(name, value);
  if (place) place.append(list);
  else queueMicrotask(() => input.after(list));
  /** @type {{option: O, element: HTMLElement}[]} */
  let shown = [];
  let active = -1;

  function point(/** @type {number} */ at) {
    shown[active]?.element.setAttribute('aria-selected', 'false');
    active = at;
    const element = shown[at]?.element;
    if (!element) return input.removeAttribute('aria-activedescendant');
    element.setAttribute('aria-selected', 'true');
    input.setAttribute('aria-activedescendant', element.id);
    element.scrollIntoView({ block: 'nearest' });
  }
  function close() {
    shown = [];
    point(-1);
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
  }
  function fill() {
    const found = options();
    shown = found.map((option, i) => {
      const about = option.about ? [make('span', { class: 'about' }, option.about)] : [];
      const element = make('div', { id: `${list.id}-${i}`, role: 'option', 'aria-selected': 'false' }, ...(option.mark ? [option.mark] : []), make('span', {}, option.label), ...about);
      return { option, element };
    });
    list.replaceChildren(...shown.map(({ element }) => element));
    list.hidden = shown.length === 0;
    input.setAttribute('aria-expanded', String(shown.length > 0));
    point(-1);
  }
  function take(/** @type {number} */ at) {
    const { option } = shown[at];
    close();
    pick(option);
  }

  input.addEventListener('input', fill);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    const { length } = shown;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (step !== 0 && length === 0) fill();
    else if (step !== 0) point(active < 0 && step < 0 ? length - 1 : (active + step + length) % length);
    else if ((event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey)) && active >= 0) take(active);
    else if (event.key === 'Escape' && length > 0 && escape === 'list') close();
    else return void (['Enter', 'Escape'].includes(event.key) && close());
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  list.addEventListener('mousedown', (event) => event.preventDefault()); // the keyboard stays in the field
  list.addEventListener('click', ({ target }) => {
    const at = shown.findIndex(({ element }) => target instanceof Node && element.contains(target));
    if (at >= 0) take(at);
  });
}
