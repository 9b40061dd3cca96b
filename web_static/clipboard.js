/**
 * Text between this computer's clipboard and the tile's: each way by its own button, never by itself. Where the browser
 * gives no clipboard, or the person allows none, a field stands in.
 */

import { button, byId, make, setText } from './dom.js';

export class Clipboard {
  copy = button('Copy from tile', () => void this.#copy(), { title: 'What the tile copied last, to this computer’s clipboard' });
  paste = button('Paste to tile', () => void this.#paste(), { title: 'This computer’s clipboard, to the tile: paste it there' });
  #label = make('label', { for: 'clip-text' });
  #field = make('textarea', { id: 'clip-text', rows: '4', spellcheck: 'false', autocomplete: 'off' });
  #give = button('Give it to the tile', () => this.#given(), { class: 'primary' });
  #box = make('div', { class: 'clip', role: 'group', 'aria-label': 'Clipboard' }, this.#label, this.#field, make('div', { class: 'buttons' }, this.#give, button('Close', () => this.close())));

  /** @param {() => import('./remote.js').Remote|null} remote @param {(text: string) => void} say */
  constructor(remote, say) {
    this.remote = remote;
    this.say = say;
    this.#box.hidden = true;
    byId('focus', HTMLElement).append(this.#box);
  }

  async #copy() {
    const text = this.remote()?.copied ?? null;
    if (text === null) {
      this.say('The tile has copied nothing since it was opened here: copy something in it first.');
      return this.remote()?.focus();
    }
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.#field.value = text;
      return this.#open('The browser allows no writing to the clipboard: copy the tile’s text from here.', true);
    }
    this.close();
    this.say(`Copied from the tile: ${countOf(text)}.`);
  }

  async #paste() {
    let text;
    try {
      text = await navigator.clipboard.readText();
    } catch {
      this.#field.value = '';
      return this.#open('The browser allows no reading of the clipboard: paste the text here.', false);
    }
    this.#hand(text);
  }

  #given() {
    this.#hand(this.#field.value);
  }

  /** @param {string} text */
  #hand(text) {
    this.close();
    if (text !== '') this.remote()?.paste(text);
    this.say(text === '' ? 'There is nothing to paste.' : `The tile has ${countOf(text)} in its clipboard: paste there.`);
  }

  /** @param {string} words @param {boolean} out of the tile */
  #open(words, out) {
    setText(this.#label, words);
    this.#field.readOnly = out;
    this.#give.hidden = out;
    this.#box.hidden = false;
    this.#field.focus();
    this.#field.select();
  }

  /** Put the field away, with what is in it; return whether it was there. */
  close() {
    if (this.#box.hidden) return false;
    this.#box.hidden = true;
    this.#field.value = '';
    this.remote()?.focus();
    return true;
  }
}

/** @param {string} text */
function countOf(text) {
  const { length } = [...text];
  return length === 1 ? '1 character' : `${length} characters`;
}
