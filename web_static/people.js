/**
 * Who is here: their colours and names, what each looks at, and to look along with one of them.
 */

import { button, make, setText } from './dom.js';
import { colourOf } from './people-colours.js';
import { popover } from './popover.js';
import { t } from './text.js';

/** @typedef {import('./room.js').Presence} Presence */

const NAME_MOST = 40;
const DOTS_MOST = 5;

export class People {
  #dots = make('span', { class: 'dots', 'aria-hidden': 'true' });
  #count = make('span', {});
  #list = make('ul', { class: 'people' });
  #name = make('input', { type: 'text', maxlength: String(NAME_MOST), autocomplete: 'nickname', spellcheck: 'false' });

  /**
   * @param {import('./model.js').Model} model @param {import('./follow-view.js').FollowView} follow
   * @param {HTMLElement} place in the bar
   */
  constructor(model, follow, place) {
    this.model = model;
    this.room = model.room;
    this.follow = follow;
    const field = make('div', { class: 'field' }, make('label', {}, make('span', {}, t('people.name')), this.#name));
    const open = make('button', { type: 'button' }, this.#count, this.#dots);
    popover(open, make('div', { class: 'people-menu' }, field, this.#list), { label: t('people.title'), open: () => this.#refresh() });
    place.append(open);
    this.#name.addEventListener('change', () => {
      const wanted = this.#name.value.trim();
      if (wanted !== this.nameOf(this.room.person, false)) this.room.set([[model.own('name'), wanted || null]], 'name');
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

  /** Return what a person is called. @param {string} person @param {boolean} [always] also who gave no name */
  nameOf(person, always = true) {
    return this.room.document.get(`person/${person}/name`) ?? (always ? t('people.unnamed', { mark: person.slice(0, 3) }) : '');
  }

  #refresh() {
    const others = [...this.room.people.values()];
    const people = new Set([this.room.person, ...others.map(({ person }) => person)]);
    setText(this.#count, t('people.here', { n: people.size }));
    this.#dots.replaceChildren(...[...people].slice(0, DOTS_MOST).map((person) => dotOf(person)));
    if (document.activeElement !== this.#name) this.#name.value = this.nameOf(this.room.person, false);
    const pages = new Map(others.map((each) => [each.person, each])); // of several pages of one person, one line
    this.#list.replaceChildren(...[...pages.values()].map((each) => this.#line(each)));
  }

  /** @param {Presence} presence */
  #line(presence) {
    const { person, page, focus, zoomed } = presence;
    const looks = zoomed.length > 0 ? t('people.zoomed', { n: zoomed.length }) : (this.model.tiles.get(focus ?? -1)?.title ?? t('people.wall'));
    const followed = this.follow.page === page;
    const name = this.nameOf(person);
    const action = followed
      ? button(t('people.leave'), () => this.follow.leave(), { class: 'primary' })
      : button(t('people.follow'), () => this.follow.start(page), { 'aria-label': t('people.follow-name', { name }) });
    const words = make('span', { class: 'who' }, make('strong', {}, name), make('span', { class: 'looks' }, looks));
    return make('li', {}, dotOf(person), words, action);
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
  const first = () => [...people.room.people.keys()][0];
  return [
    { id: 'follow', label: () => t('people.follow-next'), group: 'together', keys: ['P'], enabled: () => people.room.people.size > 0, run: () => follow.start(first()) },
    { id: 'follow-leave', label: () => t('people.leave'), group: 'together', enabled: () => follow.page !== null, run: () => follow.leave() },
  ];
}
