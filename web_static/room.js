/**
 * The session as one works in it: the document, what one does to it, who else is here. What is done stands at once and is sent on; the
 * portal puts it in order, and says it to everyone. Without a connection one goes on, and it is sent as soon as there is one again.
 *
 * Fires `change` (detail: Set of the paths that may read otherwise now; '' among them: all of them), `people`, `refused` (detail: a
 * sentence).
 *
 * @typedef {import('./document.js').Operation} Operation
 * @typedef {import('./document.js').Json} Json
 * @typedef {{person: string, page: string, focus: number|null, view: [number, number, number, number]|null,
 *   columns: number|null, zoomed: number[], hand?: [number, number]|null, presents?: boolean, name?: string|null}} Presence  name: on the portal's word; view: what of the wall
 *   is in sight, in wall units; columns: of the wall there; hand: a pointer that is shown to the others, in wall units
 * @typedef {Pick<Presence, 'focus'|'view'|'columns'|'zoomed'|'hand'|'presents'|'name'>} Here
 */

import { Document, editsTo } from './document.js';
import { t } from './text.js';

const HERE_MS = 200; // from one telling of what one looks at to the next
const HAND_MS = 100; // the same while a pointer is shown
const MESSAGE_OPS = 400; // the portal takes 500 in a message, and a megabyte
const MESSAGE_CHARACTERS = 200_000;
const OPERATION_CHARACTERS = 300_000; // in UTF-8 that is a megabyte at most
const ZOOMED_MOST = 256;
const TEXT_CHARACTERS = 100_000; // of one text

