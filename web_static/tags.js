/**
 * Tags: which a tile has, from its case and by hand, and what they look like. Pure.
 *
 * A tag is plain (`animal`), ordered (`8_300K`: stands by its number, is read as 300K), or numeric (`{age,0,3,20}`: name, least, value,
 * most), which is a column of its own, called `tag:age`.
 *
 * @typedef {import('./document.js').Document} Document
 * @typedef {{name: string, kind: 'plain'|'ordered'|'numeric', label: string, about: string, rank?: number, least?: number, value?: number, most?: number}} Tag
 *   label: as people read it; about: what it is of, the name of a number
 * @typedef {{name: string, tag: Tag, colour: string, shape: number, hidden: boolean, ids: number[]}} TagHere
 *   a tag of this wall; colour as the document has it (hues.js shows it); ids of the tiles that have it
 * @typedef {{id: number, tags?: string[]}} Tagged
 */

import { HUES } from './hues.js';

const NUMBER = '[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?';
const NUMERIC = new RegExp(`^\\{\\s*([^,{}]+?)\\s*,\\s*(${NUMBER})\\s*,\\s*(${NUMBER})\\s*,\\s*(${NUMBER})\\s*\\}$`);
const ORDERED = /^(\d{1,9})_(.+)$/;
const LONGEST = 100;
const KINDS = ['ordered', 'plain', 'numeric'];
const words = new Intl.Collator('en', { numeric: true });

/** @type {Map<string, Tag>} */
const parsed = new Map();

/** Return what a tag says. @param {string} name @returns {Tag} */
export function parseTag(name) {
  let tag = parsed.get(name);
  if (!tag) parsed.set(name, (tag = parse(name)));
  return tag;
}

/** @param {string} name @returns {Tag} */
function parse(name) {
  const numeric = NUMERIC.exec(name);
  if (numeric) {
    const [least, value, most] = numeric.slice(2).map(Number);
    return { name, kind: 'numeric', label: `${numeric[1]} ${value}`, about: numeric[1], least, value, most };
  }
  const ordered = ORDERED.exec(name);
  if (ordered) return { name, kind: 'ordered', label: ordered[2], about: ordered[2], rank: Number(ordered[1]) };
  return { name, kind: 'plain', label: name, about: name };
}

/** Compare two tags: the ordered by their numbers, then the plain, then the numeric, by name and value. @param {string} a @param {string} b */
export function compareTags(a, b) {
  const [one, other] = [parseTag(a), parseTag(b)];
  return (
    KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) ||
    (one.rank ?? 0) - (other.rank ?? 0) ||
    words.compare(one.about, other.about) ||
    (one.value ?? 0) - (other.value ?? 0) ||
    (a < b ? -1 : a > b ? 1 : 0)
  );
}

/** Return the tag that somebody means who writes this, or '': one that is there already, whatever its capitals. @param {string} text @param {Iterable<string>} [there] */
export function tagFrom(text, there = []) {
  const name = [...text.replace(/\p{Cs}/gu, '').replace(/\s+/g, ' ').trim()].slice(0, LONGEST).join('');
  const folded = name.toLowerCase();
  return [...there].find((each) => each.toLowerCase() === folded) ?? name;
}

/** Return the path of a tag of a tile. @param {number} id @param {string} name */
export const pathOf = (id, name) => `tags/${id}/${encodeURIComponent(name)}`;

// ---------------------------------------------------------------------- whose

/** @typedef {Map<number, Map<string, boolean>>} ByHand  by tile, by tag: put on, or taken off */
/** @type {WeakMap<Document, {version: number, byHand: ByHand}>} */
const indexes = new WeakMap();
/** @type {string[]} */
const NONE = [];

