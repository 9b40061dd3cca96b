/** A tile without a display in full: its picture, with the controls of its clock; or its page. */

import * as api from './api.js';
import { button, make, setText } from './dom.js';
import { firstOf, goesOn, placeOf, placeWords, stepFrom } from './media-clock.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';

/** @typedef {import('./model.js').Tile} Tile */

const EVERY_MS = 80; // the node's pictures are looked at anew
const RATES = [0.25, 0.5, 1, 2, 4];

export class FocusMedia {
  /** @type {Tile|null} */ #tile = null;
  #timer = 0;
  #play = button('', () => this.#toggle(), { class: 'primary' });
  #back = button(t('media.back'), () => this.#step(-1));
  #on = button(t('media.on'), () => this.#step(1));
  #slider = make('input', { type: 'range', 'aria-label': t('media.place'), min: '0', step: 'any' });
  #rate = make('select', { 'aria-label': t('media.rate') }, ...RATES.map((rate) => make('option', { value: String(rate) }, `${rate} ×`)));
  #words = make('output', { class: 'place' });
  #problem = make('span', { class: 'problem', role: 'status' });
  #controls = make('div', { class: 'media-controls', role: 'group', 'aria-label': t('media.controls') }, this.#play, this.#back, this.#on, this.#slider, this.#words, this.#rate, this.#problem);
  #page = make('div', { class: 'media-page' });
  elements = [this.#page, this.#controls];

  /**
   * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
   * @param {(tile: Tile) => Promise<void>} draw  draws the newest picture of the tile
   */
  constructor(model, stage, draw) {
    this.model = model;
    this.stage = stage;
    this.draw = draw;
    this.#controls.hidden = this.#page.hidden = true;
    this.#slider.addEventListener('input', () => this.#go(Number(this.#slider.value), false));
    this.#rate.addEventListener('change', () => this.#go(this.#place(), this.#plays()));
  }

  /** Show a tile, or what is new of it. @param {Tile} tile */
  show(tile) {
    const before = this.#tile;
    this.#tile = tile;
    if (tile.kind === 'page') {
      if (before?.id !== tile.id || before.media?.framing !== tile.media?.framing) this.#showPage(tile);
      return;
    }
    this.#controls.hidden = !tile.media?.clock;
    if (before?.id !== tile.id) {
      this.#rate.value = String(RATES.includes(tile.media?.play?.rate ?? 1) ? (tile.media?.play?.rate ?? 1) : 1);
      this.stage.alone = { id: tile.id, width: tile.width, height: tile.height };
      this.stage.demandSoon(0);
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#look(), EVERY_MS);
    }
    this.#refresh();
  }

  #look() {
    if (!this.#tile || document.hidden) return;
    void this.draw(this.#tile);
    this.#refresh();
  }

  /** @param {Tile} tile */
  #showPage(tile) {
    const { url = '', framing, why = '' } = tile.media ?? {};
    const link = make('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, t('media.new-tab'));
    const frame = () => make('iframe', { src: url, title: tile.title, sandbox: 'allow-scripts allow-same-origin allow-forms', referrerpolicy: 'no-referrer' });
    this.#page.replaceChildren(...(framing === 'refused' ? [make('p', {}, t('media.refused', { why }), ' ', link)] : framing ? [frame()] : []));
    this.#page.hidden = false;
  }

  #refresh() {
    const { media } = this.#tile ?? {};
    if (!media?.clock) return;
    const place = this.#place();
    setText(this.#play, t(this.#plays() ? 'media.pause' : 'media.play'));
    this.#slider.min = String(firstOf(media));
    this.#slider.max = String(media.length ?? 0);
    if (document.activeElement !== this.#slider || this.#plays()) this.#slider.value = String(place);
    const said = t(media.clock === 'pages' ? 'media.page' : 'media.time', { at: placeWords(media, place), all: placeWords(media, media.length ?? 0) });
    setText(this.#words, said);
    this.#slider.setAttribute('aria-valuetext', said);
    const may = this.model.may('arrange');
    for (const each of [this.#play, this.#back, this.#on, this.#slider, this.#rate]) each.disabled = !may;
  }

  #place = () => placeOf(this.#tile?.media ?? {}, nowSeconds());
  #plays = () => goesOn(this.#tile?.media ?? {}, nowSeconds());

  #toggle() {
    const media = this.#tile?.media;
    if (!media) return;
    const plays = this.#plays();
    const atEnd = this.#place() >= (media.length ?? 0);
    this.#go(!plays && atEnd ? firstOf(media) : this.#place(), !plays);
  }

  /** @param {1|-1} way */
  #step(way) {
    if (this.#tile?.media) this.#go(stepFrom(this.#tile.media, nowSeconds(), way), false);
  }

  /** Show a place to everybody, and go on from there or not. @param {number} at @param {boolean} playing */
  #go(at, playing) {
    const tile = this.#tile;
    if (!tile?.media || !this.model.may('arrange')) return;
    const rate = Number(this.#rate.value);
    this.#tile = { ...tile, media: { ...tile.media, play: { at, since: playing ? nowSeconds() : null, rate } } };
    this.#refresh();
    const said = (/** @type {string} */ error) => setText(this.#problem, error);
    void api.play([tile.id], { at, playing, rate }).then(([result]) => said(result.error), (error) => said(error.message));
  }

  /** Take a key of the tile's clock; return whether it was one. @param {KeyboardEvent} event */
  key(event) {
    if (this.#controls.hidden || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.target instanceof Element && event.target.closest('button, input, select, textarea, a, iframe')) return false;
    if (event.key === ' ') this.#toggle();
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') this.#step(event.key === 'ArrowRight' ? 1 : -1);
    else return false;
    return true;
  }

  /** Show nothing any more. */
  close() {
    if (!this.#tile) return;
    this.#tile = null;
    clearInterval(this.#timer);
    this.stage.alone = null;
    this.#controls.hidden = this.#page.hidden = true;
    this.#page.replaceChildren();
    setText(this.#problem, '');
  }
}
