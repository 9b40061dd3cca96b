/**
 * Work on the wall: while this is on, the pointer over a small tile's picture and the keyboard go into its display.
 *
 * Fires `change` (on or off, or another tile has the keys).
 *
 * @typedef {import('./wall-input.js').Entry} Entry
 * @typedef {{grab(): void, ungrab(): void, onkeyevent: (keysym: number, code: string, down: boolean) => void}} Keyboard
 *   what we use of noVNC's Keyboard: it knows the keysyms, and what each system does with its keys
 */

import { watchHands } from './hands-pointer.js';
import { t } from './text.js';
import { HeldKeys, Outbox } from './wall-input.js';

const KEYBOARD = new URL('./vendor/novnc/core/input/keyboard.js', import.meta.url).href;
const ESCAPE_KEYSYM = 0xff1b;
const BESIDE = '.under, .armed'; // controls that give the keyboard back, or work with the tile that has the keys

export class Hands extends EventTarget {
  on = false;
  /** @type {number|null} the tile that has the keys */ working = null;
  problem = '';
  #outbox = new Outbox();
  #held = new HeldKeys();
  #frame = 0;
  #takes = false;
  /** @type {Keyboard|null} */ #keyboard = null;
  #pointer;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
   * @param {import('./connection.js').Connection} connection
   * @param {(pointer: number, point: {x: number, y: number}) => void} pinch gives a finger to the wall's own gestures
   */
  constructor(model, stage, connection, pinch) {
    super();
    this.model = model;
    this.stage = stage;
    this.connection = connection;
    this.#pointer = watchHands(this, pinch);
    model.addEventListener('me', () => model.may('operate') && this.#fetch());
    for (const type of ['wall', 'tiles', 'me']) model.addEventListener(type, () => this.#check());
    addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
    addEventListener('blur', () => this.release());
    document.addEventListener('visibilitychange', () => document.hidden && this.release());
    stage.element.addEventListener('focusout', ({ relatedTarget }) => this.#left(relatedTarget));
    connection.addEventListener('status', () => connection.status.state === 'open' || this.release());
  }

  /** Escape always goes back. @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.on || event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
    if (event.target instanceof Element && event.target.closest('input, select, textarea')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.leave();
  }

  /** The keyboard left the wall: for a control, or for nothing. @param {EventTarget|null} to */
  #left(to) {
    if (to instanceof Element && to.closest('.stage')) return;
    this.release();
    if (to instanceof Element) {
      if (!to.closest(BESIDE)) this.#give(null);
    } else {
      setTimeout(() => {
        const nowhere = document.hasFocus() && document.activeElement === document.body;
        if (nowhere && this.working !== null) this.stage.cells.focus(this.working);
      });
    }
  }

  /** Begin, in a tile if one is meant. @param {number|null} [tile] */
  enter(tile = this.model.focus) {
    if (!this.model.may('operate')) return;
    this.on = true;
    this.problem = '';
    this.stage.element.classList.add('working');
    if (this.model.takesInput(tile)) this.work(/** @type {number} */ (tile));
    this.#change();
    void this.#grab();
  }

  leave() {
    if (!this.on) return;
    this.release();
    this.#keyboard?.ungrab();
    this.on = false;
    this.working = null;
    this.stage.element.classList.remove('working');
    this.#change();
  }

  /** Return whether the keyboard's part of the viewer is there. */
  get ready() {
    return this.#keyboard !== null;
  }

  toggle() {
    if (this.on) this.leave();
    else this.enter();
  }

  async #grab() {
    try {
      this.#keyboard ??= await this.#load();
      this.#change();
    } catch {
      this.problem = t('hands.no-keyboard');
      return this.#change();
    }
    this.#keyboard.ungrab();
    if (this.on) this.#keyboard.grab();
  }

  /** Have the keyboard's part of the viewer at hand: keys that come before it are lost. What went wrong is said when it is needed. */
  #fetch() {
    import(KEYBOARD).catch(() => {});
  }

  async #load() {
    const { default: Keyboard } = await import(KEYBOARD);
    /** @type {Keyboard} */
    const keyboard = new Keyboard(this.stage.element);
    keyboard.onkeyevent = (keysym, code, down) => this.#key(keysym, code, down);
    return keyboard;
  }

  /** @param {number} keysym @param {string} code @param {boolean} down */
  #key(keysym, code, down) {
    if (!down) return this.send([this.#held.lift(code)].filter((entry) => entry !== null));
    if (keysym && this.working !== null && this.model.takesInput(this.working)) this.send([this.#held.press(this.working, code, keysym)]);
  }

  /** Give the keyboard back to the tile that had it. */
  resume() {
    if (this.on && this.working !== null) this.stage.cells.focus(this.working);
  }

  sendEscape() {
    const tile = this.working;
    if (tile === null) return;
    this.send([true, false].map((down) => ({ tile, key: [ESCAPE_KEYSYM, down] })));
    this.resume();
  }

  /** Give a tile the keys. @param {number} tile */
  work(tile) {
    this.stage.cells.focus(tile);
    if (tile === this.working) return;
    this.send(this.#held.move(tile));
    this.#give(tile);
  }

  /** @param {number|null} tile */
  #give(tile) {
    this.problem = '';
    this.working = tile;
    this.#change();
  }

  /** The portal refused what was done. @param {string} why */
  refuse(why) {
    this.problem = t('hands.refused', { why });
    this.#change();
  }

  /** Send this now, after what waits. @param {Entry[]} entries */
  send(entries) {
    for (const entry of entries) this.#outbox.add(entry);
    this.#flush();
  }

  /** Send a move with the next frame, unless a later one takes its place. @param {Entry} entry */
  move(entry) {
    this.#outbox.add(entry, true);
    this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const input = this.#outbox.take();
    if (input.length > 0) this.connection.tell({ type: 'say', message: { input } });
  }

  /** Let go of every key and button, everywhere. */
  release() {
    if (!this.on) return;
    this.#flush();
    this.#held.forget();
    this.#pointer.forget();
    if (this.#keyboard) {
      this.#keyboard.ungrab(); // it forgets what is down, too
      this.#keyboard.grab();
    }
    this.connection.tell({ type: 'say', message: { release: true } });
  }

  /** The wall changed: is what has the keys still there? */
  #check() {
    if (this.on && !this.model.may('operate')) return this.leave();
    if (this.working !== null && !this.model.tiles.has(this.working)) return this.#give(null);
    const takes = this.model.takesInput(this.working);
    if (takes !== this.#takes) this.#change();
  }

  #change() {
    this.#takes = this.model.takesInput(this.working);
    this.dispatchEvent(new Event('change'));
  }
}
