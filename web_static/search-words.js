/**
 * What completes a query while it is typed: names of columns, tags, values. The language is in tvcore/ensemble/query.py. Pure.
 *
 * @typedef {{name: string, about: string, values: string[]}} Field  a column; values: those of a column of words, none of numbers
 * @typedef {{text: string, caret: number, label: string, about: string}} Completed  the query with it, and where one types on
 */

const BREAKS = '[\\s"\'=<>&|!(),:]';
const WORD = new RegExp(`((?!\\.\\.)[^\\s"'=<>&|!(),:])*$`);
const AFTER = new RegExp(`([^\\s"'=<>&|!(),:]+)\\s*(?:==|!=|=|:)\\s*$`);
const IN = new RegExp(`([^\\s"'=<>&|!(),:]+)\\s+in\\s*\\([^()]*$`, 'i');
const KEYWORDS = ['and', 'or', 'not', 'in'];
const MOST = 8;

/** Return whether a query may ask what changes without anybody's hand: the state of tiles, their nodes. @param {string} text */
export const namesState = (text) => /\b(state|node)\b/i.test(text);

/** Return a value as it stands in a query: in quotes where it has to. @param {string} value */
export function quoted(value) {
  const plain = value !== '' && !new RegExp(BREAKS).test(value) && !value.includes('..') && !value.includes('\\') && !KEYWORDS.includes(value.toLowerCase());
  return plain ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * Return how a query can go on where one types.
 * @param {string} text @param {number} caret @param {{fields: Field[], tags: string[]}} there @returns {Completed[]}
 */
export function completionsOf(text, caret, { fields, tags }) {
  const before = text.slice(0, caret);
  if ((before.match(/"/g) ?? []).length % 2 === 1) return [];
  const word = (WORD.exec(before) ?? [''])[0];
  const rest = before.slice(0, before.length - word.length);
  const end = caret + (new RegExp(`^(?:(?!${BREAKS}).)*`).exec(text.slice(caret)) ?? [''])[0].length;
  const put = (/** @type {string} */ wanted, label = wanted, about = '') => ({ text: rest + wanted + text.slice(end), caret: rest.length + wanted.length, label, about });
  const fits = fitting(word);
  const of = (AFTER.exec(rest) ?? IN.exec(rest))?.[1].toLowerCase();
  if (of !== undefined) {
    const values = of === 'tag' || of === 'tags' ? tags : (fields.find(({ name }) => name.toLowerCase() === of)?.values ?? []);
    return best(values, fits, (value) => value).map((value) => put(quoted(value), value));
  }
  if (word === '') return [];
  const names = best(fields, fits, ({ name }) => name).map(({ name, about, values }) => put(quoted(name) + (values.length > 0 ? '=' : ''), name, about));
  const tagged = best(tags, fits, (tag) => tag).map((tag) => put(`tag:${quoted(tag)}`, `tag:${tag}`));
  const valued = best(fields.flatMap(({ name, values }) => values.map((value) => ({ name, value }))), fits, ({ value }) => value);
  return [...names, ...tagged, ...valued.map(({ name, value }) => put(`${quoted(name)}=${quoted(value)}`, `${name}=${value}`))].slice(0, MOST);
}

/** @param {string} word @returns {(text: string) => number} how well a text fits, 0 for not at all */
function fitting(word) {
  const wanted = word.toLowerCase();
  return (text) => {
    const at = text.toLowerCase().indexOf(wanted);
    return at < 0 || (text.length === word.length && text === word) ? 0 : at === 0 ? 2 : 1;
  };
}

/** @template T @param {T[]} all @param {(text: string) => number} fits @param {(one: T) => string} textOf @returns {T[]} */
function best(all, fits, textOf) {
  const scored = all.map((one) => ({ one, score: fits(textOf(one)) })).filter(({ score }) => score > 0);
  return scored.sort((a, b) => b.score - a.score).slice(0, MOST).map(({ one }) => one);
}

const DISTINCT_MOST = 200;

/**
 * Return what there is to search in a wall.
 * @param {{tiles: Map<number, import('./model.js').Tile>, columns: () => {name: string, unit: string|null}[]}} model
 * @param {{tags: string[], numbers: string[]}} tagged @returns {{fields: Field[], tags: string[]}}
 */
export function searchable({ tiles, columns }, { tags, numbers }) {
  const all = [...tiles.values()];
  const distinct = (/** @type {(tile: import('./model.js').Tile) => unknown} */ of) => [...new Set(all.map(of).filter((value) => typeof value === 'string' && value !== ''))].slice(0, DISTINCT_MOST).map(String);
  /** @type {Field[]} */
  const fields = columns().map(({ name, unit }) => ({ name, about: unit ?? '', values: distinct(({ metadata }) => metadata[name]) }));
  const own = [
    { name: 'title', about: '', values: [] },
    { name: 'state', about: '', values: distinct(({ state }) => state) },
    { name: 'node', about: '', values: distinct(({ node }) => node) },
    { name: 'tag', about: '', values: tags },
    { name: 'note', about: '', values: [] },
    ...numbers.map((name) => ({ name, about: '', values: [] })),
  ];
  return { fields: [...fields, ...own.filter(({ name }) => !fields.some((field) => field.name === name))], tags };
}
