/** The tags of the tile in focus, in the panel: to read, to take off, to add. */

import { button, make } from './dom.js';
import { huesNow } from './hues.js';
import * as acts from './tag-acts.js';
import { tagField, tagMark, tagWords } from './tag-mark.js';
import { tagsHere, tagsOf } from './tags.js';
import { t } from './text.js';

export class TagSection {
  #list = make('ul', { class: 'tags', 'aria-label': t('tags.title') });
  #field;
  #shown = '';
  /** @type {number|null} */ #tile = null;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.#field = tagField(model, t('tags.add'), (name) => this.#add(name), { offered: (name) => !this.#names().includes(name) });
    this.element = make('section', { class: 'tag-section', 'aria-label': t('tags.title') }, make('h3', {}, t('tags.title')), this.#list, this.#field.element);
    model.room.addEventListener('change', () => {
      const tile = this.#tile === null ? undefined : model.tiles.get(this.#tile);
      if (tile) this.refresh(tile);
    });
  }

  #names() {
    const tile = this.#tile === null ? undefined : this.model.tiles.get(this.#tile);
    return tile ? tagsOf(tile, this.model.room.document) : [];
  }

  #add(/** @type {string} */ name) {
    if (this.#tile !== null) this.model.room.set(acts.putOn(this.model, [this.#tile], name), 'tag');
  }

  /** @param {import('./model.js').Tile} tile */
  refresh(tile) {
    this.#tile = tile.id;
    const may = this.model.may('arrange');
    const here = tagsHere(this.model);
    const tags = this.#names().flatMap((name) => here.get(name) ?? []);
    this.element.hidden = tags.length === 0 && !may;
    this.#field.element.hidden = !may;
    const key = JSON.stringify([tile.id, may, huesNow(), tags.map(({ name, colour, shape }) => [name, colour, shape])]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#list.replaceChildren(
      ...tags.map((tag) => {
        const name = tagWords(tag.tag);
        const remove = () => {
          this.model.room.set(acts.takeOff(this.model, [tile.id], tag.name), 'tag');
          this.#field.input.focus();
        };
        const off = may ? [button('×', remove, { 'aria-label': t('tags.remove-name', { tag: name }), title: t('tags.remove-name', { tag: name }) })] : [];
        return make('li', {}, tagMark(tag), make('span', {}, name), ...off);
      }),
    );
    this.#list.hidden = tags.length === 0;
  }
}
