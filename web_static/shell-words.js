/** A line split into the words of a command, as a shell does it, without running one. Pure. */

import { t } from './text.js';

const BLANK = /\s/;

/**
 * Return the words: blanks part them; '…' keeps all as it is; "…" too, but for \" and \\; \ keeps the next character.
 * `problem` says what is missing, or is empty.
 * @returns {{words: string[], problem: string}}
 */
export function splitWords(/** @type {string} */ line) {
  /** @type {string[]} */
  const words = [];
  /** @type {string|null} null: between words */
  let word = null;
  let quote = '';
  const points = [...line];
  for (let at = 0; at < points.length; at += 1) {
    const c = points[at];
    const next = points[at + 1];
    if (c === '\\' && quote !== "'") {
      if (next === undefined) return { words, problem: t('shell.after-backslash') };
      const kept = quote === '"' && next !== '"' && next !== '\\';
      word = (word ?? '') + (kept ? c : next);
      if (!kept) at += 1;
    } else if (quote !== '' ? c === quote : c === "'" || c === '"') {
      quote = quote === '' ? c : '';
      word ??= '';
    } else if (quote === '' && BLANK.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + c;
    }
  }
  if (word !== null) words.push(word);
  return { words, problem: quote === '' ? '' : t('shell.quote', { quote }) };
}

/** Return whether a word has what only a shell would understand, so that nobody waits for it in vain. */
export const wantsShell = (/** @type {string} */ line) => /[|&;<>$`*?]/.test(line) && !/^\s*(?:ba|da|z)?sh\s+-c\b/.test(line);
