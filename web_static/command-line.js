/** A line to type in a terminal, or to give to somebody, with a button that copies it. */

import { button, make } from './dom.js';
import { t } from './text.js';

const COPIED_MS = 1500;

/** @param {string} text @param {string} [name] what a screen reader says is copied, where the text itself is none to say */
export function command(text, name = text) {
  const code = make('code', {}, text);
  const copy = button(t('page.copy'), () => void copyText(), { 'aria-label': t('page.copy-what', { text: name }) });
  const copyText = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t('page.copied');
    setTimeout(() => (copy.textContent = t('page.copy')), COPIED_MS);
  };
  // Without a secure context there is no clipboard to write to; the text can still be selected by one click.
  return make('div', { class: 'command' }, code, ...(navigator.clipboard ? [copy] : []));
}
