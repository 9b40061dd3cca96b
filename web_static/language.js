/** The page in its language: the texts that stand in index.html, and the switch to the next language. */

import { LANGUAGE_NAMES, STORED, languageOf, t } from './text.js';

/** @typedef {import('./text.js').Key} Key */

const NAMES = Object.entries(LANGUAGE_NAMES);

/** Attributes of index.html that name a message, and what is filled with it. */
const FILLED = /** @type {const} */ ([
  ['data-t-label', 'aria-label'],
  ['data-t-title', 'title'],
  ['data-t-placeholder', 'placeholder'],
]);

/** Fill what stands in the page with the words of the language that is on. @param {ParentNode} [root] */
export function fillTexts(root = document) {
  document.documentElement.lang = languageOf();
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(/** @type {Key} */ (element.getAttribute('data-t')));
  for (const [from, to] of FILLED) {
    for (const element of root.querySelectorAll(`[${from}]`)) element.setAttribute(to, t(/** @type {Key} */ (element.getAttribute(from))));
  }
}

/** Return the language after the one that is on. Pure but for that. */
function nextLanguage() {
  const at = NAMES.findIndex(([name]) => name === languageOf());
  return NAMES[(at + 1) % NAMES.length];
}

/**
 * Return the switch to the next language, and let the button #language, if the page has one, do the same. All that was said so far
 * was said in the other language, so the page starts anew: what it shows is in the session's document, and its key in the tab.
 */
export function languageSwitch() {
  const [name, title] = nextLanguage();
  const next = () => {
    localStorage.setItem(STORED, name);
    location.reload();
  };
  const button = document.getElementById('language');
  if (button) {
    button.textContent = title;
    button.lang = name;
    button.setAttribute('aria-label', t('language.switch', { name: title }));
    button.addEventListener('click', next);
  }
  return next;
}

/** @param {() => void} next from `languageSwitch()` @returns {import('./commands.js').Command[]} */
export const languageCommands = (next) => [
  { id: 'language', label: () => t('language.switch', { name: nextLanguage()[1] }), group: 'session', run: next },
];
