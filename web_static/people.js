/**
 * Who is here: their colours and names, what each looks at, and to look along with one of them.
 */

import { button, make, setText } from './dom.js';
import { colourOf } from './people-colours.js';
import { popover } from './popover.js';
import { t } from './text.js';

/** @typedef {{element: HTMLElement, name: HTMLElement, looks: HTMLElement, action: HTMLElement}} Line */

const NAME_MOST = 40;
const DOTS_MOST = 5;

export class People {
  #dots = make('span', { class: 'dots', 'aria-hidden': 'true' });
  #count = make('span', {});
  #list = make('ul', { class: 'people' });
  /** @type {HTMLElement} */ #field;
  /** @type {Map<string, Line>} by person; they stay, so that nothing goes from under a hand */ #lines = new Map();
  #name = make('input', { type: 'text', maxlength: String(NAME_MOST), autocomplete: 'nickname', spellcheck: 'false' });

  /**
   * @param {import('./model.js').Model} model @param {import('./follow-view.js').FollowView} follow
   * @param {HTMLElement} place in the bar @param {...HTMLElement} more what stands below the people
   */
  constructor(model, follow, place, ...more) {
    this.model = model;
    this.room = model.room;
    this.follow = follow;
    this.#field = make('div', { class: 'field' }, make('label', {}, make('span', {}, t('people.name')), this.#name));
    const open = make('button', { type: 'button' }, this.#count, this.#dots);
    popover(open, make('div', { class: 'people-menu' }, this.#field, this.#list, ...more), { label: t('people.title'), open: () => this.#refresh() });
    place.append(open);
    this.#name.addEventListener('change', () => {
      const wanted = this.#name.value.trim();
      if (wanted !== this.#ownName) this.room.set([[model.own('name'), wanted || null]], 'name');
    });
    this.room.addEventListener('people', () => this.#refresh());
    this.room.addEventListener('change', (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if ([...detail].some((path) => path === '' || path.startsWith('person/'))) this.#refresh();
    });
    model.addEventListener('me', () => this.#refresh());
    follow.addEventListener('change', () => this.#refresh());
    this.#refresh();
  }

  get #ownName() {
    return this.room.document.get(this.model.own('name')) ?? '';
  }

  #refresh() {
    const others = new Set([...this.room.people.values()].map(({ person }) => person)); // of several pages of one person, one line
    const people = new Set([this.room.person, ...others]);
    setText(this.#count, t('people.here', { n: people.size }));
    this.#showDots([...people].slice(0, DOTS_MOST));
    this.#field.hidden = this.room.called !== null;
    if (document.activeElement !== this.#name) this.#name.value = this.#ownName;
    for (const [person, { element }] of this.#lines) {
      if (others.has(person)) continue;
      element.remove();
      this.#lines.delete(person);
    }
    for (const person of others) this.#show(person);
  }

  /** @param {string[]} people */
  #showDots(people) {
    const key = people.join();
    if (this.#dots.dataset.of === key) return;
    this.#dots.dataset.of = key;
    this.#dots.replaceChildren(...people.map((person) => dotOf(person)));
  }

  /** @param {string} person */
  #show(person) {
    const { focus, zoomed } = this.follow.pageOf(person) ?? { focus: null, zoomed: [] };
    const line = this.#lineOf(person);
    const name = this.room.nameOf(person);
    const followed = this.follow.person === person;
    setText(line.name, name);
    setText(line.looks, zoomed.length > 0 ? t('people.zoomed', { n: zoomed.length }) : (this.model.tiles.get(focus ?? -1)?.title ?? t('people.wall')));
    setText(line.action, t(followed ? 'people.leave' : 'people.follow'));
    line.action.classList.toggle('primary', followed);
    line.action.setAttribute('aria-label', followed ? t('people.leave') : t('people.follow-name', { name }));
  }

  /** @param {string} person @returns {Line} */
  #lineOf(person) {
    const found = this.#lines.get(person);
    if (found) return found;
    const [name, looks] = [make('strong', {}), make('span', { class: 'looks' })];
    const action = button('', () => (this.follow.person === person ? this.follow.leave() : this.follow.start(person)));
    const element = make('li', {}, dotOf(person), make('span', { class: 'who' }, name, looks), action);
    this.#list.append(element);
    const line = { element, name, looks, action };
    this.#lines.set(person, line);
    return line;
  }
}

/** @param {string} person */
function dotOf(person) {
  const dot = make('span', { class: 'dot' });
  dot.style.backgroundColor = colourOf(person);
  return dot;
}

/** @param {People} people @param {import('./follow-view.js').FollowView} follow @returns {import('./commands.js').Command[]} */
export function peopleCommands(people, follow) {
  const { room } = people;
  const others = () => [...new Set([...room.people.values()].map(({ person }) => person))].filter((person) => person !== room.person);
  const next = () => others()[(others().indexOf(follow.person ?? '') + 1) % others().length];
  return [
    { id: 'follow', label: () => t('people.follow-next'), group: 'together', keys: ['P'], enabled: () => others().length > 0, run: () => follow.start(next()) },
    { id: 'follow-leave', label: () => t('people.leave'), group: 'together', enabled: () => follow.person !== null, run: () => follow.leave() },
  ];
}
