/** Where a tile runs, what draws it and whence it comes: names and values that change while one looks. */

import * as api from './api.js';
import { button, make, setText } from './dom.js';
import { formatCount } from './format.js';
import { factsOf } from './gl.js';
import { isDisplay } from './model.js';
import { t } from './text.js';

/** @typedef {import('./model.js').Tile} Tile */

const DIGEST_SHOWN = 12;

/** Return an image as people tell it from others: its name and the beginning of its digest. Pure. */
export function imageWords(/** @type {string|null|undefined} */ image, /** @type {Record<string, string>|undefined} */ images) {
  if (!image) return '';
  const all = Object.entries(images ?? {});
  const bare = (/** @type {string} */ path) => path.replace(/^.*\//, '').replace(/\.sif$/, '');
  const [, digest] = all.find(([path]) => path === image) ?? all.find(([path]) => bare(path) === bare(image)) ?? [];
  const short = digest?.replace(/^(sha256:)?(.*)$/, (_, kind, rest) => `${kind ?? ''}${rest.slice(0, DIGEST_SHOWN)}`);
  return [bare(image), short].filter(Boolean).join(' · ');
}

export class Facts {
  #display = make('dl', {});
  #run = make('dl', {});
  #said = make('p', { class: 'said', role: 'status' });
  #stop = button(t('facts.stop-all'), () => this.#ask());
  #question = make('div', { class: 'actions' }, this.#stop, this.#said);
  elements = [make('h3', {}, t('facts.display')), this.#display, make('h3', {}, t('facts.run')), this.#run, this.#question];
  /** @type {Tile|null} */ #tile = null;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
  }

  /** @param {Tile} tile */
  refresh(tile) {
    if (this.#tile?.id !== tile.id) this.#settle();
    this.#tile = tile;
    const set = this.model.sets.get(tile.set);
    fill(this.#display, [
      [t('facts.node'), tile.node ?? t('facts.unknown')],
      ...(isDisplay(tile) ? factsOf(tile) : []),
      [t('facts.size'), tile.width ? `${tile.width} × ${tile.height} px` : '–'],
      [t('facts.frames'), formatCount(tile.frames)],
    ]);
    fill(this.#run, [
      [t('facts.case'), set?.case ?? '–'],
      [t('facts.image'), imageWords(tile.image, set?.images)],
      [t('facts.job'), tile.job ?? '–'],
    ]);
    this.#stop.hidden = tile.job === null || !this.model.may('act') || this.model.isOver(tile);
  }

  #settle() {
    setText(this.#said, '');
    this.#question.replaceChildren(this.#stop, this.#said);
  }

  /** A job's end cannot be taken back: ask in place. */
  #ask() {
    const tile = this.#tile;
    if (!tile || tile.job === null) return;
    const { job } = tile;
    const count = [...this.model.tiles.values()].filter((other) => other.job === job).length;
    const text = t('facts.end-ask', { job, n: count });
    const back = () => {
      this.#settle();
      this.#stop.focus();
    };
    const end = button(t('facts.end'), () => {
      this.#settle();
      const say = (/** @type {string} */ words) => this.#tile?.id === tile.id && setText(this.#said, words); // not under another tile
      say(t('facts.ending'));
      api.stopJob(job).then(() => say(''), (error) => say(error.message));
    }, { class: 'primary' });
    const buttons = make('div', { class: 'buttons' }, end, button(t('facts.leave'), back));
    this.#question.replaceChildren(make('div', { class: 'question', role: 'group', 'aria-label': text }, make('p', {}, text), buttons));
    end.focus();
  }
}

/** Bring a list of names and values up to date; what is the same stays as it is. @param {HTMLElement} list @param {[string, string][]} facts */
function fill(list, facts) {
  const shown = facts.filter(([, value]) => value !== '');
  const names = shown.map(([name]) => name).join('|');
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(...shown.map(([name]) => make('div', { class: 'row plain' }, make('dt', {}, name), make('dd', {}))));
  }
  shown.forEach(([, value], i) => setText(/** @type {Element} */ (list.children[i].lastElementChild), value));
}
