/**
 * Selections of tiles: up to a tile, rows, columns, what is left. Pure: from the lanes as they stand and the selection to the next one.
 *
 * @typedef {Pick<import('./arrangement.js').Lane, 'ids'>} Lane
 */

/** Return the selection with a tile more, or less if it was in it. @param {Set<number>} chosen @param {number} id */
export const toggled = (chosen, id) => (chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id]);

/**
 * Return the tiles from one to another, as they stand, both included; the other alone if the first is not there.
 * @param {number[]} order @param {number|null} from @param {number} to
 */
export function upTo(order, from, to) {
  const [a, b] = [from === null ? -1 : order.indexOf(from), order.indexOf(to)];
  return a < 0 || b < 0 ? [to] : order.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** Return the tiles that are not selected. @param {number[]} order @param {Set<number>} chosen */
export const others = (order, chosen) => order.filter((id) => !chosen.has(id));

/** Return all tiles of the rows in which these stand. @param {number[][]} rows @param {Iterable<number>} ids */
export function wholeRows(rows, ids) {
  const wanted = new Set(ids);
  return rows.filter((row) => row.some((id) => wanted.has(id))).flat();
}

/** Return all tiles of the columns in which these stand. @param {number[][]} rows @param {Iterable<number>} ids */
export function wholeColumns(rows, ids) {
  const wanted = new Set(ids);
  const columns = new Set(rows.flatMap((row) => row.flatMap((id, column) => (wanted.has(id) ? [column] : []))));
  return rows.flatMap((row) => row.filter((_, column) => columns.has(column)));
}

/** Return all tiles of the lanes in which these stand. @param {Lane[]} lanes @param {Iterable<number>} ids */
export const wholeLanes = (lanes, ids) => wholeRows(lanes.map((lane) => lane.ids), ids);

/**
 * Return the tags of the wall and who has them, the most frequent first.
 * @template T @param {Iterable<T & {id: number}>} tiles @param {(tile: T) => string[]} tagsOf @returns {[string, number[]][]}
 */
export function byTag(tiles, tagsOf) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (const tile of tiles) for (const tag of tagsOf(tile)) found.set(tag, [...(found.get(tag) ?? []), tile.id]);
  return [...found].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
}
