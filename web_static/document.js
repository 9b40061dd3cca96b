/**
 * The document of a session: a fold of operations, the same wherever they arrive. Pure; tvcore/session/document.py is its twin.
 *
 * An *act* sets registers (path → JSON value, null removes) and edits texts; `undo` and `redo` say of an act that it counts no
 * longer, or again. A register holds the value of the last act that counts; a character stands while the act that wrote it counts and
 * none that removed it does. So to undo takes out just what that act did, whoever did what since. The store orders all of it by a
 * sequence number; an operation that has none yet is *pending* and stands behind those that have one.
 *
 * Texts follow RGA (Roh et al., J. Parallel Distrib. Comput. 71, 2011): each character is named by its operation and its number in it, and
 * a new one stands right behind the one named, before all that were written there earlier.
 *
 * @typedef {string|number|boolean|null|Json[]|{[name: string]: Json}} Json
 * @typedef {['+', string, string] | ['-', string, number, number]} Edit
 *   write a text behind the character `OP:N` ('' for the beginning); or remove, of operation OP, characters N to N + COUNT
 * @typedef {{id: string, person: string, seq?: number, at?: number, label?: string, set?: [string, Json][], text?: [string, Edit[]][],
 *   undo?: string, redo?: string, settle?: number}} Operation
 * @typedef {{seq: number, registers: [string, Json][], texts: [string, [string, number, string][]][]}} Base
 *   what all operations up to `seq` came to, which nobody undoes any more; texts are runs of characters `[OP, N, TEXT]`
 * @typedef {{seq: number, op: string, value: Json}} Entry
 * @typedef {{op: string, n: number, seq: number, text: string, removed: string[]}} Character
 */

const PENDING = 2 ** 40; // behind every sequence number

export class Document {
  /** the last sequence number that was taken */ seq = 0;
  /** @type {Map<string, Operation>} acts that can be undone or redone */ acts = new Map();
  /** @type {Map<string, Entry[]>} */ #registers = new Map();
  /** @type {Map<string, {seq: number, counts: boolean}[]>} by act: what undo and redo say of it */ #counting = new Map();
  /** @type {Map<string, Character[]>} */ #texts = new Map();
  /** @type {Operation[]} */ pending = [];
  #settled = 0;

  /** Begin with what was settled. @param {Base|null} base */
  constructor(base = null) {
    if (!base) return;
    this.seq = this.#settled = base.seq;
    for (const [path, value] of base.registers) this.#registers.set(path, [{ seq: base.seq, op: '', value }]);
    for (const [path, runs] of base.texts) {
      this.#texts.set(path, runs.flatMap(([op, from, text]) => [...text].map((each, i) => ({ op, n: from + i, seq: base.seq, text: each, removed: [] }))));
    }
  }

  // ------------------------------------------------------------------ reading

  /** Return the value of a register, or undefined. @param {string} path @returns {any} */
  get(path) {
    const entries = this.#registers.get(path);
    for (let i = (entries?.length ?? 0) - 1; i >= 0; i -= 1) {
      const { op, value } = /** @type {Entry[]} */ (entries)[i];
      if (op === '' || this.counts(op)) return value ?? undefined;
    }
    return undefined;
  }

  /** Return the registers below a prefix that ends with '/', as [rest of the path, value]. @param {string} prefix @returns {[string, any][]} */
  below(prefix) {
    /** @type {[string, any][]} */
    const found = [];
    for (const path of this.#registers.keys()) {
      if (!path.startsWith(prefix)) continue;
      const value = this.get(path);
      if (value !== undefined) found.push([path.slice(prefix.length), value]);
    }
    return found;
  }

  /** Return a text as it stands. @param {string} path */
  text(path) {
    return this.characters(path).map(({ text }) => text).join('');
  }

