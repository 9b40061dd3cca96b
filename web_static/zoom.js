/** Some tiles side by side, alone on the wall, and the way from one to the next. */

import { announce } from './announce.js';
import { lanesOf } from './arrangement.js';
import { button, byId, make, setText } from './dom.js';
import { t } from './text.js';
import { neighbourOf, zoomOf } from './zoom-order.js';

export class Zoom {
  #place = byId('zoomed-line', HTMLElement);
  #words = make('span', { class: 'what', role: 'status' });
  #previous = button(t('zoom.previous'), () => this.step(-1));
  #next = button(t('zoom.next'), () => this.step(1));
  #line = make('p', {}, this.#words, this.#previous, this.#next, button(t('zoom.all'), () => this.back()));

  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
    for (const type of ['order', 'wall', 'focus']) model.addEventListener(type, () => this.#show());
    model.room.addEventListener('change', () => this.#show());
  }

  /** All tiles of the wall, as they stand when nobody zooms. */
  get #all() {
    const { tiles, room, matches, rest } = this.model;
    return lanesOf(tiles.values(), room.document, { found: matches, rest }).flatMap(({ ids }) => ids);
  }

  /** Whether there is one tile alone, so that one can walk to its neighbours. */
  get alone() {
    return this.model.ownZoomed.length === 1 && this.model.zoomed.length === 1;
  }

  /** Zoom on the selection, or the tile in focus; from there back to all. */
  toggle() {
    const { order, chosen, focus, ownZoomed: own } = this.model;
    const wanted = zoomOf(order, chosen, focus);
    if (own.length > 0 && (wanted.length === own.length || chosen.size === 0)) return void this.back();
    if (wanted.length === 0) return;
    this.#set(wanted);
    announce(t('zoom.on', { n: wanted.length, all: this.#all.length }), { quiet: true });
  }

  /** Show all tiles again; return whether that did anything. */
  back() {
    if (this.model.ownZoomed.length === 0) return false;
    const { focus } = this.model;
    this.#set([]);
    if (focus !== null) this.stage.cells.focus(focus);
    return true;
  }

  /** With one tile alone: walk to its neighbour on the wall; return whether one is alone. @param {1|-1} step */
  step(step) {
    if (!this.alone) return false;
    const next = neighbourOf(this.#all, this.model.zoomed[0], step);
    if (next === null) announce(t(step > 0 ? 'focus.last' : 'focus.first'));
    else this.#set([next], next);
    return true;
  }

  /** @param {number[]} ids @param {number|null} [focus] */
  #set(ids, focus = null) {
    this.model.room.set([[this.model.own('zoomed'), ids.length > 0 ? ids : null]], 'zoom');
    this.stage.fit();
    if (focus === null) return;
    this.model.setFocus(focus);
    this.stage.focusOn(focus);
  }

  #show() {
    const { zoomed: shown, tiles } = this.model;
    if (shown.length === 0) return this.#place.replaceChildren();
    const [id] = shown;
    const one = shown.length === 1;
    setText(this.#words, one ? t('zoom.one', { title: tiles.get(id)?.title ?? '', place: this.#all.indexOf(id) + 1, all: this.#all.length }) : t('zoom.some', { n: shown.length, all: this.#all.length }));
    this.#previous.hidden = this.#next.hidden = !this.alone;
    if (!this.#line.isConnected) this.#place.append(this.#line);
  }
}

/** @param {Zoom} zoom @returns {import('./commands.js').Command[]} */
export const zoomCommands = (zoom) => [
  { id: 'zoom-selection', label: () => t('zoom.command'), group: 'look', keys: ['V'], view: true, enabled: () => zoom.model.order.length > 0, run: () => zoom.toggle() },
  { id: 'zoom-previous', label: () => t('zoom.command-previous'), group: 'look', keys: ['<'], repeats: true, view: true, enabled: () => zoom.alone, run: () => void zoom.step(-1) },
  { id: 'zoom-next', label: () => t('zoom.command-next'), group: 'look', keys: ['>'], repeats: true, view: true, enabled: () => zoom.alone, run: () => void zoom.step(1) },
];
