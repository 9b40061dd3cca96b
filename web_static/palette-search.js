/**
 * Which commands are meant by some letters. Pure.
 *
 * @typedef {{label: string, keys?: string[], about?: string}} Entry  about: further words that lead to it
 */

const [BEGINS, WORD, WITHIN, LETTERS] = [8, 6, 3, 1];

/** Return a text as it is compared: without case and accents. @param {string} text */
export const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Return how well one word fits a text, 0 for not at all. @param {string} word @param {string} text */
function fit(word, text) {
  const at = text.indexOf(word);
  if (at === 0) return BEGINS;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]) && !text.includes(` ${word}`) ? WITHIN : WORD;
  let from = 0;
  for (const letter of word) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return word.length > 2 ? LETTERS : 0; // two letters are somewhere in almost everything
}

/** Return how well a query fits an entry, 0 for not at all: every word of it has to. @param {string} query @param {Entry} entry */
export function score(query, { label, keys = [], about = '' }) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const [name, more, shortcut] = [plain(label), plain(about), keys.map(plain)];
  let sum = 1;
  for (const word of words) {
    const best = Math.max(fit(word, name), more.includes(word) ? WITHIN : 0, shortcut.includes(word) ? BEGINS + 1 : 0, word.includes('+') && shortcut.some((each) => each.startsWith(word)) ? WITHIN : 0);
    if (best === 0) return 0;
    sum += best;
  }
  return sum;
}

/** Return the entries that fit, the best first; among equals those used last, then as they stand. @template {Entry & {id?: string}} E @param {E[]} entries @param {string} query @param {string[]} [recent] ids */
export function search(entries, query, recent = []) {
  const used = (/** @type {E} */ { id = '' }) => (recent.includes(id) ? recent.length - recent.indexOf(id) : 0);
  const fitting = entries.map((entry) => ({ entry, fits: score(query, entry) })).filter(({ fits }) => fits > 0);
  return fitting.sort((a, b) => b.fits - a.fits || used(b.entry) - used(a.entry)).map(({ entry }) => entry);
}