  /** Return the characters of a text that stand. @param {string} path @returns {Character[]} */
  characters(path) {
    return (this.#texts.get(path) ?? []).filter((each) => this.#stands(each));
  }

  /** Return all texts that are not empty, as [path, text]. @returns {[string, string][]} */
  texts() {
    return [...this.#texts.keys()].map((path) => /** @type {[string, string]} */ ([path, this.text(path)])).filter(([, text]) => text !== '');
  }

  /** Return all that the document says, without how it came to be. */
  plain() {
    const registers = Object.fromEntries(this.below('').sort(byName));
    return { registers, texts: Object.fromEntries(this.texts().sort(byName)) };
  }

  /** Return whether an act counts: it was not undone, or was redone since. @param {string} op */
  counts(op) {
    return this.#counting.get(op)?.at(-1)?.counts ?? true;
  }

  #stands(/** @type {Character} */ { op, removed }) {
    return (!this.acts.has(op) || this.counts(op)) && !removed.some((by) => this.counts(by));
  }

  /** Return the act that undo of a person takes back, or null: the last of theirs that counts. @param {string} person */
  undoable(person) {
    return this.#of(person).findLast(({ id }) => this.counts(id)) ?? null;
  }

  /** Return the act that redo of a person brings back, or null: the first undone one after the last that counts. @param {string} person */
  redoable(person) {
    const own = this.#of(person);
    return own[own.findLastIndex(({ id }) => this.counts(id)) + 1] ?? null;
  }

  /** @param {string} person */
  #of(person) {
    return [...this.acts.values()].filter((act) => act.person === person);
  }

  // ------------------------------------------------------------------ changing

  /** Do an operation here, before the store has ordered it. Return the paths it touches. @param {Operation} operation */
  do(operation) {
    this.pending.push(operation);
    return this.#apply(operation, PENDING + this.pending.length);
  }

  /** Take an operation from the store. Return the paths it touches; of one's own, which stands already, none. @param {Operation} operation */
  take(operation) {
    const seq = /** @type {number} */ (operation.seq);
    if (seq <= this.seq) return [];
    this.seq = seq;
    const at = this.pending.findIndex(({ id }) => id === operation.id);
    if (at === 0) {
      this.pending.shift();
      this.#reorder(operation, seq);
      return [];
    }
    if (at < 0 && operation.settle === undefined) return this.#apply(operation, seq);
    // Out of turn, or what is pending may lean on characters that go: take it off, and put it on again.
    return this.#apart(() => (operation.settle === undefined ? this.#apply(operation, seq) : this.#settle(operation.settle)), operation.id);
  }

  /** Take off a pending operation that the portal refused. Return the paths it touched. @param {string} id */
  refuse(id) {
    const refused = this.pending.find((each) => each.id === id);
    return refused ? [...pathsOf(refused), ...this.#apart(() => [], id)] : [];
  }

  /** Do something while nothing is pending, then put on again what was, but for the operation `without`. @param {() => string[]} doing @param {string} without */
  #apart(doing, without) {
    const { pending } = this;
    for (const each of pending) this.#remove(each);
    const touched = doing();
    this.pending = [];
    for (const each of pending) if (each.id !== without) touched.push(...this.do(each));
    return touched;
  }

  /** @param {Operation} operation @param {number} seq @returns {string[]} */
  #apply(operation, seq) {
    const { id, undo, redo, set, text } = operation;
    const about = undo ?? redo;
    if (about !== undefined) {
      const act = this.acts.get(about);
      if (!act) return [];
      insert(this.#counting, about, { seq, counts: redo !== undefined });
      return pathsOf(act);
    }
    if (!set && !text) return [];
    this.acts.set(id, operation);
    for (const [path, value] of set ?? []) insert(this.#registers, path, { seq, op: id, value });
    let n = 0;
    for (const [path, edits] of text ?? []) for (const edit of edits) n += this.#edit(path, edit, operation.id, seq, n);
    return pathsOf(operation);
  }

  /** @param {string} path @param {Edit} edit @param {string} op @param {number} seq @param {number} n @returns {number} characters written */
  #edit(path, edit, op, seq, n) {
    const characters = this.#texts.get(path) ?? [];
    this.#texts.set(path, characters);
    if (edit[0] === '-') {
      const [, of, from, count] = edit;
      for (const each of characters) if (each.op === of && each.n >= from && each.n < from + count) each.removed.push(op);
      return 0;
    }
    const [, after, text] = edit;
    let at = 0;
    if (after !== '') {
      const found = characters.findIndex((each) => `${each.op}:${each.n}` === after);
      at = found < 0 ? characters.length : found + 1;
    }
    while (at < characters.length && characters[at].seq > seq) at += 1;
    const added = [...text].map((each, i) => ({ op, n: n + i, seq, text: each, removed: [] }));
    characters.splice(at, 0, ...added);
    return added.length;
  }

