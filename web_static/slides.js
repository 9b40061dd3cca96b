/**
 * The slides of a presentation: bookmarks in an order that the session keeps (`slides`: their ids). Pure.
 *
 * @typedef {{id: string, name: string, view: any}} Slide
 * @typedef {{get: (path: string) => any, below: (prefix: string) => [string, any][]}} Read  a document, to read
 * @typedef {[string, any][]} Changes  registers to set, as one act
 */

/** Return the bookmarks of a session, by their names. @param {Read} document @returns {Slide[]} */
export const bookmarksOf = (document) =>
  document.below('bookmark/').map(([id, { name, view }]) => ({ id, name, view })).sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));

/** Return the slides in their order; a bookmark that is gone is none. @param {Read} document @returns {Slide[]} */
export function slidesOf(document) {
  const there = new Map(bookmarksOf(document).map((bookmark) => [bookmark.id, bookmark]));
  return [...new Set(/** @type {string[]} */ (document.get('slides') ?? []))].flatMap((id) => there.get(id) ?? []);
}

/** @param {string[]} ids @returns {Changes} */
const slides = (ids) => [['slides', ids.length > 0 ? ids : null]];
const idsOf = (/** @type {Read} */ document) => slidesOf(document).map(({ id }) => id);

/** Make a new bookmark the last slide. @param {Read} document @param {string} id @param {string} name @param {any} view @returns {Changes} */
export const withNew = (document, id, name, view) => [[`bookmark/${id}`, { name, view }], ...slides([...idsOf(document), id])];

/** Make a bookmark that there is the last slide. @param {Read} document @param {string} id @returns {Changes} */
export const withOne = (document, id) => slides([...idsOf(document).filter((each) => each !== id), id]);

/** Take a slide out; its bookmark stays. @param {Read} document @param {string} id @returns {Changes} */
export const without = (document, id) => slides(idsOf(document).filter((each) => each !== id));

/** Move a slide by so many places; nothing where it stands at that end. @param {Read} document @param {string} id @param {number} by @returns {Changes} */
export function moved(document, id, by) {
  const ids = idsOf(document);
  const at = ids.indexOf(id);
  const to = Math.max(0, Math.min(ids.length - 1, at + by));
  if (at < 0 || to === at) return [];
  ids.splice(to, 0, ...ids.splice(at, 1));
  return slides(ids);
}

/** Call a slide, which is a bookmark, otherwise. @param {Read} document @param {string} id @param {string} name @returns {Changes} */
export function renamed(document, id, name) {
  const bookmark = document.get(`bookmark/${id}`);
  return bookmark === undefined || bookmark.name === name ? [] : [[`bookmark/${id}`, { ...bookmark, name }]];
}

/** Return where a step leads from the slide at a place among so many: no further than the ends. @param {number} at @param {number} by @param {number} count */
export const stepped = (at, by, count) => Math.max(0, Math.min(count - 1, at + by));
