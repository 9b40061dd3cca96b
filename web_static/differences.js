/** What differs between two states of a session, for people: how many of what. Pure. */

import { t } from './text.js';

/** What paths are called, the first that fits. @type {[RegExp, import('./text.js').Key][]} */
const KINDS = [
  [/^order\//, 'differs.order'],
  [/^(sort|group|layout\/.*)$/, 'differs.layout'],
  [/^colour$/, 'differs.colour'],
  [/^brush\//, 'differs.brushes'],
  [/^(brushing|axes)$/, 'differs.views'],
  [/^tags\//, 'differs.tags'],
  [/^tag\//, 'differs.legend'],
  [/^note\//, 'differs.notes'],
  [/^drawing\//, 'differs.drawings'],
  [/^tile\//, 'differs.tiles'],
  [/^bookmark\//, 'differs.bookmarks'],
  [/./, 'differs.other'],
];

/** Return a line for each kind of thing among these paths, as "3 notes". @param {string[]} paths @returns {string[]} */
export function differenceWords(paths) {
  /** @type {Map<import('./text.js').Key, number>} */
  const counts = new Map();
  for (const path of paths) {
    const kind = KINDS.find(([pattern]) => pattern.test(path));
    if (kind) counts.set(kind[1], (counts.get(kind[1]) ?? 0) + 1);
  }
  return KINDS.flatMap(([, key]) => (counts.has(key) ? [t(key, { n: counts.get(key) ?? 0 })] : []));
}
