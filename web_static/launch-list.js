/** The list of cases with their pictures, and the sets of parameters that were saved or launched before. */

import { button, make } from './dom.js';
import * as calls from './launch-calls.js';
import { setWords } from './launch-words.js';
import { localeOf, t } from './text.js';

const RECENT_MOST = 6;
let sets = 0;

/**
 * @typedef {import('./launch-calls.js').Case} Case
 * @typedef {import('./launch-calls.js').Preset} Preset
 * @typedef {{open: (of: Case, preset?: Preset) => void, remove: (preset: Preset) => void, rename: (preset: Preset) => void}} Does
 */

/** Return the set of a preset, as one sends it. @param {Preset} preset */
export const setOf = ({ parameters, settings }) => ({ ...parameters, ...settings });

/**
 * Return the list. Of a word that is looked for, what has it in its name, title or description.
 * @param {Case[]} cases @param {{saved: Preset[], recent: Preset[]}} presets @param {string} word @param {Does} does
 */
export function caseList(cases, presets, word, does) {
  const has = (/** @type {(string|undefined)[]} */ ...texts) => texts.some((text) => text?.toLowerCase().includes(word.trim().toLowerCase()));
  const good = cases.filter((each) => !each.error && has(each.name, each.title, each.description));
  const broken = cases.filter((each) => each.error && has(each.name));
  const known = new Map(cases.filter((each) => !each.error).map((each) => [each.name, each]));
  const fits = (/** @type {Preset} */ each) => has(each.name, each.case, each.title);
  const saved = presets.saved.filter(fits);
  const recent = presets.recent.filter(fits).slice(0, RECENT_MOST);
  const parts = [];
  if (good.length > 0) parts.push(section(t('launch.cases'), make('ul', { class: 'launch-cases' }, ...good.map((each) => card(each, does)))));
  if (saved.length > 0) parts.push(section(t('launch.saved'), make('ul', { class: 'launch-sets' }, ...saved.map((each) => setRow(each, known.get(each.case), does)))));
  if (recent.length > 0) parts.push(section(t('launch.recent'), make('ul', { class: 'launch-sets' }, ...recent.map((each) => setRow(each, known.get(each.case), does)))));
  if (broken.length > 0) parts.push(section(t('launch.broken'), make('ul', { class: 'launch-broken' }, ...broken.map(brokenRow))));
  if (parts.length === 0) parts.push(make('p', { class: 'launch-none' }, t('launch.none-found', { word })));
  return parts;
}

/** @param {string} title @param {HTMLElement} list */
function section(title, list) {
  list.setAttribute('aria-label', title);
  return make('section', {}, make('h3', {}, title), list);
}

/** A button that is all of its card, and is called by its title alone. @param {string} title @param {string} about id of what describes it @param {() => void} does */
const opener = (title, about, does) => button(title, does, { class: 'open', 'aria-describedby': about });

/** @param {Case} of @param {Does} does */
function card(of, does) {
  const place = make('span', { class: 'picture', 'aria-hidden': 'true' }, of.title.charAt(0));
  if (of.picture) void show(of.name, place);
  const id = `launch-about-${of.name}`;
  const about = make('p', { class: 'about', id }, of.description);
  const warned = (of.warnings ?? []).map((text) => make('p', { class: 'wrong warning' }, text));
  const words = make('div', { class: 'words' }, opener(of.title, id, () => does.open(of)), about, ...warned, make('p', { class: 'small' }, make('code', {}, of.name), ` ${sourceWords(of.source)}`));
  return make('li', { class: 'card' }, place, words);
}

/** @param {string} source */
const sourceWords = (source) => (source === 'bundled' ? t('launch.bundled') : t('launch.from', { source }));

/** @param {string} name @param {HTMLElement} place */
async function show(name, place) {
  const found = await calls.picture(name);
  if (!found) return;
  const address = URL.createObjectURL(found);
  const image = make('img', { src: address, alt: '' });
  await image.decode().then(() => place.replaceChildren(image), () => null);
  URL.revokeObjectURL(address);
}

/** @param {Preset} preset @param {Case|undefined} of @param {Does} does */
function setRow(preset, of, does) {
  const name = preset.name || preset.title || preset.case;
  const when = new Date(preset.saved * 1000).toLocaleString(localeOf(), { dateStyle: 'medium', timeStyle: 'short' });
  const id = `launch-set-${(sets += 1)}`;
  const open = opener(name, id, () => of && does.open(of, preset));
  open.disabled = !of;
  const more = preset.name
    ? [
        button(t('launch.rename'), () => does.rename(preset), { 'aria-label': t('launch.rename-name', { name }) }),
        button(t('launch.remove'), () => does.remove(preset), { 'aria-label': t('launch.remove-name', { name }) }),
      ]
    : [];
  return make('li', {}, make('div', { class: 'set' }, open, make('span', { class: 'about', id }, setWords(setOf(preset), preset.tiles)), make('span', { class: 'small' }, make('code', {}, preset.case), ` ${when}`)), ...more);
}

/** @param {Case} of */
const brokenRow = (of) =>
  make('li', {}, make('strong', {}, of.name), make('span', { class: 'small' }, sourceWords(of.source)), make('p', { class: 'wrong' }, of.error ?? ''), make('p', { class: 'small' }, t('launch.mend'), ' ', make('code', {}, `tiledviz plugin check ${of.name}`)));
