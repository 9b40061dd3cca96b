/** The display walls of a session, for people in it: which there are, and to lead one with what one sees. */

import { announce } from './announce.js';
import { button, byId, make, setText } from './dom.js';
import { Lead } from './lead.js';
import { t } from './text.js';

/** @typedef {import('./screens.js').Display} Display */

export class DisplayWalls {
  element = make('section', { class: 'display-walls', hidden: '' }, make('h3', {}, t('screens.title')));
  #list = make('ul', { class: 'people' });
  /** @type {Map<string, {element: HTMLElement, words: HTMLElement, action: HTMLElement}>} */ #lines = new Map();
  #line = byId('leading', HTMLElement);
  #words = make('span', { class: 'what' });
  #blank = button(t('remote.blank'), () => this.lead.toggleBlank(), { 'aria-pressed': 'false' });
  #said = make('p', {}, this.#words, this.#blank, button(t('screens.stop'), () => this.lead.stop()));

  /** @param {import('./stage.js').Stage} stage @param {import('./commands.js').Commands} commands @param {() => number|null} opened the tile that is open */
  constructor(stage, commands, opened) {
    const { model } = stage;
    this.model = model;
    this.room = model.room;
    this.commands = commands;
    this.lead = new Lead(stage, () => {
      const id = opened();
      const rect = id === null ? null : stage.sightOf([id]);
      return { rect: rect ?? stage.viewRect(), focus: id ?? model.focus };
    });
    this.element.append(this.#list);
    commands.add({ id: 'lead-stop', label: () => t('screens.stop-lead'), group: 'together', needs: 'lead', enabled: () => this.lead.wall !== null, run: () => this.lead.stop() });
    commands.add({ id: 'lead-blank', label: () => t('screens.blank'), group: 'together', needs: 'lead', enabled: () => this.lead.wall !== null, run: () => this.lead.toggleBlank() });
    this.room.addEventListener('change', (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if ([...detail].some((path) => path === '' || path.startsWith('screens/'))) this.#refresh();
    });
    model.addEventListener('me', () => this.#refresh());
    this.lead.addEventListener('change', () => this.#refresh());
    this.lead.link.addEventListener('shown', () => this.#refresh());
    this.lead.addEventListener('taken', (event) => {
      const { wall, person } = /** @type {CustomEvent<{wall: string, person: string}>} */ (event).detail;
      announce(t('screens.taken', { name: this.room.nameOf(person), wall }));
    });
    this.#refresh();
  }

  /** @returns {Map<string, Display>} */
  get #walls() {
    return new Map(this.room.document.below('screens/'));
  }

  /** @param {string} name */
  #toggle(name) {
    if (this.lead.wall === name) this.lead.stop();
    else this.lead.start(name);
  }

  #refresh() {
    const walls = this.#walls;
    if (this.lead.wall !== null && this.room.loaded && !walls.has(this.lead.wall)) return this.lead.stop();
    for (const [name, { element }] of this.#lines) {
      if (walls.has(name)) continue;
      element.remove();
      this.#lines.delete(name);
    }
    for (const [name, display] of walls) this.#show(name, display);
    this.element.hidden = walls.size === 0 || !this.model.may('lead');
    this.#say(walls);
  }

  /** @param {string} name @param {Display} display */
  #show(name, display) {
    const line = this.#lines.get(name) ?? this.#made(name);
    const led = this.lead.wall === name;
    setText(line.words, `${display.columns}×${display.rows}`);
    setText(line.action, t(led ? 'screens.stop' : 'screens.lead'));
    line.action.classList.toggle('primary', led);
    line.action.setAttribute('aria-label', led ? t('screens.stop-lead') : t('screens.lead-name', { name }));
  }

  /** @param {string} name */
  #made(name) {
    const words = make('span', { class: 'looks' });
    const action = button('', () => this.#toggle(name));
    const element = make('li', {}, make('span', { class: 'who' }, make('strong', {}, name), words), action);
    this.#list.append(element);
    const line = { element, words, action };
    this.#lines.set(name, line);
    this.commands.add({ id: `lead-${name}`, label: () => t('screens.lead-name', { name }), group: 'together', needs: 'lead', enabled: () => this.#walls.has(name) && this.lead.wall !== name, run: () => this.lead.start(name) });
    return line;
  }

  /** Say above the wall's edge that what one sees is on a display wall. @param {Map<string, Display>} walls */
  #say(walls) {
    const { wall, link } = this.lead;
    if (wall === null) return this.#line.replaceChildren();
    const there = t('screens.there', { n: link.shown?.screens.length ?? 0, all: walls.get(wall)?.screens.length ?? 0 });
    setText(this.#words, t('screens.leading', { name: wall, there }));
    this.#blank.setAttribute('aria-pressed', String(this.lead.blank));
    if (!this.#said.isConnected) this.#line.append(this.#said);
  }
}
