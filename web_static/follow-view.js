/**
 * Looking along with somebody: this page's view goes where theirs goes, until one moves it oneself.
 *
 * Fires `change`.
 */

import { button, byId, make, setText } from './dom.js';
import { t } from './text.js';

const HERE_MS = 200;
const MOTION_MS = 250;

export class FollowView extends EventTarget {
  /** @type {string|null} whom one looks along with, or waits for: lines break */ person = null;
  /** a press is on its way: the wall stays until it has done what it means */ #pressed = false;
  #line = byId('following', HTMLElement);
  #words = make('p', {});
  #leave = button(t('people.leave'), () => this.leave());
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
    stage.element.addEventListener('wheel', () => this.byHand(), { capture: true });
    stage.element.addEventListener('pointerdown', ({ button: at }) => (this.#pressed = at <= 1), { capture: true });
    for (const type of ['pointerup', 'pointercancel']) addEventListener(type, () => this.#pressed && setTimeout(() => this.#released()), { capture: true });
    setInterval(() => this.#tell(), HERE_MS);
  }

  /** Look along with a person from now on, or as soon as that one is here. @param {string} person */
  start(person) {
    this.person = person;
    this.#shown = '';
    this.#go();
    this.dispatchEvent(new Event('change'));
  }

  leave() {
    if (this.person === null) return;
    this.person = null;
    this.model.borrow(null);
    this.#say();
    this.dispatchEvent(new Event('change'));
  }

  /** One moves the wall oneself, which ends it. */
  byHand() {
    this.leave();
  }

  #released() {
    this.#pressed = false;
    this.byHand();
    this.#go();
  }

  /** Return the page of a person that one looks along with: the one that presents, else the first that said what it shows. @param {string|null} person */
  pageOf(person) {
    const pages = [...this.room.people.values()].filter((each) => each.person === person && each.view !== null);
    return pages.find(({ presents }) => presents) ?? pages[0];
  }

  #go() {
    this.#say();
    const leader = this.pageOf(this.person);
    if (!leader || this.#pressed) return;
    const shown = JSON.stringify([leader.view, leader.columns, leader.zoomed, leader.focus]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.model.borrow(leader);
    if (leader.focus !== null) this.model.setFocus(leader.focus);
    const [x, y, width, height] = /** @type {[number, number, number, number]} */ (leader.view);
    this.stage.showRect({ x, y, width, height }, MOTION_MS);
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

  #say() {
    if (this.person === null) return this.#line.replaceChildren();
    const here = [...this.room.people.values()].some(({ person }) => person === this.person);
    setText(this.#words, t(here ? 'people.following' : 'people.awaiting', { name: this.room.nameOf(this.person) }));
    if (!this.#words.isConnected) this.#line.append(this.#words, this.#leave);
  }
}
