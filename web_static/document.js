/**
 * The document of a session: a fold of operations, the same wherever they arrive. Pure; tvcore/session/document.py is its twin.
 *
 * An *act* sets registers (path → JSON value, null removes) and edits texts; `undo` and `redo` say of an act that it counts no
 * longer, or again. A register holds the value of the last act that counts; a character stands while the act that wrote it counts and
 * none that removed it does. So to undo takes out just what that act did, whoever did what since. The store orders all of it by a
 * sequence number; an operation that has none yet is *pending* and stands behind those that have one.
 *
 * @typedef {string|number|boolean|null|Json[]|{[name: string]: Json}} Json
 * @typedef {import('./document-text.js').Edit} Edit
 * @typedef {import('./document-text.js').Character} Character
 * @typedef {{id: string, person: string, seq?: number, at?: number, label?: string, set?: [string, Json][], text?: [string, Edit[]][],
 *   undo?: string, redo?: string, settle?: number}} Operation
 * @typedef {{seq: number, registers: [string, Json][], texts: [string, import('./document-text.js').Run[]][]}} Base
 *   what all operations up to `seq` came to, which nobody undoes any more
 * @typedef {{seq: number, op: string, value: Json}} Entry
 */

import { editsTo, GONE, leanedOn, Text } from './document-text.js';

export { editsTo };

const PENDING = 2 ** 40; // behind every sequence number

export class Document {
  /** the last sequence number that was taken */ seq = 0;
  /** counts up with every change: what was made of the document is good as long as this stays */ version = 0;
  /** @type {Map<string, Operation>} acts that can be undone or redone */ acts = new Map();
  /** @type {Map<string, Entry[]>} */ #registers = new Map();
  /** @type {Map<string, Set<string>>} paths of registers by what they begin with, as 'tile/' and 'tile/3/' */ #folders = new Map();
  /** @type {Map<string, {seq: number, counts: boolean}[]>} by act: since when it counts, and what undo and redo say of it */ #counting = new Map();
  /** @type {Map<string, Text>} */ #texts = new Map();
  /** @type {Operation[]} */ pending = [];
  #settled = 0;
  #done = 0;

