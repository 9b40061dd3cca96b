/**
 * To lead a display wall: what is in sight here is told to it, as it changes.
 *
 * Fires `change` when this page leads another wall, or none any more.
 *
 * @typedef {import('./display-link.js').ShownView} ShownView
 */

import { DisplayLink } from './display-link.js';

const TELL_MS = 60; // from one telling to the next while a hand moves the view
const HAND_MS = 90; // that the screens take for it: a little longer, so that they never stand still in between

export class Lead extends EventTarget {
  /** @type {string|null} the wall that this page leads */ wall = null;
  blank = false;
  /** whether it is still told what the wall shows when it leads it no more */ keeps = false;
  #told = '';
  /** to be said with the next view: this page leads from now on */ #taking = false;
  /** the portal has said that this page leads */ #leading = false;

  /**
   * @param {import('./stage.js').Stage} stage @param {() => {rect: import('./camera.js').Rect, focus: number|null}} sight what is to be seen
   * @param {DisplayLink} [link]
   */
  constructor(stage, sight, link = new DisplayLink(stage.connection)) {
    super();
    this.stage = stage;
    this.sight = sight;
    this.link = link;
    const { connection } = stage;
    connection.addEventListener('status', () => {
      this.#told = '';
      if (this.#leading) this.#taking = false; // if somebody leads it meanwhile, so be it
      this.#leading = false;
    });
    connection.addEventListener('event', (event) => {
      const { detail } = /** @type {CustomEvent<any>} */ (event);
      if (detail.event === 'refused' && detail.what === 'lead') this.stop();
    });
    link.addEventListener('shown', () => this.#hear());
    setInterval(() => this.#tell(), TELL_MS);
  }

  /** Lead a wall from now on, whoever did before. @param {string} wall */
  start(wall) {
    if (this.link.wall !== wall) this.link.watch(wall);
    this.wall = wall;
    this.#taking = true;
    this.#leading = false;
    this.#told = '';
    this.dispatchEvent(new Event('change'));
    this.#tell();
  }

  /** Lead no more: the wall goes on showing what it shows. */
  stop() {
    if (this.wall === null) return;
    if (!this.keeps) this.link.watch(null);
    this.wall = null;
    this.blank = false;
    this.dispatchEvent(new Event('change'));
  }

  /** Show nothing on the screens, or again what was there. */
  toggleBlank() {
    this.blank = !this.blank;
    this.#tell();
    this.dispatchEvent(new Event('change'));
  }

  #hear() {
    const { leader } = this.link.shown ?? {};
    if (this.wall === null || !leader) return;
    if (leader.page === this.stage.model.room.page) this.#leading = true;
    else if (this.#leading || !this.#taking) {
      const { wall } = this;
      this.stop();
      this.dispatchEvent(new CustomEvent('taken', { detail: { wall, person: leader.person } }));
    }
  }

  #tell() {
    const { stage, wall } = this;
    if (wall === null || stage.connection.status.state !== 'open' || document.hidden) return;
    const { rect, focus } = this.sight();
    const { within } = stage.layout;
    const round = (/** @type {number} */ value) => Number(value.toFixed(6));
    /** @type {ShownView} */
    const view = {
      rect: [round(rect.x), round(rect.y), round(rect.width), round(rect.height)],
      columns: stage.columns,
      layout: [within.width, within.height],
      zoomed: stage.model.zoomed.slice(0, 256),
      focus,
      blank: this.blank,
    };
    const told = JSON.stringify(view);
    if (told === this.#told) return;
    this.#told = told;
    const { start, duration } = stage.motion;
    const left = Math.max(0, start + duration - Date.now());
    const how = left > 0 ? { duration: left, even: false } : { duration: HAND_MS, even: true };
    const message = { wall, view, ...how, take: this.#taking && !this.#leading };
    stage.connection.tell({ type: 'say', message: { lead: message } });
  }
}
