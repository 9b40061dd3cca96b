/**
 * The remote control of a display wall, on a phone: the wall small, with the outline of its screens. What is within the outline is what the
 * screens show; who moves it leads the wall.
 */

import { bareWall } from './bare-wall.js';
import { rectOf } from './display-link.js';
import { button, byId, make, setText } from './dom.js';
import { Lead } from './lead.js';
import { watchFingers } from './remote-hands.js';
import { canonicalOf, fitted, outlineOf, placesOf } from './screens.js';
import { wholeOf } from './screen-page.js';
import { t } from './text.js';
import { pageFrom } from './wall-commands.js';

/** @typedef {import('./screens.js').Display} Display */

const MARGIN_PX = 10; // around the outline
const MOTION_MS = 170;
const STEP = 1.4; // of the buttons for closer and farther, and of their keys
const SHARE = 0.2; // of the outline, that an arrow moves by

/** @param {string} wall */
export function startRemote(wall) {
  const parts = bareWall('remote');
  new Remote(wall, parts);
  void parts.connection.open();
}

class Remote {
  #outline = make('div', { class: 'remote-outline', 'aria-hidden': 'true' });
  #who = make('p', { role: 'status' });
  #blank = button(t('remote.blank'), () => this.#byHand(() => this.lead.toggleBlank()), { 'aria-pressed': 'false' });

