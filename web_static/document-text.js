/**
 * Texts that several write at once. Pure; tvcore/session/text.py is its twin.
 *
 * They follow RGA (Roh et al., J. Parallel Distrib. Comput. 71, 2011): each character is named by its operation and its number in it,
 * and a new one stands right behind the one named, before all that were written there earlier. One that is removed is kept, as others
 * may be written behind it. Edits are done in the order of their operations: who has done some ahead takes them off first.
 *
 * @typedef {['+', string, string] | ['-', string, number, number]} Edit
 *   write a text behind the character `OP:N` ('' for the beginning); or remove, of operation OP, characters N to N + COUNT
 * @typedef {[string, number, string] | [string, number, string, 1]} Run
 *   of operation OP, the characters from N on; with a 1 they are gone for good, and kept only as others are written behind them
 * @typedef {{op: string, n: number, seq: number, text: string, removed: string[]}} Character  removed: by which operations
 */

export const GONE = ''; // in the place of an operation: removed for good

/** Do an edit of operation `op`, whose characters are counted from `n` on. Return how many it wrote. @param {Character[]} characters @param {Edit} edit @param {string} op @param {number} seq @param {number} n @returns {number} */
export function applyEdit(characters, edit, op, seq, n) {
  if (edit[0] === '-') {
    const [, of, from, count] = edit;
    for (const each of characters) if (each.op === of && each.n >= from && each.n < from + count) each.removed.push(op);
    return 0;
  }
  const [, after, text] = edit;
  const added = [...text].map((each, i) => ({ op, n: n + i, seq, text: each, removed: [] }));
  const rest = characters.splice(placeBehind(characters, after)); // not spread into one splice: a long text would be too many arguments
  for (const each of added) characters.push(each);
  for (const each of rest) characters.push(each);
  return added.length;
}

/** Return the place behind a character; the end, if it is not there any more. @param {Character[]} characters @param {string} after */
function placeBehind(characters, after) {
  if (after === '') return 0;
  const cut = after.lastIndexOf(':');
  const op = after.slice(0, cut);
  const n = Number(after.slice(cut + 1));
  const found = characters.findIndex((each) => each.n === n && each.op === op);
  return found < 0 ? characters.length : found + 1;
}

/** Return the characters of settled runs. @param {Run[]} runs @param {number} seq @returns {Character[]} */
export const charactersOf = (runs, seq) => runs.flatMap(([op, from, text, gone]) => [...text].map((each, i) => ({ op, n: from + i, seq, text: each, removed: gone ? [GONE] : [] })));

/** Return the runs of characters that were written up to `seq`. @param {Character[]} characters @param {number} seq @returns {Run[]} */
export function runsOf(characters, seq) {
  /** @type {Run[]} */
  const runs = [];
  let next = 0;
  for (const each of characters) {
    if (each.seq > seq) continue;
    const gone = each.removed.includes(GONE);
    const run = runs.at(-1);
    if (run && run[0] === each.op && next === each.n && (run[3] === 1) === gone) run[2] += each.text;
    else runs.push(gone ? [each.op, each.n, each.text, 1] : [each.op, each.n, each.text]);
    next = each.n + 1;
  }
  return runs;
}

/** Return the edits that make of a text's characters another text: what is the same at both ends stays. @param {Character[]} characters @param {string} wanted @returns {Edit[]} */
export function editsTo(characters, wanted) {
  const letters = [...wanted];
  let start = 0;
  while (start < characters.length && start < letters.length && characters[start].text === letters[start]) start += 1;
  let end = 0;
  while (end < characters.length - start && end < letters.length - start && characters[characters.length - 1 - end].text === letters[letters.length - 1 - end]) end += 1;
  /** @type {Edit[]} */
  const edits = [];
  for (const { op, n } of characters.slice(start, characters.length - end)) {
    const last = edits.at(-1);
    if (last?.[0] === '-' && last[1] === op && last[2] + last[3] === n) last[3] += 1;
    else edits.push(['-', op, n, 1]);
  }
  const text = letters.slice(start, letters.length - end).join('');
  const before = characters[start - 1];
  if (text !== '') edits.push(['+', before ? `${before.op}:${before.n}` : '', text]);
  return edits;
}

/** Return the characters behind which acts write. @param {Iterable<{text?: [string, Edit[]][]}>} acts @returns {Set<string>} `OP:N` */
export function leanedOn(acts) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const { text } of acts) for (const [, edits] of text ?? []) for (const edit of edits) if (edit[0] === '+') names.add(edit[1]);
  return names;
}
