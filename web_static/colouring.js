/**
 * What colours the tiles: a column or tags through a scale, the alternatives of a search; and their stickers. Pure.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {{by: string, scale: import('./scales.js').ScaleName, from: number|null, to: number|null, reversed: boolean}} Spec  register `colour`
 * @typedef {{label: string, colour: string, ids: number[]}} Category
 * @typedef {object} Colouring
 * @property {Spec} spec
 * @property {string} label   of what
 * @property {string} unit
 * @property {number[]} missing  tiles without a value
 * @property {{from: number, to: number}|null} ends  of numbers
 * @property {Category[]} categories  of words; those beyond eight are one, grey
 * @property {Map<number, string>} colours  by tile
 */

import { formatValue } from './format.js';
import { GREY, huesNow, inTheme } from './hues.js';
import { colourAt, endsOf, placeOf } from './scales.js';
import { numbersOf, tagsHere, tagsOf, valueBy } from './tags.js';
import { t } from './text.js';

/** How numbers are coloured until somebody says otherwise. @type {Omit<Spec, 'by'>} */
export const PLAIN = { scale: 'viridis', from: null, to: null, reversed: false };
const words = new Intl.Collator(undefined, { numeric: true });

/** @typedef {Pick<Model, 'tiles'|'room'|'revision'|'terms'> & {columns: () => {name: string, unit: string|null}[]}} Wall */
/** @type {WeakMap<object, {made: unknown[], colouring: Colouring|null}>} */
const known = new WeakMap();

/** Return how the wall is coloured now, or null; made once per change. @param {Wall} model @returns {Colouring|null} */
export function colouringOf(model) {
  const { document } = model.room;
  const of = [document, document.version, model.revision, model.tiles, huesNow()];
  const last = known.get(model);
  if (last && last.made.every((each, i) => each === of[i])) return last.colouring;
  const spec = document.get('colour');
  const colouring = spec ? colour(model, { ...PLAIN, ...spec }) : null;
  known.set(model, { made: of, colouring });
  return colouring;
}

/** @param {Wall} model @param {Spec} spec @returns {Colouring} */
function colour(model, spec) {
  const { document } = model.room;
  const values = [...model.tiles.values()].map((tile) => ({ id: tile.id, value: valueBy(tile, spec.by, document) }));
  const name = spec.by.replace(/^(column|tag):/, '');
  const unit = (spec.by.startsWith('column:') && model.columns().find((column) => column.name === name)?.unit) || '';
  const lacks = (/** @type {{value: unknown}} */ { value }) => value === null || value === '' || Number.isNaN(value);
  const has = values.filter((each) => !lacks(each));
  const missing = values.filter(lacks).map(({ id }) => id);
  const about = { spec, label: name, unit, missing };
  const numbers = has.flatMap(({ id, value }) => (typeof value === 'number' && Number.isFinite(value) ? [{ id, value }] : []));
  if (numbers.length === 0 || numbers.length < has.length) return { ...about, ends: null, ...categorize(has) };
  const bounds = spec.by.startsWith('tag:') ? numbersOf(tagsHere(model)).get(name) : undefined;
  const ends = endsOf(bounds ? [bounds.least, bounds.most] : numbers.map(({ value }) => value), spec);
  const colours = new Map(numbers.map(({ id, value }) => [id, colourAt(spec.scale, placeOf(value, { ...ends, reversed: spec.reversed }))]));
  return { ...about, ends, categories: [], colours };
}

/** @param {{id: number, value: unknown}[]} values */
function categorize(values) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  for (const { id, value } of values) {
    const label = formatValue(/** @type {any} */ (value));
    groups.set(label, [...(groups.get(label) ?? []), id]);
  }
  const hues = huesNow();
  const all = [...groups].sort((a, b) => b[1].length - a[1].length || words.compare(a[0], b[0]));
  const own = all.slice(0, hues.length).sort((a, b) => words.compare(a[0], b[0]));
  const rest = all.slice(hues.length);
  const categories = own.map(([label, ids], i) => ({ label, colour: hues[i], ids }));
  if (rest.length > 0) categories.push({ label: t('colour.others', { n: rest.length }), colour: GREY, ids: rest.flatMap(([, ids]) => ids) });
  return { categories, colours: new Map(categories.flatMap(({ colour: each, ids }) => ids.map((id) => /** @type {[number, string]} */ ([id, each])))) };
}

/** Return the colour of a tile's edge, or null: of the alternative of the search that found it, else of the scale. @param {Tile} tile @param {Wall} model */
export function edgeOf({ id }, model) {
  const term = model.terms.findIndex(({ found }) => found.has(id));
  return term >= 0 ? termColour(term) : (colouringOf(model)?.colours.get(id) ?? null);
}

/** Return the colour of an alternative of a search. @param {number} at */
export const termColour = (at) => (at < huesNow().length ? huesNow()[at] : GREY);

/** Return the stickers of a tile, one for each of its tags. @param {Tile} tile @param {Wall} model @returns {{colour: string, shape: number, label: string}[]} */
export function stickersOf(tile, model) {
  const here = tagsHere(model);
  return tagsOf(tile, model.room.document).flatMap((name) => {
    const tag = here.get(name);
    return tag ? [{ colour: inTheme(tag.colour), shape: tag.shape, label: tag.tag.label }] : [];
  });
}

/** Return what tiles can be sorted or coloured by besides what all of them have: columns, numbers in tags, tags. @param {Wall} model */
export function propertiesOf(model) {
  const tags = tagsHere(model);
  const numbers = [...numbersOf(tags).keys()];
  return {
    columns: model.columns().map(({ name, unit }) => ({ by: `column:${name}`, label: unit ? `${name} (${unit})` : name })),
    numbers: numbers.map((name) => ({ by: `tag:${name}`, label: name })),
    tags: [...tags.values()].filter(({ tag, name }) => tag.kind !== 'numeric' && !numbers.includes(name)).map(({ name, tag }) => ({ by: `tag:${name}`, label: tag.label })),
  };
}