  /** @param {string} wall @param {ReturnType<typeof bareWall>} parts */
  constructor(wall, { room, model, connection, stage }) {
    this.wall = wall;
    this.room = room;
    this.model = model;
    this.connection = connection;
    this.stage = stage;
    this.lead = new Lead(stage, () => ({ rect: this.#seen(), focus: null }));
    this.lead.keeps = true;
    document.title = t('remote.title', { name: wall });
    this.#build();
    room.addEventListener('change', (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if (detail.has('') || detail.has(`screens/${wall}`)) this.#draw();
    });
    for (const type of ['wall', 'order', 'sizes', 'me']) model.addEventListener(type, () => this.#draw());
    this.lead.addEventListener('change', () => this.#say());
    this.lead.link.addEventListener('shown', () => this.#draw());
    room.addEventListener('people', () => this.#say());
    connection.addEventListener('status', () => this.#say());
    new ResizeObserver(() => this.#draw()).observe(stage.element);
    this.lead.link.watch(wall);
  }

  /** @returns {Display|undefined} */
  get #display() {
    return this.room.document.get(`screens/${this.wall}`);
  }

  #build() {
    const { stage } = this;
    const zoom = (/** @type {number} */ factor) => this.#byHand(() => stage.zoomBy(factor, undefined, undefined, MOTION_MS));
    const page = (/** @type {1|-1} */ way) => this.#byHand(() => this.#page(way));
    const buttons = [
      button(t('remote.fit'), () => this.#byHand(() => this.#fit())),
      button(t('remote.closer'), () => zoom(STEP)),
      button(t('remote.farther'), () => zoom(1 / STEP)),
      button(t('remote.back-page'), () => page(-1)),
      button(t('remote.next-page'), () => page(1)),
      this.#blank,
    ];
    byId('main', HTMLElement).append(make('h1', { class: 'remote-name' }, t('remote.title', { name: this.wall })), make('section', { class: 'remote-control', 'aria-label': t('remote.controls') }, this.#who, make('div', { class: 'buttons' }, ...buttons)));
    stage.element.append(this.#outline);
    watchFingers(stage.element, {
      pan: (dx, dy) => this.#byHand(() => stage.panBy(dx, dy)),
      zoom: (factor, x, y) => this.#byHand(() => stage.zoomBy(factor, x, y)),
    });
    addEventListener('keydown', (event) => {
      const { width, height } = this.#frame;
      const [dx, dy] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (dx || dy) this.#byHand(() => stage.panBy(dx * width * SHARE, dy * height * SHARE));
      else if (event.key === '+' || event.key === '=') zoom(STEP);
      else if (event.key === '-') zoom(1 / STEP);
      else if (event.key === 'f' || event.key === '0') this.#byHand(() => this.#fit());
      else if (event.key === 'n') page(1);
      else if (event.key === 'b') this.#byHand(() => this.lead.toggleBlank());
      else return;
      event.preventDefault();
    });
  }

  /** Do what a hand asks for; who does that leads the wall. @param {() => void} act */
  #byHand(act) {
    if (!this.#display || !this.model.may('lead')) return;
    if (this.lead.wall === null) this.lead.start(this.wall);
    act();
  }

  get #room() {
    return this.stage.layout.view;
  }

  /** Where the outline stands in the stage. */
  get #frame() {
    return this.#display ? outlineOf(this.#display, this.#room, MARGIN_PX).frame : { x: 0, y: 0, ...this.#room };
  }

  /** Return what the screens are to show: what is within the outline. */
  #seen() {
    const { x, y, scale } = this.stage.motion.to;
    const frame = this.#frame;
    return { x: x + frame.x / scale, y: y + frame.y / scale, width: frame.width / scale, height: frame.height / scale };
  }

  /** Look where that is all within the outline. @param {import('./camera.js').Rect} rect @param {number} duration */
  #look(rect, duration) {
    const frame = this.#frame;
    const { x, y, scale } = fitted(rect, frame);
    this.stage.look({ x: x - frame.x / scale, y: y - frame.y / scale, scale }, duration);
  }

  #fit() {
    if (this.#display) this.model.borrow({ zoomed: [], columns: null, layout: canonicalOf(placesOf(this.#display).whole) });
    this.#look(wholeOf(this.stage), MOTION_MS);
  }

  /** @param {1|-1} way */
  #page(way) {
    this.#look(pageFrom(this.#seen(), this.stage.grid.size.height, 0, way), MOTION_MS);
  }

  #draw() {
    const display = this.#display;
    const { shown } = this.lead.link;
    this.#say();
    if (!display || this.#room.width <= 1) return;
    if (this.lead.wall === null && shown) {
      const { view, duration } = shown;
      const layout = view ? { width: view.layout[0], height: view.layout[1] } : canonicalOf(placesOf(display).whole);
      this.model.borrow({ zoomed: view?.zoomed ?? [], columns: view?.columns ?? null, layout });
      this.lead.blank = view?.blank ?? false;
      this.#look(view ? rectOf(view) : wholeOf(this.stage), duration);
    }
    const there = new Set((shown?.screens ?? []).map((at) => at.join()));
    const { screens } = outlineOf(display, this.#room, MARGIN_PX);
    this.#outline.replaceChildren(
      ...screens.map(({ x, y, width, height }, index) => {
        const at = `${(index % display.columns) + 1},${Math.floor(index / display.columns) + 1}`;
        const box = make('div', there.has(at) ? {} : { class: 'away' }, make('span', {}, at));
        for (const [name, value] of Object.entries({ left: x, top: y, width, height })) box.style.setProperty(name, `${value}px`);
        return box;
      }),
    );
  }

  #say() {
    const display = this.#display;
    this.#blank.setAttribute('aria-pressed', String(this.lead.blank));
    setText(this.#who, this.#words(display));
  }

  /** @param {Display|undefined} display */
  #words(display) {
    if (this.connection.status.state !== 'open') return t('remote.waits');
    if (!display) return this.room.loaded ? t('screens.unknown-wall', { name: this.wall }) : t('remote.waits');
    if (!this.model.may('lead')) return t('remote.may-not');
    const { leader = null, screens = [] } = this.lead.link.shown ?? {};
    const there = t('screens.there', { n: screens.length, all: display.screens.length });
    if (this.lead.wall !== null) return t('remote.leads', { there });
    return leader && leader.page !== this.room.page ? t('remote.other', { name: this.room.nameOf(leader.person), there }) : there;
  }
}
