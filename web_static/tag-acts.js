/** What is done with tags, as registers to set: each a single act. Pure. */

import { HUES } from './hues.js';
import { parseTag, pathOf, tagsHere, tagsOf } from './tags.js';

/** @typedef {Pick<import('./model.js').Model, 'tiles'|'room'|'revision'>} Wall */
/** @typedef {[string, import('./document.js').Json]} Setting */

/** Return the path of what a tag itself is like. @param {string} name @param {'colour'|'hidden'} what */
export const tagPath = (name, what) => `tag/${encodeURIComponent(name)}/${what}`;

/** @param {Wall} model @param {Iterable<number>} ids */
const tilesOf = ({ tiles }, ids) => [...new Set(ids)].flatMap((id) => tiles.get(id) ?? []);

/** Put a tag on tiles; one that is new to the wall gets a colour of its own, for good. @param {Wall} model @param {Iterable<number>} ids @param {string} name @returns {Setting[]} */
export function putOn(model, ids, name) {
  const { document } = model.room;
  const without = tilesOf(model, ids).filter((tile) => !tagsOf(tile, document).includes(name));
  /** @type {Setting[]} */
  const set = without.map((tile) => [pathOf(tile.id, name), (tile.tags ?? []).includes(name) ? null : true]);
  if (set.length === 0 || isKnown(model, name)) return set;
  return [...set, [tagPath(name, 'colour'), freeHue(model)]];
}

/** @param {Wall} model @param {string} name */
function isKnown(model, name) {
  const here = tagsHere(model);
  const { kind, about } = parseTag(name);
  const alike = kind === 'numeric' && [...here.values()].some(({ tag }) => tag.kind === 'numeric' && tag.about === about);
  return alike || here.has(name) || model.room.document.get(tagPath(name, 'colour')) !== undefined;
}

/** Return the first of the eight hues that the fewest tags have. @param {Wall} model */
function freeHue(model) {
  const colours = [...tagsHere(model).values()].map(({ colour }) => colour);
  const counts = HUES.map((hue) => colours.filter((colour) => colour === hue).length);
  return HUES[counts.indexOf(Math.min(...counts))];
}

/** Take a tag off tiles. @param {Wall} model @param {Iterable<number>} ids @param {string} name @returns {Setting[]} */
export function takeOff(model, ids, name) {
  const having = tilesOf(model, ids).filter((tile) => tagsOf(tile, model.room.document).includes(name));
  return having.map((tile) => [pathOf(tile.id, name), (tile.tags ?? []).includes(name) ? false : null]);
}

/** Make one tag of two: tiles that have `from` have `into` instead; one that is new takes over its colour. @param {Wall} model @param {string} from @param {string} into @returns {Setting[]} */
export function merge(model, from, into) {
  const source = tagsHere(model).get(from);
  if (!source || from === into || into === '') return [];
  const { document } = model.room;
  const colour = isKnown(model, into) ? [] : [/** @type {Setting} */ ([tagPath(into, 'colour'), source.colour])];
  const put = putOn(model, source.ids, into).filter(([path]) => path.startsWith('tags/'));
  const gone = /** @type {const} */ (['colour', 'hidden']).flatMap((what) => (document.get(tagPath(from, what)) === undefined ? [] : [/** @type {Setting} */ ([tagPath(from, what), null])]));
  return [...put, ...takeOff(model, source.ids, from), ...colour, ...gone];
}

/** Hide the tiles that have a tag, or show them. @param {string} name @param {boolean} yes @returns {Setting[]} */
export const hide = (name, yes) => [[tagPath(name, 'hidden'), yes ? true : null]];

/** Take the tiles that have a tag off the wall. @param {Wall} model @param {string} name @returns {Setting[]} */
export const takeOffWall = (model, name) => (tagsHere(model).get(name)?.ids ?? []).map((id) => [`tile/${id}/hidden`, true]);

/** Give a tag a colour; null: one of its own accord. @param {string} name @param {string|null} colour @returns {Setting[]} */
export const paint = (name, colour) => [[tagPath(name, 'colour'), colour]];
