/** The dialog that chooses a leader and its followers, and the line of what was chosen on the wall. */

import { followersOf } from './arming.js';
import { button, byId, make, setText } from './dom.js';
import { formatCount } from './format.js';
import { t } from './text.js';
import { choice } from './work.js';

/** @typedef {'chosen'|'last'|'found'|'all'} Where */

export class Many {
  #dialog = byId('many', HTMLDialogElement);
  #leader = make('select', { id: 'many-leader' });
  #places = make('div', {});
  #go = make('button', { class: 'primary', type: 'submit' });
  /** @type {Where} */ #where = 'chosen';
  /** @type {import('./hands-menu.js').GroupsMenu|null} */ #groups = null;

  /** @param {import('./model.js').Model} model @param {import('./follow.js').Follow} follow */
  constructor(model, follow) {
    this.model = model;
    this.follow = follow;
    const label = make('label', { for: 'many-leader' }, make('span', {}, t('many.leader')));
    const form = make(
      'form',
      {},
      make('div', { class: 'field' }, label, make('span', { class: 'select' }, this.#leader)),
      this.#places,
      make('p', { class: 'about' }, t('many.about')),
      make('div', { class: 'buttons' }, this.#go),
    );
    this.#leader.addEventListener('change', () => this.#refresh());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#dialog.close();
      const followers = this.#followers(this.#where);
      if (JSON.stringify(followers) !== JSON.stringify(this.#last)) this.model.room.set([[this.model.own('followers'), followers]], 'followers');
      this.follow.arm(Number(this.#leader.value), followers);
    });
    this.#dialog.append(
      make('header', {}, make('h2', { id: 'many-title' }, t('many.title')), button(t('page.close'), () => this.#dialog.close())),
      form,
    );
  }

  /** Have groups below. @param {import('./hands-menu.js').GroupsMenu} groups */
  offer(groups) {
    this.#groups = groups;
    this.#dialog.append(groups.element);
  }

  /** Who leads and who follows, as the dialog stands; null: nobody could lead. */
  get meant() {
    return this.#leader.value === '' ? null : { leader: Number(this.#leader.value), followers: this.#followers(this.#where) };
  }

  /** Those that followed the last time. @returns {number[]} */
  get #last() {
    return this.model.room.document.get(this.model.own('followers')) ?? [];
  }

  /** @param {number|null} [leader] the tile meant as leader */
  open(leader = this.model.focus) {
    if (!this.model.may('operate') || this.#dialog.open) return;
    const { order, tiles, chosen, matches } = this.model;
    const live = order.filter((id) => this.model.takesInput(id));
    this.#leader.replaceChildren(...live.map((id) => new Option(tiles.get(id)?.title, String(id))));
    const first = live.find((id) => chosen.has(id));
    const meant = leader !== null && live.includes(leader) ? leader : (first ?? live[0]);
    if (meant !== undefined) this.#leader.value = String(meant);
    this.#where = chosen.size > 0 ? 'chosen' : matches ? 'found' : this.#last.some((id) => live.includes(id)) ? 'last' : 'all';
    this.#refresh();
    this.#dialog.showModal();
    this.#groups?.open();
    this.#leader.focus();
  }

  /** @param {Where} where */
  #followers(where) {
    const { order, chosen, matches } = this.model;
    const last = new Set(this.#last);
    const meant = { chosen: (/** @type {number} */ id) => chosen.has(id), last: (/** @type {number} */ id) => last.has(id), found: (/** @type {number} */ id) => matches?.has(id), all: () => true };
    return followersOf(order.filter(meant[where]), Number(this.#leader.value), (id) => this.model.takesInput(id));
  }

  #refresh() {
    const { chosen, matches } = this.model;
    const count = (/** @type {Where} */ where) => formatCount(this.#followers(where).length);
    const options = [
      { value: 'chosen', text: chosen.size > 0 ? t('many.chosen', { count: count('chosen') }) : t('many.chosen-none'), on: this.#where === 'chosen', off: chosen.size === 0 },
      ...(this.#last.length > 0 ? [{ value: 'last', text: t('many.last', { count: count('last') }), on: this.#where === 'last' }] : []),
      { value: 'found', text: matches ? t('work.found', { count: count('found') }) : t('work.found-none'), on: this.#where === 'found', off: !matches },
      { value: 'all', text: t('many.all', { count: count('all') }), on: this.#where === 'all' },
    ];
    this.#places.replaceChildren(
      choice(t('many.followers'), 'many-where', options, (value) => {
        this.#where = /** @type {Where} */ (value);
        this.#refreshButton();
      }),
    );
    this.#refreshButton();
  }

  #refreshButton() {
    const { length } = this.#followers(this.#where);
    setText(this.#go, length === 0 ? t('many.go-none') : t('many.go', { count: formatCount(length + 1) }));
    this.#go.disabled = length === 0;
  }
}
