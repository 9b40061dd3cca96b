/**
 * What a bookmark and a link keep of the session's document, so that whoever goes there finds the wall as it was. Pure.
 *
 * A path that ends with '/' means all that is below it. It is kept too, without a value: then there was nothing more below.
 *
 * @typedef {[string, any]} Kept  a path and its value, null for none
 * @typedef {{get: (path: string) => any, below: (prefix: string) => [string, any][]}} Read  a document, to read
 */

const LINK_LETTERS = 4000; // of an address: mail programs and proxies cut longer ones

const isFolder = (/** @type {string} */ path) => path.endsWith('/');

/** Return what the document says at these paths. @param {Read} document @param {string[]} paths @returns {Kept[]} */
export const keptOf = (document, paths) =>
  paths.flatMap((path) => /** @type {Kept[]} */ (isFolder(path) ? [[path, null], ...document.below(path).map(([rest, value]) => [path + rest, value])] : [[path, document.get(path) ?? null]]));

/**
 * Return what has to be set so that the document says what was kept; nothing at other paths than these, whoever kept it.
 * @param {Read} document @param {unknown} kept @param {string[]} paths @returns {Kept[]}
 */
export function changesTo(document, kept, paths) {
  const pairs = /** @type {Kept[]} */ (Array.isArray(kept) ? kept.filter((pair) => Array.isArray(pair) && typeof pair[0] === 'string') : []);
  const may = (/** @type {string} */ path) => !isFolder(path) && paths.some((each) => (isFolder(each) ? path.startsWith(each) : path === each));
  const wanted = new Map(pairs.filter(([path]) => may(path)).map(([path, value]) => [path, value ?? null]));
  for (const [folder] of pairs) {
    if (!isFolder(folder) || !paths.includes(folder)) continue;
    for (const [rest] of document.below(folder)) if (!wanted.has(folder + rest)) wanted.set(folder + rest, null);
  }
  return [...wanted].filter(([path, value]) => JSON.stringify(document.get(path) ?? null) !== JSON.stringify(value));
}

/** Return what was kept as it stands in an address; null where it is too long for one. @param {Kept[]} kept */
export function writeKept(kept) {
  const said = kept.filter(([path, value]) => value !== null && !isFolder(path));
  const text = said.length > 0 ? JSON.stringify(Object.fromEntries(said)) : '';
  return encodeURIComponent(text).length > LINK_LETTERS ? null : text;
}

/** Return what stands in an address as what was kept; null for what makes no sense. @param {string} text @param {string[]} paths @returns {Kept[]|null} */
export function readKept(text, paths) {
  if (text === '') return paths.map((path) => [path, null]);
  try {
    const said = JSON.parse(text);
    if (typeof said !== 'object' || said === null || Array.isArray(said)) return null;
    return [...paths.map((path) => /** @type {Kept} */ ([path, (!isFolder(path) && Object.hasOwn(said, path) ? said[path] : null) ?? null])), ...Object.entries(said).filter(([path]) => !paths.includes(path))];
  } catch {
    return null;
  }
}