  /** One's own came back with its number: nothing between the two places, as all others came before. @param {Operation} operation @param {number} seq */
  #reorder(operation, seq) {
    const { id, undo, redo, set, text } = operation;
    const about = undo ?? redo;
    if (about !== undefined) for (const each of this.#counting.get(about) ?? []) if (each.seq > PENDING) return void (each.seq = seq);
    if (this.acts.has(id)) this.acts.set(id, operation);
    for (const [path] of set ?? []) for (const each of this.#registers.get(path) ?? []) if (each.op === id) each.seq = seq;
    for (const [path] of text ?? []) for (const each of this.#texts.get(path) ?? []) if (each.op === id) each.seq = seq;
  }

  /** Take a pending operation off again. @param {Operation} operation */
  #remove({ id, undo, redo, set, text }) {
    const about = undo ?? redo;
    if (about !== undefined) this.#counting.set(about, (this.#counting.get(about) ?? []).filter(({ seq }) => seq < PENDING));
    this.acts.delete(id);
    for (const [path] of set ?? []) keep(this.#registers, path, ({ op }) => op !== id);
    for (const [path] of text ?? []) {
      keep(this.#texts, path, ({ op }) => op !== id);
      for (const each of this.#texts.get(path) ?? []) each.removed = each.removed.filter((by) => by !== id);
    }
  }

  /** Forget how what is settled came to be: nobody undoes it any more. @param {number} upTo @returns {string[]} */
  #settle(upTo) {
    const settled = (/** @type {number} */ seq) => seq <= upTo;
    for (const [path, entries] of this.#registers) {
      const last = entries.findLast(({ seq, op }) => settled(seq) && (op === '' || this.counts(op)));
      const kept = entries.filter(({ seq }) => !settled(seq));
      if (last && last.value !== null) kept.unshift({ ...last, op: '' });
      if (kept.length > 0) this.#registers.set(path, kept);
      else this.#registers.delete(path);
    }
    const gone = (/** @type {string} */ op) => settled(this.acts.get(op)?.seq ?? 0);
    for (const path of this.#texts.keys()) {
      keep(this.#texts, path, (each) => {
        if (settled(each.seq) && !(!this.acts.has(each.op) || this.counts(each.op))) return false;
        if (each.removed.some((by) => gone(by) && this.counts(by))) return false;
        each.removed = each.removed.filter((by) => !gone(by));
        return true;
      });
    }
    for (const [id, { seq = PENDING }] of this.acts) {
      if (!settled(seq)) continue;
      this.acts.delete(id);
      this.#counting.delete(id);
    }
    this.#settled = upTo;
    return [];
  }

  /** Return what is settled, to begin another replica with. @returns {Base} */
  base() {
    const registers = [...this.#registers].flatMap(([path, entries]) => (entries[0].op === '' ? [/** @type {[string, Json]} */ ([path, entries[0].value])] : []));
    const texts = [...this.#texts].map(([path, characters]) => {
      /** @type {[string, number, string][]} */
      const runs = [];
      for (const { op, n, seq, text } of characters) {
        if (seq > this.#settled) continue;
        const run = runs.at(-1);
        if (run && run[0] === op && run[1] + [...run[2]].length === n) run[2] += text;
        else runs.push([op, n, text]);
      }
      return /** @type {[string, [string, number, string][]]} */ ([path, runs]);
    });
    return { seq: this.#settled, registers: registers.sort(byName), texts: texts.filter(([, runs]) => runs.length > 0).sort(byName) };
  }
}

/** Return the paths that an act touches. @param {Operation} act */
export const pathsOf = ({ set, text }) => [...(set ?? []), ...(text ?? [])].map(([path]) => path);

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

/** @param {[string, unknown]} a @param {[string, unknown]} b */
const byName = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0);

/** Put an entry where its number belongs. @template {{seq: number}} E @param {Map<string, E[]>} into @param {string} name @param {E} entry */
function insert(into, name, entry) {
  const entries = into.get(name) ?? [];
  let at = entries.length;
  while (at > 0 && entries[at - 1].seq > entry.seq) at -= 1;
  entries.splice(at, 0, entry);
  into.set(name, entries);
}

/** Keep some entries of a name, and the name only while it has any. @template E @param {Map<string, E[]>} of @param {string} name @param {(entry: E) => boolean} wanted */
function keep(of, name, wanted) {
  const kept = (of.get(name) ?? []).filter(wanted);
  if (kept.length > 0) of.set(name, kept);
  else of.delete(name);
}