/** Return a name that nobody can guess, and take for something else first. @param {number} bytes */
const newName = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export class Room extends EventTarget {
  document = new Document();
  /** @type {Map<string, Presence>} by page, without this one */ people = new Map();
  page = newName(6);
  /** nobody sits here: the others are not told of this page */ silent = false;
  /** whether the portal has told what the document is */ loaded = false;
  /** @type {string|null} what one is called on the portal's word; null: one says it oneself */ called = null;
  #person = '';
  #gathering = false;
  /** @type {Set<string>} ids of what was sent over the stream that is open, and has no number yet */ #sent = new Set();
  /** @type {import('./connection.js').Connection|null} */ #connection = null;
  /** @type {Here} */ #here = { focus: null, view: null, columns: null, zoomed: [], hand: null, presents: false };
  #hereTimer = 0;
  #hereAt = -HERE_MS;

  get person() {
    return this.#person;
  }

  /** Who one is; what was done before that was known was done by that person. */
  set person(person) {
    for (const operation of this.document.pending) if (operation.person === '') operation.person = person;
    this.#person = person;
  }

  /** Keep to a portal; until then all that is done stays here. @param {import('./connection.js').Connection} connection */
  connect(connection) {
    this.#connection = connection;
    connection.addEventListener('status', () => this.#follow());
    connection.addEventListener('event', (event) => this.#hear(/** @type {CustomEvent<any>} */ (event).detail));
    this.#follow();
  }

  // -------------------------------------------------------------------- doing

  /** Set registers, in one act that is undone as one; null removes. @param {[string, Json][]} set @param {string} [label] what was done */
  set(set, label) {
    if (set.length > 0) this.#do({ set, ...(label ? { label } : {}) });
  }

  /** Make a text another one. @param {string} path @param {string} wanted @param {string} [label] */
  write(path, wanted, label) {
    if (wanted.length > TEXT_CHARACTERS) return this.#refuse(t('room.too-much'));
    const edits = editsTo(this.document.characters(path), wanted);
    if (edits.length > 0) this.#do({ text: [[path, edits]], ...(label ? { label } : {}) });
  }

  /** Do several things as one act, or take back one of one's own. @param {Pick<Operation, 'set'|'text'|'label'|'undo'>} act */
  act(act) {
    this.#do(act);
  }

  /** Take back the last thing that one did and that still counts. Return its label, or null when there is nothing. @returns {string|null} */
  undo() {
    const act = this.document.undoable(this.person);
    if (act) this.#do({ undo: act.id });
    return act && (act.label ?? '');
  }

  /** Bring back what undo took. @returns {string|null} */
  redo() {
    const act = this.document.redoable(this.person);
    if (act) this.#do({ redo: act.id });
    return act && (act.label ?? '');
  }

  /** Do once more what an earlier page of this person did and could not send: what did arrive is known by its id. @param {Operation[]} operations */
  again(operations) {
    this.#changed(operations.flatMap((operation) => this.document.do({ ...operation, person: this.person })));
    this.#send();
  }

  /** Tell the others what one looks at. @param {Partial<Here>} here */
  here(here) {
    this.#here = { ...this.#here, ...here };
    clearTimeout(this.#hereTimer);
    this.#hereTimer = setTimeout(() => this.#tellHere(), Math.max(0, this.#hereAt + (this.#here.hand ? HAND_MS : HERE_MS) - performance.now()));
  }

  /** @param {Omit<Operation, 'id'|'person'>} what */
  #do(what) {
    const operation = { id: newName(8), person: this.person, ...what };
    if (JSON.stringify(what).length > OPERATION_CHARACTERS) return this.#refuse(t('room.too-much'));
    this.#changed(this.document.do(operation));
    if (this.#gathering) return;
    this.#gathering = true; // what is done in one go goes in one message
    queueMicrotask(() => this.#send());
  }

  // ------------------------------------------------------------------ sending

  get #open() {
    return this.#connection?.status.state === 'open';
  }

  /** @param {object} message */
  #say(message) {
    this.#connection?.tell({ type: 'say', message });
  }

  /** The stream was opened, or lost. */
  #follow() {
    if (this.people.size > 0) {
      this.people.clear();
      this.#peopleChanged();
    }
    if (this.#open) this.#join();
  }

  /** Ask for what is missing here, and send again what has no number: the store takes nothing twice. */
  #join() {
    this.#sent.clear();
    this.#say({ join: this.loaded ? this.document.seq : null });
    this.#tellHere();
    this.#send();
  }

  #send() {
    this.#gathering = false;
    if (!this.#open) return;
    /** @type {object[]} */
    let ops = [];
    let size = 0;
    const flush = () => {
      if (ops.length > 0) this.#say({ ops });
      ops = [];
      size = 0;
    };
    for (const { id, label, set, text, undo, redo } of this.document.pending) {
      if (this.#sent.has(id)) continue;
      this.#sent.add(id);
      const operation = { id, label, set, text, undo, redo }; // what is undefined is not in the JSON
      const length = JSON.stringify(operation).length;
      if (ops.length >= MESSAGE_OPS || size + length > MESSAGE_CHARACTERS) flush();
      ops.push(operation);
      size += length;
    }
    flush();
  }

  #tellHere() {
    clearTimeout(this.#hereTimer);
    if (!this.#open || this.silent) return;
    this.#hereAt = performance.now();
    const { zoomed } = this.#here;
    this.#say({ here: { page: this.page, ...this.#here, zoomed: zoomed.slice(0, ZOOMED_MOST) } });
  }

  // ------------------------------------------------------------------ hearing

  /** @param {any} event */
  #hear(event) {
    if (event.event === 'document') this.#load(event);
    else if (event.event === 'ops') this.#take(event);
    else if (event.event === 'people') this.#meet(event);
    else if (event.event === 'known') for (const id of event.ops) this.#drop(id); // it is in the document already
    else if (event.event === 'refused' && event.what === 'op') this.#refused(event);
  }

  /** @param {{op: string, why: string, taken?: boolean}} event */
  #refused({ op, why, taken }) {
    const refused = this.document.pending.find(({ id }) => id === op);
    if (!refused) return; // it was sent twice, and this was said
    this.#drop(op);
    if (taken) this.again([{ ...refused, id: newName(8) }]);
    else this.#refuse(t('room.refused', { why }));
  }

  /** Begin anew, with what is pending put behind. @param {{base: import('./document.js').Base|null, ops: Operation[]}} event */
  #load({ base, ops }) {
    const { pending } = this.document;
    const next = new Document(base);
    for (const operation of ops) next.take(operation);
    // What was settled while one was away may be known by the characters that it wrote; of the rest the portal says so.
    const written = (base?.texts ?? []).flatMap(([, runs]) => runs.map(([id]) => id));
    const there = new Set([...ops.map(({ id }) => id), ...written]);
    for (const operation of pending) {
      if (!there.has(operation.id)) next.do(operation);
    }
    this.document = next;
    this.loaded = true;
    this.#sent.clear(); // one that is settled already is not among the operations: sent again, it is said to be known
    this.#send();
    this.#changed(['']);
  }

  /** @param {{after: number, ops: Operation[]}} event */
  #take({ after, ops }) {
    if (after > this.document.seq) return this.#join(); // something between was not heard
    const paths = [];
    for (const operation of ops) {
      this.#sent.delete(operation.id);
      paths.push(...this.document.take(operation));
    }
    this.#changed(paths);
  }

  /** Take off what is pending no longer. @param {string} id */
  #drop(id) {
    this.#sent.delete(id);
    this.#changed(this.document.refuse(id));
  }

  /** @param {string} why */
  #refuse(why) {
    this.dispatchEvent(new CustomEvent('refused', { detail: why }));
  }

  /** @param {{all?: boolean, people: Record<string, (Here & {person: string})|null>}} event */
  #meet({ all, people }) {
    if (all) this.people.clear();
    for (const [page, here] of Object.entries(people)) {
      if (page === this.page) {
        this.called = here?.name ?? null;
        continue;
      }
      if (here === null) this.people.delete(page);
      else this.people.set(page, { ...here, page });
    }
    this.#peopleChanged();
  }

  /** Return what a person is called: on the portal's word, where it has one. @param {string} person @returns {string} */
  nameOf(person) {
    const said = person === this.#person ? this.called : [...this.people.values()].find((each) => each.person === person)?.name;
    return said || (this.document.get(`person/${person}/name`) ?? t('people.unnamed', { mark: person.slice(0, 3) }));
  }

  #peopleChanged() {
    this.dispatchEvent(new Event('people'));
  }

  /** @param {string[]} paths */
  #changed(paths) {
    if (paths.length > 0) this.dispatchEvent(new CustomEvent('change', { detail: new Set(paths) }));
  }
}
