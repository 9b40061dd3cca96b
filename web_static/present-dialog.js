/** The dialog in which a presentation is put together: slides in their order, from what one sees or from bookmarks. */

import { ask } from './ask.js';
import { button, byId, make, setText } from './dom.js';
import { bookmarksOf, moved, renamed, slidesOf, withNew, withOne, without } from './slides.js';
import { t } from './text.js';

const NAME_MOST = 80;

export class PresentDialog {
  #dialog = make('dialog', { class: 'work present', 'aria-labelledby': 'present-title' });
  #list = make('ol', { class: 'slides', 'aria-label': t('present.slides') });
  #none = make('p', { class: 'about' }, t('present.none'));
  #start = button(t('present.start'), () => this.#begin(), { class: 'primary' });
  #said = make('p', { class: 'said', role: 'status' });
  #changes = make('div', { class: 'changes' });
  #name = make('input', { type: 'text', maxlength: String(NAME_MOST), required: '', autocomplete: 'off' });
  #bookmark = make('select', { id: 'present-bookmark' });
  #bookmarks;

  /** @param {import('./model.js').Model} model @param {import('./present.js').Bookmarks} bookmarks @param {(at: number) => void} start */
  constructor(model, bookmarks, start) {
    this.model = model;
    this.bookmarks = bookmarks;
    this.start = start;
    const add = make('form', { class: 'name-form' }, make('label', {}, make('span', {}, t('present.add')), this.#name), make('button', { type: 'submit' }, t('present.add-do')));
    add.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      if (name !== '') this.#add(name);
    });
    const choose = make('label', { for: this.#bookmark.id }, t('present.bookmark'));
    this.#bookmarks = make('div', { class: 'name-form' }, make('div', { class: 'grow' }, choose, make('span', { class: 'select' }, this.#bookmark)), button(t('present.add-do'), () => this.#take(), { 'aria-label': t('present.bookmark-do') }));
    this.#changes.append(add, this.#bookmarks);
    const head = make('header', {}, make('h2', { id: 'present-title' }, t('present.title')), button(t('page.close'), () => this.#dialog.close()));
    this.#dialog.append(head, make('p', { class: 'about' }, t('present.about')), this.#list, this.#none, this.#changes, this.#said, make('div', { class: 'buttons' }, this.#start));
    this.#dialog.addEventListener('keydown', (event) => event.stopPropagation()); // the wall's keys are not for here
    byId('app', HTMLElement).append(this.#dialog);
    for (const type of ['change', 'people']) model.room.addEventListener(type, () => this.#dialog.open && this.#fill());
  }

  open() {
    setText(this.#said, '');
    this.#list.dataset.of = '';
    this.#fill();
    if (!this.#dialog.open) this.#dialog.showModal();
    const first = this.#start.disabled ? this.#name : this.#start;
    first.focus();
  }

  get #document() {
    return this.model.room.document;
  }

  #begin(at = 0) {
    this.#dialog.close();
    this.start(at);
  }

  /** @param {string} name */
  #add(name) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
    this.#set(withNew(this.#document, id, name, this.bookmarks.view()), t('present.added', { name }));
    this.#name.value = '';
  }

  #take() {
    const { value } = this.#bookmark;
    const name = this.#document.get(`bookmark/${value}`)?.name;
    if (name !== undefined) this.#set(withOne(this.#document, value), t('present.added', { name }));
  }

  /** @param {import('./slides.js').Changes} changes @param {string} said */
  #set(changes, said) {
    this.model.room.set(changes, 'slides');
    setText(this.#said, said);
  }

  #fill() {
    const slides = slidesOf(this.#document);
    const may = this.model.may('arrange');
    const key = JSON.stringify([slides.map(({ id, name }) => [id, name]), may, bookmarksOf(this.#document).map(({ id, name }) => [id, name])]);
    if (this.#list.dataset.of === key) return;
    this.#list.dataset.of = key;
    const held = document.activeElement instanceof HTMLElement ? [document.activeElement.closest('li')?.dataset.id, document.activeElement.dataset.does] : [];
    this.#list.replaceChildren(...slides.map((slide, at) => this.#row(slide, at, slides.length, may)));
    this.#list.hidden = slides.length === 0;
    this.#none.hidden = slides.length > 0;
    this.#changes.hidden = !may;
    this.#start.disabled = slides.length === 0;
    this.#offer(slides);
    this.#hold(held);
  }

  /** Keep the keyboard where it was, in a list that was made anew. @param {(string|undefined)[]} held */
  #hold([id, does]) {
    if (id === undefined) return;
    const row = [...this.#list.children].find((each) => /** @type {HTMLElement} */ (each).dataset.id === id);
    const controls = /** @type {HTMLButtonElement[]} */ ([...(row ?? this.#list).querySelectorAll('button')]);
    (controls.find((each) => each.dataset.does === does) ?? controls[0] ?? this.#name).focus();
  }

  /** Offer the bookmarks that are no slides. @param {import('./slides.js').Slide[]} slides */
  #offer(slides) {
    const others = bookmarksOf(this.#document).filter(({ id }) => !slides.some((slide) => slide.id === id));
    const { value } = this.#bookmark;
    this.#bookmarks.hidden = others.length === 0;
    this.#bookmark.replaceChildren(...others.map(({ id, name }) => make('option', { value: id }, name)));
    if (others.some(({ id }) => id === value)) this.#bookmark.value = value;
  }

  /** @param {import('./slides.js').Slide} slide @param {number} at @param {number} count @param {boolean} may */
  #row({ id, name }, at, count, may) {
    const does = (/** @type {'start'|'rename'|'up'|'down'|'remove'} */ what, /** @type {() => void} */ run, off = false) => {
      const made = button(t(`present.do-${what}`), () => off || run(), { 'data-does': what, 'aria-label': t(`present.do-${what}-name`, { name }) });
      if (off) made.setAttribute('aria-disabled', 'true');
      return made;
    };
    const move = (/** @type {number} */ by) => this.#set(moved(this.#document, id, by), t('present.moved', { name, at: at + by + 1 }));
    const changes = [
      does('up', () => move(-1), at === 0),
      does('down', () => move(1), at === count - 1),
      does('rename', () => this.#rename(id, name)),
      does('remove', () => this.#set(without(this.#document, id), t('present.removed', { name }))),
    ];
    const words = make('span', { class: 'words' }, make('span', { class: 'number' }, `${at + 1}`), make('strong', {}, name));
    const row = make('li', { 'data-id': id }, words, does('start', () => this.#begin(at)), ...(may ? changes : []));
    row.addEventListener('keydown', (event) => {
      const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
      if (by === 0 || !(event.ctrlKey || event.metaKey) || !may) return;
      event.preventDefault();
      if (at + by >= 0 && at + by < count) move(by);
    });
    return row;
  }

  /** @param {string} id @param {string} name */
  #rename(id, name) {
    ask(this.#dialog, t('present.rename'), [{ name: 'name', label: t('present.name'), value: name, maxlength: NAME_MOST }], t('present.rename-do'), (given) => {
      const wanted = given.name.trim();
      if (wanted === '') return t('menu.unnamed');
      this.#set(renamed(this.#document, id, wanted), t('present.renamed', { name: wanted }));
      return '';
    });
  }
}
