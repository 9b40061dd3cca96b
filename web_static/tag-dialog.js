/** The small dialog of tags: those of some tiles, what a tag is merged into, its colour. */

import { announce } from './announce.js';
import { button, byId, make } from './dom.js';
import { HUES, huesNow, inTheme } from './hues.js';
import * as acts from './tag-acts.js';
import { shapeMark, tagField, tagMark, tagWords } from './tag-mark.js';
import { tagsHere } from './tags.js';
import { t } from './text.js';

export class TagDialog {
  #dialog = make('dialog', { class: 'tag-dialog', 'aria-labelledby': 'tag-title' });
  /** @type {() => void} */ #refresh = () => {};

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    byId('app', HTMLElement).append(this.#dialog);
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
    for (const type of ['wall', 'tiles']) model.addEventListener(type, () => this.#again());
    model.room.addEventListener('change', () => this.#again());
  }

  #again() {
    if (this.#dialog.open) this.#refresh();
  }

  /** @param {string} title @param {() => unknown} key what `refresh` shows, as JSON: it is called when that is another @param {() => void} refresh @param {...HTMLElement} content */
  #show(title, key, refresh, ...content) {
    let shown = '';
    this.#refresh = () => {
      const now = JSON.stringify([huesNow(), key()]);
      if (now === shown) return;
      shown = now;
      refresh();
    };
    const close = button(t('page.close'), () => this.#dialog.close());
    this.#dialog.replaceChildren(make('header', {}, make('h2', { id: 'tag-title' }, title), close), ...content);
    this.#refresh();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** Show the tags of tiles, to add and to take off. @param {number[]} ids */
  edit(ids) {
    const { model } = this;
    const title = ids.length === 1 ? t('tags.of-one', { title: model.tiles.get(ids[0])?.title ?? '' }) : t('tags.of', { n: ids.length });
    const list = make('ul', { class: 'tag-list', 'aria-label': t('tags.has') });
    const add = (/** @type {string} */ name) => {
      model.room.set(acts.putOn(model, ids, name), 'tag');
      announce(t('tags.added', { tag: name, n: ids.length }), { quiet: true });
    };
    const field = tagField(model, t('tags.add'), add);
    const having = () =>
      [...tagsHere(model).values()].flatMap((tag) => {
        const { length } = ids.filter((id) => tag.ids.includes(id));
        return length > 0 ? [{ tag, length }] : [];
      });
    const key = () => having().map(({ tag: { name, colour, shape }, length }) => [name, colour, shape, length]);
    const refresh = () => {
      const rows = having();
      list.replaceChildren(
        ...rows.map(({ tag, length }) => {
          const name = tagWords(tag.tag);
          const some = length < ids.length ? [make('span', { class: 'small' }, t('tags.some', { n: length, all: ids.length }))] : [];
          const remove = () => {
            model.room.set(acts.takeOff(model, ids, tag.name), 'tag');
            field.input.focus();
          };
          return make('li', {}, tagMark(tag), make('span', { class: 'words' }, name), ...some, button(t('tags.remove'), remove, { 'aria-label': t('tags.remove-name', { tag: name }) }));
        }),
        ...(rows.length === 0 ? [make('li', { class: 'small' }, t('tags.none'))] : []),
      );
    };
    field.element.append(button(t('tags.do-add'), () => field.enter(), { class: 'primary' }));
    this.#show(title, key, refresh, field.element, list, make('p', { class: 'small' }, t('tags.how')));
    field.input.focus();
  }

  /** Ask what a tag is merged into. @param {string} name */
  merge(name) {
    const { model } = this;
    const tag = tagsHere(model).get(name);
    if (!tag) return;
    const into = (/** @type {string} */ wanted) => {
      this.#dialog.close();
      const set = acts.merge(model, name, wanted);
      model.room.set(set, 'tag-merge');
      if (set.length > 0) announce(t('tags.merged', { tag: name, into: wanted }));
    };
    const other = (/** @type {string} */ each) => each !== name;
    const field = tagField(model, t('tags.into'), into, { offered: other, meant: other }); // its own capitals can be others
    field.element.append(button(t('tags.do-merge'), () => field.enter(), { class: 'primary' }));
    this.#show(t('tags.merge-title', { tag: tagWords(tag.tag) }), () => null, () => {}, field.element, make('p', { class: 'small' }, t('tags.merge-how')));
    field.input.focus();
  }

  /** Ask for the colour of a tag. @param {string} name */
  paint(name) {
    const { model } = this;
    const swatches = make('div', { class: 'swatches', role: 'group', 'aria-label': t('tags.colours') });
    const custom = make('input', { type: 'color', 'aria-label': t('tags.other-colour') });
    const paint = (/** @type {string|null} */ colour) => model.room.set(acts.paint(name, colour), 'tag-colour');
    custom.addEventListener('change', () => paint(custom.value));
    const buttons = HUES.map((hue, i) => button('', () => paint(hue), { 'aria-label': t('tags.colour-number', { n: i + 1 }) }));
    swatches.append(...buttons);
    const refresh = () => {
      const tag = tagsHere(model).get(name);
      if (!tag) return this.#dialog.close();
      custom.value = inTheme(tag.colour);
      buttons.forEach((each, i) => {
        each.replaceChildren(shapeMark(inTheme(HUES[i]), tag.shape));
        each.setAttribute('aria-pressed', String(tag.colour === HUES[i]));
      });
    };
    const label = make('label', { class: 'custom' }, t('tags.other-colour'), custom);
    this.#show(t('tags.colour-title', { tag: tagsHere(model).get(name)?.tag.label ?? name }), () => tagsHere(model).get(name) ?? null, refresh, swatches, make('div', { class: 'buttons' }, label, button(t('tags.own-colour'), () => paint(null))));
  }
}
