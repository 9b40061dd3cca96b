/** A movie of the wall, of the tile in focus, or of the one that is open: begun and ended by a key, with a red mark meanwhile, saved as a file. */

import { announce } from './announce.js';
import { button, byId, make, saveFile, setText } from './dom.js';
import { canRecord, FRAME_MS, Recorder } from './recorder.js';
import { fileName } from './take-away.js';
import { t } from './text.js';

const LONGEST_S = 600;
const TICK_MS = 250;

/** Return seconds as they stand on a clock. Pure. @param {number} seconds */
export const clockOf = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, '0')}`;

/** Return a moment as it stands in the name of a file. Pure. @param {Date} at */
export function stampOf(at) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}.${two(at.getMinutes())}.${two(at.getSeconds())}`;
}

/** @typedef {{end: () => Promise<{movie: Blob|null, problem: string}>}} Running  problem: why it ended before, '' if it did not */

class Film {
  /** @type {Running|null} */ #running = null;
  #busy = false; // it is just begun, or ended
  #ofOpened = false;
  #since = 0;
  #timer = 0;
  #words = make('span', { class: 'what' });
  #line = make('p', { class: 'recording', role: 'group', 'aria-label': t('movie.recording-label') }, make('span', { class: 'record-mark', 'aria-hidden': 'true' }, '●'), this.#words, button(t('movie.stop'), () => void this.end()));

  /** @param {import('./model.js').Model} model @param {import('./connection.js').Connection} connection @param {import('./focus.js').Focus} focus */
  constructor(model, connection, focus) {
    this.model = model;
    this.connection = connection;
    this.focus = focus;
    focus.addEventListener('change', () => this.#ofOpened && void this.end());
  }

  get on() {
    return this.#running !== null;
  }

  toggle() {
    if (this.on) void this.end();
    else void this.begin(null);
  }

  /** @param {number|null} tile  of the wall; null: what is shown, the wall or the tile that is open */
  async begin(tile) {
    if (this.on || this.#busy) return;
    this.#busy = true;
    this.#ofOpened = this.focus.id !== null;
    this.#running = this.#ofOpened ? await this.#beginHere() : await this.#beginOnWall(tile);
    this.#busy = false;
    if (!this.#running) return announce(t(canRecord() ? 'movie.nothing' : 'movie.cannot'));
    this.#since = Date.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
    byId('recording', HTMLElement).append(this.#line);
    this.focus.recording(true);
    announce(t('movie.begun'), { quiet: true });
  }

  /** @param {number|null} tile @returns {Promise<Running|null>} */
  async #beginOnWall(tile) {
    return (await this.connection.film(tile)) ? { end: () => this.connection.filmed() } : null;
  }

  /** Of the tile that is open the page itself has the picture. @returns {Promise<Running|null>} */
  async #beginHere() {
    const screen = byId('focus', HTMLElement);
    const source = () => {
      const canvas = /** @type {HTMLCanvasElement|null} */ (screen.querySelector('.remote canvas') ?? screen.querySelector('canvas.still'));
      return canvas && canvas.width > 0 ? { image: canvas, x: 0, y: 0, width: canvas.width, height: canvas.height } : null;
    };
    const recorder = await Recorder.begin(source);
    if (!recorder) return null;
    const drawing = setInterval(() => recorder.frame(), FRAME_MS);
    return {
      end: async () => {
        clearInterval(drawing);
        return { movie: await recorder.stop(), problem: recorder.problem };
      },
    };
  }

  #tick() {
    const seconds = (Date.now() - this.#since) / 1000;
    setText(this.#words, t('movie.recording', { time: clockOf(seconds) }));
    if (seconds >= LONGEST_S) void this.end(true);
  }

  /** @param {boolean} [longest] it is as long as one may be */
  async end(longest = false) {
    const running = this.#running;
    if (!running || this.#busy) return;
    this.#busy = true;
    clearInterval(this.#timer);
    this.#line.remove();
    this.focus.recording(false);
    const { movie, problem } = await running.end();
    this.#running = null;
    this.#busy = false;
    this.#ofOpened = false;
    const name = fileName(`${this.model.me.title || this.model.session} ${stampOf(new Date(this.#since))}`, '.webm');
    if (movie) saveFile(movie, name);
    if (problem) announce(t('movie.failed', { why: problem }));
    else announce(t(longest ? 'movie.longest' : 'movie.saved', { name }));
  }
}

/**
 * @param {import('./model.js').Model} model @param {import('./connection.js').Connection} connection @param {import('./focus.js').Focus} focus
 * @returns {import('./commands.js').Command[]}
 */
export function filmCommands(model, connection, focus) {
  const film = new Film(model, connection, focus);
  focus.movie = () => film.toggle();
  const needs = /** @type {const} */ ('read');
  return [
    { id: 'movie', label: () => t(film.on ? 'movie.end' : 'movie.command'), group: 'session', keys: ['Shift+M'], needs, enabled: () => film.on || model.order.length > 0, run: () => film.toggle() },
    { id: 'movie-tile', label: () => t('movie.tile'), group: 'tiles', needs, enabled: () => !film.on && model.focus !== null, run: () => void film.begin(model.focus) },
  ];
}
