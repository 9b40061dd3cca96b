/**
 * What brushes do to the wall: tiles that do not pass are dimmed or hidden, or those that pass are selected. Pure.
 *
 * @typedef {import('./brushing.js').Brush} Brush
 * @typedef {'dim'|'hide'|'select'} Way  of the register `brushing`
 * @typedef {import('./document.js').Json} Json
 * @typedef {import('./columns.js').Wall & {trying: Map<string, Brush>|null}} Brushable
 */

import { brushesIn, brushPath, passes } from './brushing.js';
import { choicesOf } from './columns.js';
import { valueBy } from './tags.js';

export const WAYS = /** @type {Way[]} */ (['dim', 'hide', 'select']);

/** @type {WeakMap<object, {made: unknown[], passing: Set<number>|null}>} */
const known = new WeakMap();

/** Return what becomes of what does not pass. @param {import('./document.js').Document} document @returns {Way} */
export const wayIn = (document) => document.get('brushing') ?? 'dim';

/** Return the brushes that count on this wall: those of columns that it has. @param {Brushable} model @param {Map<string, Brush>} [brushes] */
export function brushesHere(model, brushes = model.trying ?? brushesIn(model.room.document)) {
  if (brushes.size === 0) return brushes;
  const there = new Set(choicesOf(model).map(({ by }) => by));
  return new Map([...brushes].filter(([by]) => there.has(by)));
}

/** Return the tiles that pass these brushes, or null where there are none. @param {Brushable} model @param {Map<string, Brush>} [brushes] @returns {Set<number>|null} */
export function passingOf(model, brushes) {
  const { document } = model.room;
  if (!brushes && !model.trying && document.below('brush/').length === 0) return null;
  const of = [document, document.version, model.revision, model.tiles, model.trying];
  const last = brushes ? undefined : known.get(model);
  if (last && last.made.every((each, i) => each === of[i])) return last.passing;
  const here = [...brushesHere(model, brushes)];
  const passing = here.length === 0 ? null : new Set([...model.tiles.values()].flatMap((tile) => (here.every(([by, brush]) => passes(valueBy(tile, by, document), brush)) ? [tile.id] : [])));
  if (!brushes) known.set(model, { made: of, passing });
  return passing;
}

/** Return whether a tile is dimmed as brushes leave it out. While one brushes, what will be hidden is dimmed: nothing moves under the hand. @param {Brushable} model @param {number} id */
export function isBrushedOut(model, id) {
  const way = wayIn(model.room.document);
  if (way === 'select' || (way === 'hide' && !model.trying)) return false;
  return passingOf(model)?.has(id) === false;
}

/** Return the tiles that brushes leave on the wall. @template {{id: number}} T @param {Brushable} model @param {Iterable<T>} tiles @returns {Iterable<T>} */
export function left(model, tiles) {
  if (wayIn(model.room.document) !== 'hide') return tiles;
  const passing = passingOf(model, brushesIn(model.room.document));
  return passing ? [...tiles].filter(({ id }) => passing.has(id)) : tiles;
}

/**
 * Return what to set so that these brushes stand, and no others, in one act; where brushes select, the selection of who brushes with it.
 * @param {Brushable & {own: (name: string) => string}} model @param {Map<string, Brush>} brushes @param {Way} [way] @returns {[string, Json][]}
 */
export function brushActs(model, brushes, way) {
  const { document } = model.room;
  const before = brushesIn(document);
  const wayBefore = wayIn(document);
  /** @type {[string, Json][]} */
  const set = [];
  for (const by of before.keys()) if (!brushes.has(by)) set.push([brushPath(by), null]);
  for (const [by, brush] of brushes) if (JSON.stringify(before.get(by)) !== JSON.stringify(brush)) set.push([brushPath(by), /** @type {Json} */ (brush)]);
  if (way && way !== wayBefore) set.push(['brushing', way === 'dim' ? null : way]);
  if (set.length === 0 || (way ?? wayBefore) !== 'select') return set;
  const passing = passingOf(model, brushes);
  const wanted = passing && passing.size > 0 ? [...passing] : null;
  const path = model.own('selection');
  return JSON.stringify(document.get(path) ?? null) === JSON.stringify(wanted) ? set : [...set, [path, wanted]];
}