  /** Begin with what was settled. @param {Base|null} base */
  constructor(base = null) {
    if (!base) return;
    this.seq = this.#settled = base.seq;
    for (const [path, value] of base.registers) this.#put(path, { seq: base.seq, op: '', value });
    for (const [path, runs] of base.texts) this.#texts.set(path, new Text(runs, base.seq));
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
    for (const path of prefix === '' ? this.#registers.keys() : (this.#folders.get(prefix) ?? [])) {
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
    return (this.#texts.get(path)?.all() ?? []).filter((each) => this.#stands(each));
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
    return this.counts(op) && !removed.some((by) => this.counts(by));
  }

  /** Return the act that undo of a person takes back, or null: the last of theirs that counts. @param {string} person */
  undoable(person) {
    return this.#of(person).findLast(({ id }) => this.counts(id)) ?? null;
  }

  /** Return the act that redo of a person brings back, or null: what they undid last, if they did nothing new since. @param {string} person */
  redoable(person) {
    const own = this.#of(person);
    let [found, latest] = [/** @type {Operation|null} */ (null), own.length > 0 ? this.#since(own[own.length - 1].id) : 0];
    for (const act of own) {
      const last = /** @type {{seq: number, counts: boolean}} */ (this.#counting.get(act.id)?.at(-1));
      if (!last.counts && last.seq > latest) [found, latest] = [act, last.seq];
    }
    return found;
  }

  /** @param {string} person @returns {Operation[]} theirs, in order: what another page of theirs did comes in before what is pending here */
  #of(person) {
    return [...this.acts.values()].filter((act) => act.person === person).sort((a, b) => this.#since(a.id) - this.#since(b.id));
  }

  #since(/** @type {string} */ act) {
    return this.#counting.get(act)?.[0].seq ?? 0;
  }

  // ------------------------------------------------------------------ changing

  /** Do an operation here, before the store has ordered it. Return the paths it touches. @param {Operation} operation */
  do(operation) {
    this.version += 1;
    this.pending.push(operation);
    return this.#apply(operation, PENDING + (this.#done += 1)); // by the count of all: those in front of it leave
  }

  /** Take an operation from the store. Return the paths it touches; of one's own, which stands already, none. @param {Operation} operation */
  take(operation) {
    const seq = /** @type {number} */ (operation.seq);
    if (seq <= this.seq) return [];
    this.seq = seq;
    this.version += 1;
    const at = this.pending.findIndex(({ id }) => id === operation.id);
    if (at === 0) {
      this.pending.shift();
      this.#reorder(operation, seq);
      return [];
    }
    const amid = operation.text !== undefined && this.pending.some(({ text }) => text !== undefined); // each may lean on the other's characters
    if (at < 0 && operation.settle === undefined && !amid) return this.#apply(operation, seq);
    return this.#apart(() => (operation.settle === undefined ? this.#apply(operation, seq) : this.#settle(operation.settle)), operation.id);
  }

  /** Take off a pending operation that the portal refused. Return the paths it touched. @param {string} id */
  refuse(id) {
    this.version += 1;
    const refused = this.pending.find((each) => each.id === id);
    return refused ? this.#apart(() => [], id) : [];
  }

  /** Do something while nothing is pending, then put on again what was, but for the operation `without`. @param {() => string[]} doing @param {string} without */
  #apart(doing, without) {
    const { pending } = this;
    const touched = pending.flatMap((each) => this.#touchedBy(each));
    for (const each of pending.toReversed()) this.#remove(each);
    touched.push(...doing());
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
    insert(this.#counting, id, { seq, counts: true });
    for (const [path, value] of set ?? []) this.#put(path, { seq, op: id, value });
    let n = 0;
    for (const [path, edits] of text ?? []) {
      const into = this.#texts.get(path) ?? new Text();
      for (const edit of edits) n += into.apply(edit, id, seq, n);
      this.#texts.set(path, into);
    }
    return pathsOf(operation);
  }

  /** @param {Operation} operation @returns {string[]} */
  #touchedBy(operation) {
    const about = operation.undo ?? operation.redo;
    return pathsOf(about === undefined ? operation : (this.acts.get(about) ?? {}));
  }

  /** @param {string} path @param {Entry} entry */
  #put(path, entry) {
    insert(this.#registers, path, entry);
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at + 1);
      const paths = this.#folders.get(folder);
      if (paths) paths.add(path);
      else this.#folders.set(folder, new Set([path]));
    }
  }

  /** Keep some entries of a register. @param {string} path @param {Entry[]} kept */
  #keep(path, kept) {
    if (kept.length > 0) return void this.#registers.set(path, kept);
    this.#registers.delete(path);
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at + 1);
      const paths = this.#folders.get(folder);
      paths?.delete(path);
      if (paths?.size === 0) this.#folders.delete(folder);
    }
  }

  /** Keep some characters of a text. @param {string} path @param {(each: Character) => boolean} wanted */
  #keepText(path, wanted) {
    if (!this.#texts.get(path)?.keep(wanted)) this.#texts.delete(path);
  }

  /** One's own came back with its number: nothing between the two places, as all others came before. @param {Operation} operation @param {number} seq */
  #reorder(operation, seq) {
    const { id, undo, redo, set, text } = operation;
    const about = undo ?? redo;
    if (about !== undefined) for (const each of this.#counting.get(about) ?? []) if (each.seq > PENDING) return void (each.seq = seq);
    if (!this.acts.has(id)) return;
    this.acts.set(id, operation);
    for (const first of this.#counting.get(id)?.slice(0, 1) ?? []) first.seq = seq;
    for (const [path] of set ?? []) for (const each of this.#registers.get(path) ?? []) if (each.op === id) each.seq = seq;
    for (const [path] of text ?? []) for (const each of this.#texts.get(path)?.all() ?? []) if (each.op === id) each.seq = seq;
  }

  /** Take a pending operation off again. @param {Operation} operation */
  #remove({ id, undo, redo, set, text }) {
    const about = undo ?? redo;
    if (about !== undefined) return void this.#counting.set(about, (this.#counting.get(about) ?? []).filter(({ seq }) => seq < PENDING));
    this.acts.delete(id);
    this.#counting.delete(id);
    for (const [path] of set ?? []) this.#keep(path, (this.#registers.get(path) ?? []).filter(({ op }) => op !== id));
    for (const [path] of text ?? []) {
      this.#keepText(path, (each) => {
        if (each.removed.includes(id)) each.removed = each.removed.filter((by) => by !== id);
        return each.op !== id || each.seq < PENDING; // what is settled of the same name stays: it was known already
      });
    }
  }

  /** Forget how what is settled came to be: nobody undoes it any more. @param {number} upTo @returns {string[]} */
  #settle(upTo) {
    const settled = (/** @type {number} */ seq) => seq <= upTo;
    for (const [path, entries] of this.#registers) {
      const last = entries.findLast(({ seq, op }) => settled(seq) && (op === '' || this.counts(op)));
      const kept = entries.filter(({ seq }) => !settled(seq));
      if (last && last.value !== null) kept.unshift({ ...last, op: '' });
      this.#keep(path, kept);
    }
    const acts = [...this.acts.values()];
    const leaned = leanedOn(acts.filter(({ seq = PENDING }) => !settled(seq)));
    const over = (/** @type {string} */ op) => settled(this.acts.get(op)?.seq ?? 0);
    for (const path of this.#texts.keys()) {
      this.#keepText(path, (each) => {
        const gone = (over(each.op) && !this.counts(each.op)) || each.removed.some((by) => over(by) && this.counts(by));
        each.removed = gone ? [GONE] : each.removed.filter((by) => !over(by));
        return !gone || leaned.has(`${each.op}:${each.n}`);
      });
    }
    for (const { id, seq = PENDING } of acts) {
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
    const texts = [...this.#texts].map(([path, text]) => /** @type {[string, import('./document-text.js').Run[]]} */ ([path, text.runs(this.#settled)]));
    return { seq: this.#settled, registers: registers.sort(byName), texts: texts.filter(([, runs]) => runs.length > 0).sort(byName) };
  }
}

/** Return the paths that an act touches. @param {Pick<Operation, 'set'|'text'>} act */
const pathsOf = ({ set, text }) => [...(set ?? []), ...(text ?? [])].map(([path]) => path);

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
