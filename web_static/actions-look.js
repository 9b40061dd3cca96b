/** How one tile looks on the wall: turned, see-through, drawn on, noted, hidden; with a code for phones. For all in the session. */

import { button, make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./model.js').Tile} Tile */

export class LookActions {
  #opacity = make('input', { type: 'range', min: '0', max: '1', step: '0.05', id: 'tile-opacity' });
  #rotate = button(t('look.rotate'), () => this.#run('rotate'), { title: t('look.rotate-title') });
  #refresh = button(t('look.refresh'), () => this.#run('refresh'), { title: t('look.refresh-title') });
  #draw = button(t('look.draw'), () => this.#run('draw'), { title: t('look.draw-title') });
  #code = button(t('look.code'), () => this.#run('code'), { title: t('look.code-title') });
  #hide = button(t('look.hide'), () => this.#run('hide'), { title: t('look.hide-title') });
  #seen = make('div', { class: 'opacity' }, make('label', { for: 'tile-opacity' }, t('look.opacity')), this.#opacity);
  element = make('div', { class: 'actions look-actions' }, make('div', { class: 'buttons', role: 'group', 'aria-label': t('look.title') }, this.#rotate, this.#refresh, this.#draw, this.#code, this.#hide), this.#seen);
  /** @type {Tile|null} */ #tile = null;

  /** @param {import('./model.js').Model} model @param {Record<'rotate'|'refresh'|'draw'|'code'|'hide', (tile: number) => void>} does */
  constructor(model, does) {
    this.model = model;
    this.does = does;
    this.#opacity.addEventListener('change', () => this.#see());
  }

  /** @param {'rotate'|'refresh'|'draw'|'code'|'hide'} what */
  #run(what) {
    if (this.#tile) this.does[what](this.#tile.id);
  }

  #see() {
    const value = Number(this.#opacity.value);
    if (this.#tile) this.model.room.set([[`tile/${this.#tile.id}/opacity`, value >= 1 ? null : value]], 'opacity');
  }

  /** @param {Tile} tile */
  refresh(tile) {
    this.#tile = tile;
    const may = this.model.may('arrange');
    for (const each of [this.#rotate, this.#draw, this.#hide, this.#seen]) each.hidden = !may;
    this.#refresh.hidden = this.model.stateOf(tile) !== 'live';
    if (document.activeElement !== this.#opacity || !this.#opacity.matches(':active')) this.#opacity.value = String(this.model.room.document.get(`tile/${tile.id}/opacity`) ?? 1);
  }
}
