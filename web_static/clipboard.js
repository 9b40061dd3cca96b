/**
 * Text between this computer's clipboard and the tile's: each way by its own button, never by itself. Where the browser
 * gives no clipboard, or the person allows none, a field stands in.
 */

import { button, byId, make, setText } from './dom.js';
import { t } from './text.js';

export class Clipboard {
  copy = button(t('clip.copy'), () => void this.#copy(), { title: t('clip.copy-title') });
  paste = button(t('clip.paste'), () => void this.#paste(), { title: t('clip.paste-title') });
  #label = make('label', { for: 'clip-text' });
  #field = make('textarea', { id: 'clip-text', rows: '4', spellcheck: 'false', autocomplete: 'off' });
  #give = button(t('clip.give'), () => this.#given(), { class: 'primary' });
  #box = make('div', { class: 'clip', role: 'group', 'aria-label': t('clip.label') }, this.#label, this.#field, make('div', { class: 'buttons' }, this.#give, button(t('page.close'), () => this.close())));

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
      this.say(t('clip.nothing-copied'));
      return this.remote()?.focus();
    }
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.#field.value = text;
      return this.#open(t('clip.no-writing'), true);
    }
    this.close();
    this.say(t('clip.copied', { count: countOf(text) }));
  }

  async #paste() {
    let text;
    try {
      text = await navigator.clipboard.readText();
    } catch {
      this.#field.value = '';
      return this.#open(t('clip.no-reading'), false);
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
    this.say(text === '' ? t('clip.nothing') : t('clip.given', { count: countOf(text) }));
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
const countOf = (text) => t('clip.count', { n: [...text].length });
