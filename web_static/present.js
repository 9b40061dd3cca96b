/**
 * Presenting: slide after slide over the whole screen, without bar and panel. Whoever looks along sees each of them, and where one points.
 * The others are offered to look along.
 */

import { announce } from './announce.js';
import { button, byId, make, setText } from './dom.js';
import { OwnHand, ShownHands } from './shown-hands.js';
import { offer } from './offer.js';
import { PresentDialog } from './present-dialog.js';
import { slidesOf, stepped } from './slides.js';
import { t } from './text.js';

/** Keys while one presents; of a presenter's remote control too. @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, PageDown: 1, ' ': 1, ArrowLeft: -1, PageUp: -1, Home: -Infinity, End: Infinity };
const ALWAYS = ['PageDown', 'PageUp']; // also while a tile is open, which has all others

/** @typedef {{view: () => any, go: (view: any) => void}} Bookmarks  view: what a bookmark of what is in sight keeps; go: there */

class Presenting {
  /** @type {number|null} the place of the slide that is shown */ #at = null;
  #line = make('p', { class: 'slide' });
  #words = make('span', { class: 'what', role: 'status' });
  #previous = button(t('present.previous'), () => this.step(-1));
  #next = button(t('present.next'), () => this.step(1));
  #wasBare = false;

  /**
   * @param {import('./model.js').Model} model @param {Bookmarks} bookmarks @param {OwnHand} hand
   * @param {{opened: () => boolean, bare: (yes: boolean) => void, isBare: () => boolean}} does
   */
  constructor(model, bookmarks, hand, does) {
    this.model = model;
    this.bookmarks = bookmarks;
    this.hand = hand;
    this.does = does;
    this.#line.append(this.#words, this.#previous, this.#next, button(t('present.end'), () => this.end()));
    model.room.addEventListener('change', (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if (this.on && [...detail].some((path) => path === '' || path === 'slides' || path.startsWith('bookmark/'))) this.#show();
    });
    // Before the wall and the opened tile: these keys are the presentation's.
    addEventListener('keydown', (event) => this.#key(event), { capture: true });
    document.addEventListener('fullscreenchange', () => document.fullscreenElement === null && this.end()); // by Escape, of which the browser tells no more
  }

  get on() {
    return this.#at !== null;
  }

  get #slides() {
    return slidesOf(this.model.room.document);
  }

