/**
 * Looking along with somebody: this page's view goes where theirs goes, until one moves it oneself. A screen of a display wall follows
 * with a piece of the view of its own.
 *
 * Fires `change`.
 */

import { button, byId, make } from './dom.js';
import { t } from './text.js';
import { pieceOf } from './view-url.js';

const HERE_MS = 200;
const MOTION_MS = 250;

export class FollowView extends EventTarget {
  /** @type {string|null} the page that is followed */ page = null;
  /** @type {import('./view-url.js').Piece|null} of a display wall, that this screen is */ piece = null;
  /** @type {string|null} a person who is waited for: a screen of a display wall is often there first */ #wanted = null;
  #line = byId('following', HTMLElement);
  #told = '';
  #shown = '';

  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {() => number|null} opened the tile that is open */
  constructor(model, stage, opened) {
    super();
    this.model = model;
    this.stage = stage;
    this.opened = opened;
    this.room = model.room;
    this.room.addEventListener('people', () => this.#go());
    // One's own hand on the wall ends it; a screen of a display wall has no hands.
    for (const type of ['wheel', 'pointerdown']) stage.element.addEventListener(type, () => this.piece === null && this.leave(), { capture: true });
    setInterval(() => this.#tell(), HERE_MS);
  }

  /** The person whom one looks along with, or waits for. */
  get person() {
    return this.#wanted ?? (this.page === null ? null : (this.room.people.get(this.page)?.person ?? null));
  }

  /** Look along with a page from now on. @param {string|undefined} page */
  start(page) {
    if (page === undefined || !this.room.people.has(page)) return;
    this.page = page;
    this.#shown = '';
    this.#go();
    this.#show();
  }

  /** Look along with a person as soon as that one is here, with a piece of the view. @param {string|null} person @param {import('./view-url.js').Piece|null} piece */
  await(person, piece) {
    this.#wanted = person;
    this.piece = piece;
    this.#go();
  }

  leave() {
    if (this.page === null && this.#wanted === null) return;
    this.page = this.#wanted = null;
    this.model.borrow(null);
    this.#show();
  }

  #go() {
    const { people } = this.room;
    if (this.#wanted !== null && (this.page === null || !people.has(this.page))) {
      const found = [...people.values()].find(({ person, view }) => person === this.#wanted && view !== null);
      if (found) this.start(found.page);
    }
    if (this.page === null) return;
    const leader = people.get(this.page);
    if (!leader) return this.#wanted === null ? this.leave() : undefined;
    const shown = JSON.stringify([leader.view, leader.columns, leader.zoomed, leader.focus]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.model.borrow(leader);
    if (leader.focus !== null) this.model.setFocus(leader.focus);
    if (!leader.view) return;
    const [x, y, width, height] = leader.view;
    this.stage.showRect(pieceOf({ x, y, width, height }, this.piece), MOTION_MS);
  }

  /** Tell the others what is in sight here. */
  #tell() {
    if (document.hidden) return;
    const { x, y, width, height } = this.stage.viewRect();
    const round = (/** @type {number} */ value) => Number(value.toFixed(4));
    /** @type {import('./room.js').Here} */
    const here = {
      view: [round(x), round(y), round(width), round(height)],
      columns: this.stage.columns,
      focus: this.opened() ?? this.model.focus,
      zoomed: this.model.zoomed,
    };
    const told = JSON.stringify(here);
    if (told === this.#told) return;
    this.#told = told;
    this.room.here(here);
  }

  #show() {
    const leader = this.page === null ? null : this.room.people.get(this.page);
    const name = leader && (this.room.document.get(`person/${leader.person}/name`) ?? t('people.unnamed', { mark: leader.person.slice(0, 3) }));
    this.#line.replaceChildren(...(name ? [make('p', {}, t('people.following', { name })), button(t('people.leave'), () => this.leave())] : []));
    this.dispatchEvent(new Event('change'));
  }
}
