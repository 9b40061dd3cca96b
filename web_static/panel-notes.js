/** The note of the tile in focus, in the panel: one text, in which all who may write do so at once. */

import { button, make } from './dom.js';
import { caretAfter, merged } from './notes-caret.js';
import { t } from './text.js';

const PAUSE_MS = 300; // what is typed without a longer one is one act
const MOST = 20_000; // characters

export class NoteSection {
  #field = make('textarea', { rows: '3', maxlength: String(MOST), spellcheck: 'false', placeholder: t('notes.empty'), 'aria-label': t('notes.title') });
  #delete = button(t('notes.delete'), () => this.#remove());
  /** @type {number|null} */ #tile = null;
  /** the note as it stood when the field was last brought up to it */ #base = '';
  #timer = 0;
  #composing = false; // a character of several keys: the field is left alone meanwhile, or the browser loses it

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.element = make('section', { class: 'note-section', 'aria-label': t('notes.title') }, make('h3', {}, t('notes.title')), this.#field, this.#delete);
    this.#field.addEventListener('input', () => {
      this.#flushSoon();
      this.#look();
    });
    this.#field.addEventListener('compositionstart', () => (this.#composing = true));
    this.#field.addEventListener('compositionend', () => this.#composed());
    this.#field.addEventListener('blur', () => this.flush());
    document.addEventListener('visibilitychange', () => this.flush());
    addEventListener('pagehide', () => this.flush());
    model.room.addEventListener('change', (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if (detail.has('') || detail.has(this.#path)) this.#follow();
    });
  }

  get #path() {
    return `note/${this.#tile}`;
  }

  /** Show a tile's note. @param {import('./model.js').Tile} tile */
  refresh(tile) {
    if (tile.id !== this.#tile) {
      this.flush();
      this.#composing = false;
      this.#tile = tile.id;
      this.#base = this.#field.value = this.model.room.document.text(this.#path);
    }
    this.#look();
  }

  /** Give the note the keyboard. */
  focus() {
    this.#field.focus();
    this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
  }

  #flushSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#composing || this.flush(), PAUSE_MS);
  }

  #composed() {
    this.#composing = false;
    this.#follow();
    this.#flushSoon();
  }

  /** Say what was typed, now. */
  flush() {
    clearTimeout(this.#timer);
    const { value } = this.#field;
    if (this.#tile === null || value === this.#base) return;
    const text = merged(this.#base, value, this.model.room.document.text(this.#path)); // others may have written while one composed
    this.#base = value; // first: what is written comes back as a change at once
    this.model.room.write(this.#path, text, 'note');
  }

  /** Others wrote: the field has their words too, and the caret stays where it was in one's own. */
  #follow() {
    if (this.#tile === null || this.#composing) return;
    const theirs = this.model.room.document.text(this.#path);
    const { value, selectionStart, selectionEnd, scrollTop } = this.#field;
    const next = merged(this.#base, value, theirs);
    this.#base = theirs;
    if (next === value) return this.#look();
    const has = document.activeElement === this.#field;
    this.#field.value = next;
    if (has) this.#field.setSelectionRange(caretAfter(value, next, selectionStart), caretAfter(value, next, selectionEnd));
    this.#field.scrollTop = scrollTop;
    this.#look();
  }

  #look() {
    const may = this.model.may('arrange');
    this.#field.readOnly = !may;
    this.#delete.hidden = !may || this.#field.value === '';
    this.element.hidden = !may && this.#field.value === '';
    this.#field.rows = Math.max(2, Math.min(12, this.#field.value.split('\n').length + 1));
  }

  #remove() {
    this.#field.value = '';
    this.flush();
    this.#look();
    this.#field.focus();
  }
}
