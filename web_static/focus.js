/**
 * One tile in full, to work in: noVNC over a socket of ours. Escape always goes back; all else goes to the tile.
 *
 * Fires `change` once another tile is open, or none.
 *
 * @typedef {import('./model.js').Tile} Tile
 */

import { Actions } from './actions.js';
import { Clipboard } from './clipboard.js';
import { byId, make, setText } from './dom.js';
import { FocusMedia } from './focus-media.js';
import { FocusBar } from './focus-bar.js';
import { grow, shrink } from './focus-motion.js';
import { logOf } from './log.js';
import { isDisplay } from './model.js';
import { Remote } from './remote.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';
import { lineOf, say, stateWord, tellsWhy } from './words.js';

const SAID_MS = 6000;

export class Focus extends EventTarget {
  /** @type {number|null} */ id = null;
  #element = byId('focus', HTMLElement);
  #still = make('canvas', { class: 'still', 'aria-hidden': 'true' });
  #target = make('div', { class: 'remote' });
  #screen = make('div', { class: 'screen' }, this.#still, this.#target);
  #note = make('p', { class: 'note', role: 'status' });
  #words = make('div', { class: 'words' });
  #clipboard = new Clipboard(() => this.#remote, (text) => this.#say(text));
  #sayTimer = 0;
  #bar;
  #media;
  #fitted = false;
  /** @type {Actions} */ #actions;
  /** @type {Remote|null} */ #remote = null;
  /** begins a movie of what is open, or ends it */ movie = () => {};

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
   * @param {import('./connection.js').Connection} connection
   * @param {{work: (kind: import('./work.js').Kind, tile: number) => void, many: (leader: number|null) => void, changed: () => void}} does
   *   changed: another tile is open, or none
   */
  constructor(model, stage, connection, does) {
    super();
    this.does = does;
    this.#actions = new Actions(model, does.work);
    this.#bar = new FocusBar(model, this.#clipboard, {
      close: () => this.close(),
      step: (step) => this.#step(step),
      escape: () => this.#remote?.sendEscape(),
      fit: (yes) => this.#fit(yes),
      many: () => does.many(this.id),
      movie: () => this.movie(),
    });
    this.model = model;
    this.stage = stage;
    this.connection = connection;
    this.#media = new FocusMedia(model, stage, (tile) => this.#showStill(tile));
    this.#element.tabIndex = -1;
    this.#element.append(this.#screen, this.#words, ...this.#media.elements, this.#note);
    model.addEventListener('tiles', () => this.tick());
    model.addEventListener('wall', () => this.tick());
    model.addEventListener('me', () => this.tick());
    // Before noVNC sees it: nothing in a tile can hold anybody there.
    addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.id !== null && !document.querySelector('dialog[open]') && this.#media.key(event)) return event.preventDefault();
    if (this.id === null || event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open], .draw-bar:not([hidden])') || this.#bar.unfolded) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!this.#clipboard.close()) this.close();
  }

  /** Open a tile, growing from where it stands on the wall. @param {number} id */
  open(id) {
    const tile = this.model.tiles.get(id);
    if (!tile) return;
    const from = this.stage.rectOf(id);
    const before = this.id;
    this.stage.focusOn(id);
    this.#show(tile);
    if (before === null && from) grow(this.#screen, from, tile, () => this.#remote?.fit());
  }

  /** @param {Tile} tile */
  #show(tile) {
    this.#remote?.stop();
    this.#remote = null;
    this.#media.close();
    this.#clipboard.close();
    this.#fitted = false;
    this.#bar.fitted(false);
    this.id = tile.id;
    this.does.changed();
    this.stage.covered = true;
    this.stage.demandSoon(0);
    byId('bar', HTMLElement).hidden = true;
    byId('stage', HTMLElement).inert = true;
    this.#bar.element.hidden = false;
    this.#element.hidden = false;
    this.#element.classList.remove('leaving');
    void this.#showStill(tile);
    this.tick();
    this.#element.focus({ preventScroll: true }); // noVNC takes the keyboard from here once it is connected
    this.dispatchEvent(new Event('change'));
  }

  /** The wall's last picture, until the tile's own comes: noVNC's canvas is clear until then. @param {Tile} tile */
  async #showStill(tile) {
    const of = `${tile.id} ${tile.width} ${tile.height}`;
    if (this.#still.dataset.of !== of) {
      this.#still.dataset.of = of;
      this.#still.width = tile.width || 4; // which clears it: the same tile's next picture is drawn over the last
      this.#still.height = tile.height || 3;
    }
    const picture = await this.connection.snapshot(tile.id);
    if (!picture || this.id !== tile.id) return picture?.close();
    const context = this.#still.getContext('2d');
    if (context) context.imageSmoothingQuality = 'high';
    context?.drawImage(picture, 0, 0, this.#still.width, this.#still.height);
    picture.close();
  }

  /** Bring words and connection up to what is known of the tile. */
  tick() {
    if (this.id === null) return;
    const tile = this.model.tiles.get(this.id);
    if (!tile) return this.close();
    this.#bar.refresh(tile, this.#neighbour(-1), this.#neighbour(1));
    const live = this.model.stateOf(tile) === 'live';
    this.#remote?.look(!this.model.may('operate'));
    if (live && !isDisplay(tile)) this.#media.show(tile);
    else this.#media.close();
    if (live && isDisplay(tile) && !this.#remote) this.#connect(tile);
    if (!live && this.#remote) {
      this.#remote.stop();
      this.#remote = null;
      setText(this.#note, '');
    }
    this.#element.classList.toggle('resting', !live);
    this.#showState(tile);
  }

  /** Where there is no picture: the state in words, why, what to do, the log. @param {Tile} tile */
  #showState(tile) {
    const state = this.model.stateOf(tile);
    this.#words.hidden = state === 'live';
    const now = nowSeconds();
    const said = say(tile, this.model.sets.get(tile.set), now, state);
    const is = state === 'failed' ? t('focus.has-failed') : t('focus.is', { state: stateWord(state) });
    const [title, line] = [said.head === stateWord(state) ? is : t('focus.failed', { cause: said.head }), lineOf(said, now)];
    const key = JSON.stringify([tile.id, state, title, line, said.advice, this.model.me]);
    if (this.#words.hidden) this.#words.dataset.of = '';
    if (this.#words.hidden || this.#words.dataset.of === key) return;
    this.#words.dataset.of = key;
    this.#words.dataset.state = state;
    this.#actions.refresh(tile);
    this.#words.replaceChildren(
      make('h3', {}, title),
      make('p', {}, line),
      ...(said.advice ? [make('p', { class: 'advice' }, said.advice)] : []),
      this.#actions.element,
      ...(tellsWhy(tile.state) && this.model.may('read') ? [logOf(tile.id, tile.state === 'failed')] : []),
    );
  }

  /** @param {Tile} tile */
  #connect(tile) {
    setText(this.#note, '');
    this.#remote = new Remote(tile.id, this.#target, {
      say: (text) => setText(this.#note, text),
      lost: () => void this.#showStill(tile),
    });
    this.#remote.look(!this.model.may('operate'));
    this.#remote.resize(this.#fitted);
  }

  /** Let the display have the window's size: it keeps that. @param {boolean} yes */
  #fit(yes) {
    this.#fitted = yes;
    this.#bar.fitted(yes);
    this.#remote?.resize(yes);
    this.#remote?.focus();
  }

  /** Say something for a while. @param {string} text */
  #say(text) {
    setText(this.#note, text);
    clearTimeout(this.#sayTimer);
    this.#sayTimer = setTimeout(() => this.#note.textContent === text && setText(this.#note, ''), SAID_MS);
  }

  /** Give the keyboard back to the tile. */
  resume() {
    this.#remote?.focus();
  }

  /** A movie is recorded, or no longer. @param {boolean} yes */
  recording(yes) {
    this.#bar.recording(yes);
  }

  /** Let go of every key in the tile. */
  release() {
    this.#remote?.release();
  }

  /** @param {number} step */
  #neighbour(step) {
    const { order, tiles } = this.model;
    const at = this.id === null ? -1 : order.indexOf(this.id);
    return at < 0 ? null : (tiles.get(order[at + step]) ?? null);
  }

  /** @param {number} step */
  #step(step) {
    const tile = this.#neighbour(step);
    if (tile) this.open(tile.id);
  }

  /** Go back to the wall. */
  close() {
    const { id } = this;
    if (id === null) return;
    this.id = null;
    this.#media.close();
    this.#clipboard.close();
    this.#remote?.hold();
    const remote = this.#remote;
    this.#remote = null;
    this.stage.covered = false;
    this.stage.demandSoon(0);
    this.#bar.element.hidden = true;
    byId('bar', HTMLElement).hidden = false;
    byId('stage', HTMLElement).inert = false;
    this.stage.cells.focus(id);
    this.does.changed();
    this.dispatchEvent(new Event('change'));
    setText(this.#note, '');
    const end = () => {
      remote?.stop();
      if (this.id !== null) return;
      this.#element.hidden = true;
      this.#element.classList.remove('leaving');
    };
    this.#element.classList.add('leaving');
    const to = this.stage.rectOf(id);
    const tile = this.model.tiles.get(id);
    if (to && tile) shrink(this.#screen, to, tile, end);
    else end();
  }
}
