/** A tile without a display in full: its picture, with the controls of its clock; or its page. */

import * as api from './api.js';
import { button, make, setText } from './dom.js';
import { firstOf, goesOn, placeOf, placeWords, stepFrom } from './media-clock.js';
import { Newest } from './newest.js';
import { t } from './text.js';
import { nowSeconds } from './times.js';

/** @typedef {import('./model.js').Tile} Tile */

const EVERY_MS = 80; // the node's pictures are looked at anew
const RATES = [0.25, 0.5, 1, 2, 4];

/** @typedef {import('./media-clock.js').Play} Play */

export class FocusMedia {
  /** @type {Tile|null} */ #tile = null;
  /** @type {Play|null} where one put it oneself, until the portal tells where it is */ #own = null;
  #told = ''; // by the portal
  /** @type {Newest<number, Play>} */ #newest = new Newest((tile, play) => this.#send(tile, play));
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
    this.#rate.addEventListener('change', () => this.#go(this.#place(), this.#plays(), Number(this.#rate.value)));
  }

  /** Show a tile, or what is new of it. @param {Tile} tile */
  show(tile) {
    const other = this.#tile?.id !== tile.id;
    const told = JSON.stringify([tile.media?.framing, tile.media?.play]);
    const news = other || told !== this.#told; // a tile that changed is the same object as before
    this.#tile = tile;
    this.#told = told;
    if (tile.kind === 'page') {
      if (news) this.#showPage(tile);
      return;
    }
    this.#controls.hidden = !tile.media?.clock;
    if (other || (news && !this.#newest.busy)) this.#own = null;
    if (other) {
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
    const media = this.#media;
    if (!media.clock) return;
    const place = this.#place();
    setText(this.#play, t(this.#plays() ? 'media.pause' : 'media.play'));
    this.#slider.min = String(firstOf(media));
    this.#slider.max = String(media.length ?? 0);
    if (document.activeElement !== this.#slider || this.#plays()) this.#slider.value = String(place);
    this.#showRate();
    const said = t(media.clock === 'pages' ? 'media.page' : 'media.time', { at: placeWords(media, place), all: placeWords(media, media.length ?? 0) });
    setText(this.#words, said);
    this.#slider.setAttribute('aria-valuetext', said);
    const may = this.model.may('arrange');
    for (const each of [this.#play, this.#back, this.#on, this.#slider, this.#rate]) each.disabled = !may;
  }

  /** One that none of the choices is, somebody set from a terminal. */
  #showRate() {
    const value = String(this.#media.play?.rate ?? 1);
    if (![...this.#rate.options].some((option) => option.value === value)) this.#rate.append(make('option', { value }, `${value} ×`));
    if (this.#rate.value !== value) this.#rate.value = value;
  }

  get #media() {
    const { media } = this.#tile ?? {};
    return { ...media, play: this.#own ?? media?.play };
  }

  #place = () => placeOf(this.#media, nowSeconds());
  #plays = () => goesOn(this.#media, nowSeconds());

  #toggle() {
    const plays = this.#plays();
    const atEnd = this.#place() >= (this.#media.length ?? 0);
    this.#go(!plays && atEnd ? firstOf(this.#media) : this.#place(), !plays);
  }

  /** @param {1|-1} way */
  #step(way) {
    this.#go(stepFrom(this.#media, nowSeconds(), way), false);
  }

  /** Show a place to everybody, and go on from there or not. @param {number} at @param {boolean} playing @param {number} [rate] */
  #go(at, playing, rate = this.#media.play?.rate ?? 1) {
    const tile = this.#tile;
    if (!tile?.media || !this.model.may('arrange')) return;
    this.#own = { at, since: playing ? nowSeconds() : null, rate };
    this.#refresh();
    void this.#newest.put(tile.id, this.#own);
  }

  /** @param {number} tile @param {Play} play */
  async #send(tile, { at, since, rate }) {
    const error = await api.play([tile], { at, playing: since !== null, rate }).then(([result]) => result.error, ({ message }) => /** @type {string} */ (message));
    if (this.#tile?.id !== tile) return;
    setText(this.#problem, error);
    if (error) this.#own = null;
  }

  /** Take a key of the tile's clock; return whether it was one. @param {KeyboardEvent} event */
  key(event) {
    if (this.#controls.hidden || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.target instanceof Element && event.target.closest('button, input, select, textarea, a, iframe, .draw-layer, .opened-note')) return false;
    if (event.key === ' ') this.#toggle();
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') this.#step(event.key === 'ArrowRight' ? 1 : -1);
    else return false;
    return true;
  }

  /** Show nothing any more. */
  close() {
    if (!this.#tile) return;
    this.#tile = this.#own = null;
    clearInterval(this.#timer);
    this.stage.alone = null;
    this.#controls.hidden = this.#page.hidden = true;
    this.#page.replaceChildren();
    setText(this.#problem, '');
  }
}
