/**
 * Pointers that people show to the others, as named hands on the wall: of who presents, and of who says so. They are told in wall units, and
 * seen where the wall stands alike: by those who look along, and by all whose columns are the same.
 */

import { toScreen, toWall } from './camera.js';
import { byId, lessMotion, make, makeSvg } from './dom.js';
import { between, standsAlike } from './hand-motion.js';
import { colourOf } from './people-colours.js';

const TELL_MS = 100;
const DIGITS = 4;
const ARROW = 'M1 1 L1 17 L5.4 13 L8.2 19.4 L11 18.2 L8.2 12 L14 11.6 Z';

/** One's own pointer, as it is told. */
export class OwnHand {
  /** whether one wants it to be seen, presenting or not */ wished = false;
  #presents = false;
  /** @type {{x: number, y: number}|null} in the window; null: not over the wall */ #at = null;
  #timer = 0;
  #told = '';

  /** @param {import('./room.js').Room} room @param {import('./stage.js').Stage} stage */
  constructor(room, stage) {
    this.room = room;
    this.stage = stage;
    stage.element.addEventListener('pointermove', ({ clientX, clientY }) => (this.#at = { x: clientX, y: clientY }));
    for (const type of ['pointerleave', 'pointercancel']) stage.element.addEventListener(type, () => (this.#at = null));
  }

  /** Show it, or no longer. */
  toggle() {
    this.wished = !this.wished;
    this.#run();
  }

  /** One presents, or no longer: who does shows the pointer. @param {boolean} yes */
  present(yes) {
    this.#presents = yes;
    this.#run();
  }

  #run() {
    clearInterval(this.#timer);
    if (this.wished || this.#presents) this.#timer = setInterval(() => this.#tell(), TELL_MS);
    this.#tell();
  }

  #tell() {
    const here = { hand: this.#hand(), presents: this.#presents };
    const told = JSON.stringify(here);
    if (told === this.#told) return;
    this.#told = told;
    this.room.here(here);
  }

  /** Where it is on the wall. @returns {[number, number]|null} */
  #hand() {
    if (this.#at === null || !(this.wished || this.#presents)) return null;
    const { left, top } = this.stage.element.getBoundingClientRect();
    const { x, y } = toWall(this.stage.camera, this.#at.x - left, this.#at.y - top);
    const round = (/** @type {number} */ value) => Number(value.toFixed(DIGITS));
    return [round(x), round(y)];
  }
}

/** @typedef {{element: HTMLElement, name: HTMLElement, motion: import('./hand-motion.js').Way}} Shown */

/** The hands of the others. */
export class ShownHands {
  #place = make('div', { class: 'shown-hands', 'aria-hidden': 'true' });
  /** @type {Map<string, Shown>} by page */ #hands = new Map();
  #frame = 0;

  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
    byId('stage', HTMLElement).append(this.#place);
    model.room.addEventListener('people', () => this.#take());
  }

  #take() {
    const { room, zoomed } = this.model;
    const now = performance.now();
    const here = { columns: this.stage.columns, zoomed };
    const shown = [...room.people.values()].filter((page) => page.hand && standsAlike(page, here));
    for (const [page, { element }] of this.#hands) {
      if (shown.some((each) => each.page === page)) continue;
      element.remove();
      this.#hands.delete(page);
    }
    for (const { page, person, hand } of shown) {
      const [x, y] = /** @type {[number, number]} */ (hand);
      const known = this.#hands.get(page) ?? this.#make(page, person, { x, y });
      known.name.textContent = room.nameOf(person);
      const { to } = known.motion;
      if (to.x !== x || to.y !== y) known.motion = { from: between(known.motion, now), to: { x, y }, start: now, duration: lessMotion() ? 0 : 2 * TELL_MS };
    }
    if (this.#hands.size > 0 && this.#frame === 0) this.#draw();
  }

  /** @param {string} page @param {string} person @param {{x: number, y: number}} at @returns {Shown} */
  #make(page, person, at) {
    const name = make('span', {});
    const arrow = makeSvg('svg', { viewBox: '0 0 16 21', width: 16, height: 21 }, makeSvg('path', { d: ARROW }));
    const element = make('div', { class: 'shown-hand' }, arrow, name);
    element.style.setProperty('--colour', colourOf(person));
    this.#place.append(element);
    const made = { element, name, motion: { from: at, to: at, start: 0, duration: 0 } };
    this.#hands.set(page, made);
    return made;
  }

  /** Each frame, as long as there are hands: they move, and so does what one sees of the wall. */
  #draw() {
    this.#frame = this.#hands.size > 0 ? requestAnimationFrame(() => this.#draw()) : 0;
    const { camera } = this.stage;
    const now = performance.now();
    for (const { element, motion } of this.#hands.values()) {
      const { x, y } = toScreen(camera, { ...between(motion, now), width: 0, height: 0 });
      element.style.setProperty('translate', `${x}px ${y}px`);
    }
  }
}
