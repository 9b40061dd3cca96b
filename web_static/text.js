/**
 * The words of the page, in the language of who reads them: `t('tags.add')`, `t('select.count', { n: 3 })`. All of them stand in
 * lang/en.js and lang/fr.js, which have the same keys; `{name}` is a place for a value, and a message with `one` and `other`
 * is chosen by `n` (Intl.PluralRules).
 *
 * The language is known as soon as this module is: messages may stand in constants. The page takes what was chosen in it, else
 * what the browser says; a worker is told by its address (`?lang=`). Under Node it is English. Another language comes by a reload.
 *
 * @typedef {string|{one: string, other: string}} Message
 * @typedef {keyof typeof import('./lang/en.js').default} Key
 * @typedef {'en'|'fr'} Language
 */

import en from './lang/en.js';
import fr from './lang/fr.js';

/** @type {Record<Language, Record<string, Message>>} */
const LANGUAGES = { en, fr };
export const LANGUAGE_NAMES = { en: 'English', fr: 'Français' };
export const STORED = 'tiledviz.lang';

/** @type {Language} */
let language = 'en';
let locale = 'en';
let plurals = new Intl.PluralRules(locale);
let decimal = '.';

/** Return the language that is on. */
export const languageOf = () => language;

/** Return the language with its country, as the browser has it: for Intl. */
export const localeOf = () => locale;

/** Return what parts a whole number from the rest of it. */
export const decimalOf = () => decimal;

/** Speak a language from now on. @param {string} name one that is not there is left @param {readonly string[]} [wanted] with countries */
export function speak(name, wanted = []) {
  if (!(name in LANGUAGES)) return;
  language = /** @type {Language} */ (name);
  locale = wanted.find((each) => baseOf(each) === language) ?? language;
  plurals = new Intl.PluralRules(language);
  decimal = new Intl.NumberFormat(locale).format(0.5).charAt(1);
}

/** @param {string} tag */
const baseOf = (tag) => tag.toLowerCase().split('-')[0];

/** Return the first of these languages that there is. @param {readonly string[]} wanted as navigator.languages @returns {Language} */
export function choose(wanted) {
  return /** @type {Language} */ (wanted.map(baseOf).find((each) => each in LANGUAGES) ?? 'en');
}

/** @param {Key} key @param {Record<string, string|number>} values */
function messageOf(key, values) {
  const message = LANGUAGES[language][key] ?? LANGUAGES.en[key] ?? key;
  const text = typeof message === 'string' ? message : message[plurals.select(Number(values.n)) === 'one' ? 'one' : 'other'];
  // In French a mark of two parts stands apart from its word, and neither begins a line nor ends one.
  return language === 'fr' ? text.replace(/ (?=[:;?!»])|(?<=«) /g, '\u00a0') : text;
}

/** Return a message with its values. @param {Key} key @param {Record<string, string|number>} [values] */
export function t(key, values = {}) {
  return messageOf(key, values).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/**
 * Return a message in parts, in turn what is plain and what is stressed: a value of `stressed`.
 * @param {Key} key @param {Record<string, string|number>} stressed @param {Record<string, string|number>} [values]
 */
export function partsOf(key, stressed, values = {}) {
  return messageOf(key, values)
    .split(/\{(\w+)\}/)
    .reduce((/** @type {string[]} */ parts, piece, i) => {
      if (i % 2 && piece in stressed) return [...parts, String(stressed[piece]), ''];
      parts[parts.length - 1] += i % 2 ? String(values[piece] ?? `{${piece}}`) : piece;
      return parts;
    }, ['']);
}

if (typeof document === 'object' || 'WorkerGlobalScope' in globalThis) {
  const chosen = typeof document === 'object' ? localStorage.getItem(STORED) : new URLSearchParams(location.search).get('lang');
  const wanted = [...(chosen ? [chosen] : []), ...navigator.languages];
  speak(choose(wanted), navigator.languages);
}