  /** Begin. @param {number} [at] the place of a slide */
  start(at = 0) {
    if (this.#slides.length === 0) return;
    if (!this.on) {
      this.#wasBare = this.does.isBare();
      this.does.bare(true);
      this.hand.present(true);
      // Where a browser refuses, it is shown in the window.
      document.documentElement.requestFullscreen?.().catch(() => {});
    }
    this.#go(at);
  }

  /** @param {number} by */
  step(by) {
    if (this.#at === null) return;
    const to = stepped(this.#at, by, this.#slides.length);
    if (to === this.#at) announce(t(by > 0 ? 'present.last' : 'present.first'));
    else this.#go(to);
  }

  end() {
    if (!this.on) return;
    this.#at = null;
    this.#line.remove();
    this.does.bare(this.#wasBare);
    this.hand.present(false);
    if (document.fullscreenElement !== null) void document.exitFullscreen().catch(() => {});
    announce(t('present.ended'));
  }

  /** @param {number} at */
  #go(at) {
    this.#at = at;
    this.#show();
    const slide = this.#slides[at];
    if (slide) this.bookmarks.go(slide.view);
  }

  /** Say which slide it is; there may be fewer meanwhile. */
  #show() {
    const slides = this.#slides;
    if (slides.length === 0) return this.end();
    this.#at = Math.min(this.#at ?? 0, slides.length - 1);
    setText(this.#words, t('present.slide', { at: this.#at + 1, all: slides.length, name: slides[this.#at].name }));
    this.#previous.setAttribute('aria-disabled', String(this.#at === 0));
    this.#next.setAttribute('aria-disabled', String(this.#at === slides.length - 1));
    if (!this.#line.isConnected) byId('presenting', HTMLElement).append(this.#line);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.on || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (document.querySelector('dialog[open]') || (event.target instanceof Element && event.target.closest('input, select, textarea, [contenteditable]'))) return;
    const pressed = event.key === ' ' && event.target instanceof Element && event.target.closest('button') !== null;
    const opened = this.does.opened();
    if (event.key === 'Escape' && !opened) this.end();
    else if (event.key in STEPS && !pressed && (!opened || ALWAYS.includes(event.key))) this.step(STEPS[event.key]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/** Look at the wall without bar and panel. */
class Bare {
  #show = button(t('bare.leave'), () => this.set(false), { class: 'bare-leave' });

  /** @param {() => unknown} toWall gives the keyboard to the wall */
  constructor(toWall) {
    this.toWall = toWall;
    byId('main', HTMLElement).append(this.#show);
    this.#show.hidden = true;
  }

  get on() {
    return document.documentElement.hasAttribute('data-alone');
  }

  /** @param {boolean} yes @param {boolean} [say] how one comes back */
  set(yes, say = false) {
    if (yes === this.on) return;
    const held = document.activeElement;
    document.documentElement.toggleAttribute('data-alone', yes);
    this.#show.hidden = !yes;
    if (held instanceof HTMLElement && !held.checkVisibility()) this.toWall(); // what had the keyboard is not seen
    if (yes && say) announce(t('bare.how'));
  }
}

/**
 * Offer to look along with who presents; not again to whom does not want to, until that person presents anew.
 * @param {import('./model.js').Model} model @param {import('./follow-view.js').FollowView} follow @param {() => boolean} busy whether one presents oneself
 */
function offerToFollow(model, follow, busy) {
  const { room } = model;
  /** @type {{person: string, close: () => void}|null} */
  let offered = null;
  /** @type {Set<string>} */
  let refused = new Set();
  const look = () => {
    const presenters = [...new Set([...room.people.values()].filter(({ presents, person }) => presents && person !== room.person).map(({ person }) => person))];
    refused = new Set([...refused].filter((person) => presenters.includes(person)));
    const person = busy() || presenters.includes(follow.person ?? '') ? undefined : presenters.find((each) => !refused.has(each));
    if (offered?.person === person) return;
    offered?.close();
    offered = null;
    if (person === undefined) return;
    const forget = () => {
      refused.add(person);
      offered = null;
    };
    const along = () => {
      forget();
      follow.start(person);
    };
    offered = { person, close: offer(t('present.presents', { name: room.nameOf(person) }), [[t('people.follow'), along], [t('present.not-now'), forget]]) };
  };
  room.addEventListener('people', look);
  follow.addEventListener('change', look);
}

/**
 * @param {object} parts
 * @param {import('./model.js').Model} parts.model
 * @param {import('./stage.js').Stage} parts.stage
 * @param {import('./focus.js').Focus} parts.focus
 * @param {import('./follow-view.js').FollowView} parts.follow
 * @param {Bookmarks} parts.bookmarks
 * @returns {import('./commands.js').Command[]}
 */
export function presenting({ model, stage, focus, follow, bookmarks }) {
  const bare = new Bare(() => model.focus !== null && focus.id === null && stage.cells.focus(model.focus));
  const hand = new OwnHand(model.room, stage);
  new ShownHands(model, stage);
  const shown = new Presenting(model, bookmarks, hand, { opened: () => focus.id !== null, bare: (yes) => bare.set(yes), isBare: () => bare.on });
  const dialog = new PresentDialog(model, bookmarks, (at) => shown.start(at));
  offerToFollow(model, follow, () => shown.on);
  const enabled = () => slidesOf(model.room.document).length > 0;
  return [
    { id: 'present', label: () => t('present.command'), group: 'together', keys: ['Shift+P'], needs: 'all', run: () => dialog.open() },
    { id: 'present-start', label: () => t('present.start'), group: 'together', needs: 'all', enabled, run: () => shown.start() },
    { id: 'present-end', label: () => t('present.end'), group: 'together', enabled: () => shown.on, run: () => shown.end() },
    { id: 'hand', label: () => t(hand.wished ? 'hand.hide' : 'hand.show'), group: 'together', needs: 'all', run: () => hand.toggle() },
    { id: 'bare', label: () => t('bare.command'), group: 'look', keys: ['Shift+B'], run: () => bare.set(!bare.on, true) },
  ];
}
