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
 * @typedef {{op: string, n: number, seq: number, text: string, removed: string[], next: Character|null}} Character  removed: by which operations
 */

export const GONE = ''; // in the place of an operation: removed for good

/** The characters of a text, those that are removed too, in their order: each knows the next, and is found by name. */
export class Text {
  /** @type {Character} */ #begin = { op: '', n: -1, seq: 0, text: '', removed: [], next: null };
  #last = this.#begin;
  /** @type {Map<string, Map<number, Character>>} */ #named = new Map();

  /** Begin with settled runs. @param {Run[]} runs @param {number} seq */
  constructor(runs = [], seq = 0) {
    for (const [op, from, text, gone] of runs) this.#write(this.#last, text, op, seq, from, gone ? [GONE] : []);
  }

  /** Return all of them, in their order. */
  all() {
    const all = [];
    for (let each = this.#begin.next; each; each = each.next) all.push(each);
    return all;
  }

  /** Do an edit of operation `op`, whose characters are counted from `n` on. Return how many it wrote. @param {Edit} edit @param {string} op @param {number} seq @param {number} n @returns {number} */
  apply(edit, op, seq, n) {
    if (edit[0] === '-') {
      for (const each of this.#between(edit[1], edit[2], edit[3])) if (each.removed.at(-1) !== op) each.removed.push(op);
      return 0;
    }
    return this.#write(this.#before(edit[1]), edit[2], op, seq, n, []);
  }

  /** @param {string} op @param {number} from @param {number} count @returns {Iterable<Character>} */
  *#between(op, from, count) {
    const named = this.#named.get(op);
    if (!named) return;
    if (count > named.size) {
      for (const [n, each] of named) if (n >= from && n < from + count) yield each;
      return;
    }
    for (let n = from; n < from + count; n += 1) {
      const each = named.get(n);
      if (each) yield each;
    }
  }

  /** Return the character behind which one writes; the last, if it is not there any more. @param {string} after @returns {Character} */
  #before(after) {
    if (after === '') return this.#begin;
    const cut = after.lastIndexOf(':');
    return this.#named.get(after.slice(0, cut))?.get(Number(after.slice(cut + 1))) ?? this.#last;
  }

  /** @param {Character} place @param {string} text @param {string} op @param {number} seq @param {number} n @param {string[]} removed */
  #write(place, text, op, seq, n, removed) {
    const { next: rest } = place;
    const begin = n;
    for (const letter of text) {
      place.next = { op, n, seq, text: letter, removed: [...removed], next: null };
      place = place.next;
      this.#name(place);
      n += 1;
    }
    place.next = rest;
    if (!rest) this.#last = place;
    return n - begin;
  }

  /** @param {Character} each */
  #name(each) {
    const named = this.#named.get(each.op);
    // One's own that is pending may be there already, settled: that one is meant.
    if (!named) this.#named.set(each.op, new Map([[each.n, each]]));
    else if (!named.has(each.n)) named.set(each.n, each);
  }

  /** Keep the characters that are wanted. Return whether there are any. @param {(each: Character) => boolean} wanted */
  keep(wanted) {
    const all = this.all();
    this.#named.clear();
    this.#last = this.#begin;
    for (const each of all) {
      if (!wanted(each)) continue;
      this.#last = this.#last.next = each;
      this.#name(each);
    }
    this.#last.next = null;
    return this.#last !== this.#begin;
  }

  /** Return the runs of the characters that were written up to `seq`. @param {number} seq @returns {Run[]} */
  runs(seq) {
    /** @type {Run[]} */
    const runs = [];
    let next = 0;
    for (const each of this.all()) {
      if (each.seq > seq) continue;
      const gone = each.removed.includes(GONE);
      const run = runs.at(-1);
      if (run && run[0] === each.op && next === each.n && (run[3] === 1) === gone) run[2] += each.text;
      else runs.push(gone ? [each.op, each.n, each.text, 1] : [each.op, each.n, each.text]);
      next = each.n + 1;
    }
    return runs;
  }
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
