/**
 * What can be done with a tile: buttons, a question before what cannot be taken back, and what came of it.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./work.js').Kind} Kind
 */

import * as api from './api.js';
import { button, make, setText } from './dom.js';
import { isDisplay } from './model.js';
import { t } from './text.js';

export class Actions {
  element = make('div', { class: 'actions' });
  #said = make('p', { class: 'said', role: 'status' });
  #shown = '';
  /** @type {number|null} */ #tile = null;

  /** @param {import('./model.js').Model} model @param {(kind: Kind, tile: number) => void} work opens the dialog for what needs words */
  constructor(model, work) {
    this.model = model;
    this.work = work;
  }

  /** Show what can be done with a tile as it is now. @param {Tile} tile */
  refresh(tile) {
    const over = this.model.isOver(tile);
    const key = JSON.stringify([tile.id, this.model.stateOf(tile), over, this.model.me]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#tile = tile.id;
    setText(this.#said, '');
    this.#buttons(tile, over);
  }

  /** @param {Tile} tile @param {boolean} over */
  #buttons(tile, over) {
    const { id, state } = tile;
    const now = () => this.model.tiles.get(id) ?? tile; // its title may be another since
    const ended = state === 'failed' || state === 'stopped';
    const runs = state === 'live' || state === 'starting';
    const works = state === 'live' && isDisplay(tile);
    const again = () => (over ? this.#askAgain(now()) : void this.#do(now(), t('tile.starting'), () => api.restart([id])));
    const turn = button(t(this.model.off.has(id) ? 'tile.turn-on' : 'tile.turn-off'), () => this.model.turn(id), this.model.off.has(id) ? { class: 'primary' } : {});
    const operate = [
      ...(ended || runs ? [button(t('tile.start'), again, ended ? { class: 'primary' } : {})] : []),
      ...(runs && !over ? [button(t('tile.stop'), () => void this.#do(now(), t('tile.stopping'), () => api.stop([id])))] : []),
      ...(works ? [button(t('tile.size'), () => this.work('size', id)), button(t('tile.run'), () => this.work('run', id))] : []),
      button(t('tile.remove'), () => this.#askRemove(now())),
    ];
    const buttons = [...(runs && this.model.may('arrange') ? [turn] : []), ...(this.model.may('act') ? operate : [])];
    const group = make('div', { class: 'buttons', role: 'group', 'aria-label': t('tile.actions') }, ...buttons);
    this.element.replaceChildren(...(buttons.length > 0 ? [group] : []), this.#said);
  }

  /** @param {Tile} tile */
  #askAgain(tile) {
    const set = this.model.sets.get(tile.set);
    const count = [...this.model.tiles.values()].filter((other) => other.set === tile.set).length;
    const text = t('tile.again-ask', { n: count, title: set?.title ?? tile.title });
    const { job } = tile;
    if (job === null) return;
    this.#ask(tile, text, t('tile.again', { n: count }), t('tile.launching'), async () => {
      await api.launchAgain(job);
      return [];
    });
  }

  /** @param {Tile} tile */
  #askRemove(tile) {
    const runs = tile.state === 'live' || tile.state === 'starting';
    this.#ask(tile, t(runs ? 'tile.remove-ends' : 'tile.remove-ask', { title: tile.title }), t('tile.remove-it'), t('tile.removing'), () => api.remove([tile.id]));
  }

  /**
   * Ask in place, before it is done.
   * @param {Tile} tile @param {string} text @param {string} yes @param {string} doing @param {() => Promise<api.Result[]>} run
   */
  #ask(tile, text, yes, doing, run) {
    const back = () => {
      this.#shown = '';
      this.refresh(this.model.tiles.get(tile.id) ?? tile);
      this.element.querySelector('button')?.focus();
    };
    const go = button(yes, () => void this.#do(tile, doing, run), { class: 'primary' });
    const question = make(
      'div',
      { class: 'question', role: 'group', 'aria-label': text },
      make('p', {}, text),
      make('div', { class: 'buttons' }, go, button(t('tile.leave'), back)),
    );
    this.element.replaceChildren(question, this.#said);
    go.focus();
  }

  /** Do it, and say what came of it while the tile is still the one that is shown. @param {Tile} tile @param {string} doing @param {() => Promise<api.Result[]>} run */
  async #do(tile, doing, run) {
    this.#buttons(tile, this.model.isOver(tile));
    const buttons = [...this.element.querySelectorAll('button')];
    for (const each of buttons) each.disabled = true;
    this.#say(doing, false);
    const problem = await run().then((results) => results.find(({ error }) => error)?.error ?? '', (error) => (error instanceof Error ? error.message : String(error)));
    if (this.#tile === tile.id) this.#say(problem, problem !== '');
    for (const each of buttons) each.disabled = false;
  }

  /** @param {string} text @param {boolean} bad */
  #say(text, bad) {
    this.#said.classList.toggle('problem', bad);
    setText(this.#said, text);
  }
}
