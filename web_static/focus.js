/**
 * One tile in full, to work in: noVNC over a socket of ours. Escape always goes back; all else goes to the tile.
 *
 * @typedef {import('./model.js').Tile} Tile
 */

import { Actions } from './actions.js';
import { button, byId, make, setText } from './dom.js';
import { formatValue } from './format.js';
import { grow, shrink } from './focus-motion.js';
import { logOf } from './log.js';
import { Remote } from './remote.js';
import { nowSeconds } from './times.js';
import { lineOf, say, tellsWhy } from './words.js';

const SUMMARY_MOST = 6; // values in the bar; the rest is in the panel

export class Focus {
  /** @type {number|null} */ id = null;
  #element = byId('focus', HTMLElement);
  #still = make('canvas', { class: 'still', 'aria-hidden': 'true' });
  #target = make('div', { class: 'remote' });
  #screen = make('div', { class: 'screen' }, this.#still, this.#target);
  #note = make('p', { class: 'note', role: 'status' });
  #words = make('div', { class: 'words' });
  #title = make('h2', { id: 'focus-title', class: 'title' });
  #summary = make('p', { class: 'summary' });
  #previous = button('‹ Previous', () => this.#step(-1));
  #next = button('Next ›', () => this.#step(1));
  #escape = button('Send Esc', () => this.#remote?.sendEscape(), { 'aria-label': 'Send Escape to the tile' });
  #bar = this.#makeBar();
  /** @type {Actions} */ #actions;
  /** @type {Remote|null} */ #remote = null;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
   * @param {import('./connection.js').Connection} connection
   * @param {(kind: import('./work.js').Kind, tile: number) => void} work
   */
  constructor(model, stage, connection, work) {
    this.#actions = new Actions(model, work);
    this.model = model;
    this.stage = stage;
    this.connection = connection;
    this.#element.tabIndex = -1;
    this.#element.append(this.#screen, this.#words, this.#note);
    byId('bar', HTMLElement).after(this.#bar);
    model.addEventListener('tiles', () => this.tick());
    model.addEventListener('wall', () => this.tick());
    // Before noVNC sees it: nothing in a tile can hold anybody there.
    addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
  }

  #makeBar() {
    const details = button('Details', () => undefined, { 'aria-expanded': 'false', 'aria-controls': 'panel' });
    const back = button('← Wall', () => this.close(), { 'aria-label': 'Back to the wall', title: 'Back to the wall (Esc)' });
    const ends = make('div', { class: 'ends' }, this.#previous, this.#next, this.#escape, details);
    const bar = make('header', { class: 'bar focus-bar', 'aria-label': 'Tile' }, back, this.#title, this.#summary, ends);
    bar.hidden = true;
    return bar;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.id === null || event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.close();
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
    this.id = tile.id;
    this.stage.covered = true;
    this.stage.demandSoon(0);
    byId('bar', HTMLElement).hidden = true;
    byId('stage', HTMLElement).inert = true;
    this.#bar.hidden = false;
    this.#element.hidden = false;
    this.#element.classList.remove('leaving');
    void this.#showStill(tile);
    this.tick();
    this.#element.focus({ preventScroll: true }); // noVNC takes the keyboard from here once it is connected
  }

  /** The wall's last picture, until the tile's own comes: noVNC's canvas is clear until then. @param {Tile} tile */
  async #showStill(tile) {
    this.#still.width = tile.width || 4;
    this.#still.height = tile.height || 3;
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
    setText(this.#title, tile.title);
    this.#refreshSummary(tile);
    const [previous, next] = [this.#neighbour(-1), this.#neighbour(1)];
    this.#previous.disabled = !previous;
    this.#next.disabled = !next;
    this.#previous.title = previous?.title ?? 'This is the first tile';
    this.#next.title = next?.title ?? 'This is the last tile';
    const live = tile.state === 'live';
    this.#escape.disabled = !live;
    if (live && !this.#remote) this.#connect(tile);
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
    this.#words.hidden = tile.state === 'live';
    const now = nowSeconds();
    const said = say(tile, this.model.sets.get(tile.set), now);
    const [title, line] = [said.head === tile.state ? `This tile ${tile.state === 'failed' ? 'has failed' : `is ${tile.state}`}` : `Failed: ${said.head}`, lineOf(said, now)];
    const key = JSON.stringify([tile.id, tile.state, title, line, said.advice]);
    if (this.#words.hidden) this.#words.dataset.of = '';
    if (this.#words.hidden || this.#words.dataset.of === key) return;
    this.#words.dataset.of = key;
    this.#words.dataset.state = tile.state;
    this.#actions.refresh(tile);
    this.#words.replaceChildren(
      make('h3', {}, title),
      make('p', {}, line),
      ...(said.advice ? [make('p', { class: 'advice' }, said.advice)] : []),
      this.#actions.element,
      ...(tellsWhy(tile.state) ? [logOf(tile.id, tile.state === 'failed')] : []),
    );
  }

  /** @param {Tile} tile */
  #refreshSummary(tile) {
    const columns = this.model.sets.get(tile.set)?.columns ?? [];
    const shown = columns.filter(({ name, role }) => (role === 'parameter' || role === 'result') && name in tile.metadata);
    const line = JSON.stringify([tile.id, tile.state, tile.metadata]);
    if (this.#summary.dataset.of === line) return;
    this.#summary.dataset.of = line;
    const parts = shown.slice(0, SUMMARY_MOST).flatMap(({ name, unit }, i) => [
      `${i > 0 ? ' · ' : ''}${name}\u00a0`,
      make('b', {}, `${formatValue(tile.metadata[name])}${unit ? `\u00a0${unit}` : ''}`),
    ]);
    this.#summary.replaceChildren(...parts);
  }

  /** @param {Tile} tile */
  #connect(tile) {
    setText(this.#note, '');
    this.#remote = new Remote(tile.id, this.#target, {
      say: (text) => setText(this.#note, text),
      lost: () => void this.#showStill(tile),
    });
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
    this.#remote?.hold();
    const remote = this.#remote;
    this.#remote = null;
    this.stage.covered = false;
    this.stage.demandSoon(0);
    this.#bar.hidden = true;
    byId('bar', HTMLElement).hidden = false;
    byId('stage', HTMLElement).inert = false;
    this.stage.cells.focus(id);
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