/** Return what was tagged by hand; read once per change of the document. @param {Document} document @returns {ByHand} */
function byHandIn(document) {
  const known = indexes.get(document);
  if (known?.version === document.version) return known.byHand;
  /** @type {ByHand} */
  const byHand = new Map();
  for (const [rest, on] of document.below('tags/')) {
    const slash = rest.indexOf('/');
    const id = Number(rest.slice(0, slash));
    const tags = byHand.get(id) ?? new Map();
    tags.set(decode(rest.slice(slash + 1)), on === true);
    byHand.set(id, tags);
  }
  indexes.set(document, { version: document.version, byHand });
  return byHand;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @type {WeakMap<string[], string[]>} */
const sortedOnce = new WeakMap();

/**
 * Return the tags of a tile, in their order: those of its case, but for those taken off by hand, and those put on by hand.
 * @param {Tagged} tile @param {Document} document @returns {string[]}
 */
export function tagsOf({ id, tags = NONE }, document) {
  const byHand = byHandIn(document).get(id);
  let sorted = sortedOnce.get(tags);
  if (!sorted) sortedOnce.set(tags, (sorted = [...new Set(tags)].sort(compareTags)));
  if (!byHand) return sorted;
  const added = [...byHand].flatMap(([tag, on]) => (on && !tags.includes(tag) ? [tag] : []));
  const kept = sorted.filter((tag) => byHand.get(tag) !== false);
  return added.length > 0 ? [...kept, ...added].sort(compareTags) : kept;
}

/**
 * Return what a tile is sorted or coloured by: the value of `column:X`, or of `tag:X` the number of such a numeric tag, or whether it
 * has the tag. Null where it has none.
 * @param {Tagged & {metadata: Record<string, any>}} tile @param {string} by @param {Document} document @returns {number|string|boolean|null}
 */
export function valueBy(tile, by, document) {
  if (by.startsWith('column:')) return tile.metadata[by.slice(7)] ?? null;
  const about = by.slice(4);
  const tags = tagsOf(tile, document);
  if (tags.includes(about)) return true;
  return tags.map(parseTag).find((tag) => tag.kind === 'numeric' && tag.about === about)?.value ?? null;
}

// ---------------------------------------------------------------- on this wall

/** @type {WeakMap<object, {version: number, revision: number, document: Document, tags: Map<string, TagHere>}>} */
const walls = new WeakMap();

/**
 * Return the tags of a wall, in their order; made once per change.
 * @param {{tiles: Map<number, Tagged>, revision: number, room: {document: Document}}} model @returns {Map<string, TagHere>}
 */
export function tagsHere(model) {
  const { document } = model.room;
  const known = walls.get(model);
  if (known && known.document === document && known.version === document.version && known.revision === model.revision) return known.tags;
  const tags = gather(model.tiles.values(), document);
  walls.set(model, { version: document.version, revision: model.revision, document, tags });
  return tags;
}

/** @param {Iterable<Tagged>} tiles @param {Document} document @returns {Map<string, TagHere>} */
function gather(tiles, document) {
  /** @type {Map<string, number[]>} */
  const whose = new Map();
  /** @type {Set<string>} in the order in which they appear: first those of the cases */
  const appeared = new Set();
  for (const tile of [...tiles].sort((a, b) => a.id - b.id)) {
    for (const name of tile.tags ?? NONE) appeared.add(name);
    for (const name of tagsOf(tile, document)) {
      const ids = whose.get(name);
      if (ids) ids.push(tile.id);
      else whose.set(name, [tile.id]);
    }
  }
  for (const name of [...whose.keys()].sort(compareTags)) appeared.add(name);
  const looks = looksOf([...appeared], (name) => document.get(`tag/${encodeURIComponent(name)}/colour`));
  return new Map(
    [...whose].sort((a, b) => compareTags(a[0], b[0])).map(([name, ids]) => {
      const hidden = document.get(`tag/${encodeURIComponent(name)}/hidden`) === true;
      const look = /** @type {{colour: string, shape: number}} */ (looks.get(name));
      return [name, { name, tag: parseTag(name), ...look, hidden, ids }];
    }),
  );
}

/**
 * Return colour and shape of tags, which appeared in this order: the colour that was chosen, or the next of the eight; tags of one
 * colour differ in shape. All numbers of one name look alike.
 * @param {string[]} names @param {(name: string) => string|undefined} chosen @returns {Map<string, {colour: string, shape: number}>}
 */
export function looksOf(names, chosen) {
  /** @type {Map<string, {colour: string, shape: number}>} */
  const looks = new Map();
  /** @type {Map<string, {colour: string, shape: number}>} */
  const numeric = new Map();
  /** @type {Map<string, number>} how many have a colour already */
  const used = new Map();
  let next = 0;
  for (const name of names) {
    const tag = parseTag(name);
    const own = chosen(name);
    const alike = tag.kind === 'numeric' && own === undefined ? numeric.get(tag.about) : undefined;
    if (alike) {
      looks.set(name, alike);
      continue;
    }
    const colour = own ?? HUES[next % HUES.length];
    if (own === undefined) next += 1;
    const count = used.get(colour) ?? 0;
    used.set(colour, count + 1);
    const look = { colour, shape: (Math.max(0, HUES.indexOf(colour)) + count) % HUES.length };
    looks.set(name, look);
    if (tag.kind === 'numeric') numeric.set(tag.about, look);
  }
  return looks;
}

/** Return the names of numeric tags on a wall, each with its bounds. @param {Map<string, TagHere>} tags @returns {Map<string, {least: number, most: number}>} */
export function numbersOf(tags) {
  /** @type {Map<string, {least: number, most: number}>} */
  const found = new Map();
  for (const { tag } of tags.values()) {
    if (tag.kind !== 'numeric') continue;
    const bounds = found.get(tag.about);
    const [least, most] = [Number(tag.least), Number(tag.most)];
    found.set(tag.about, bounds ? { least: Math.min(bounds.least, least), most: Math.max(bounds.most, most) } : { least, most });
  }
  return found;
}
