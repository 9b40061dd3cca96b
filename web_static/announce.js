/** One line at the bottom that says what was just done, also to a screen reader, and goes by itself. */

import { byId } from './dom.js';

const SHOWN_MS = 4000;
let timer = 0;

/** Say what was done. @param {string} text @param {{quiet?: boolean}} [how] quiet: to a screen reader alone, where the wall shows it itself */
export function announce(text, { quiet = false } = {}) {
  const line = byId('did', HTMLElement);
  line.classList.toggle('quiet', quiet);
  line.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => line.replaceChildren(), SHOWN_MS);
}
