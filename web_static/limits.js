/** A job's time limit, told in a thin line over the wall when it is near, and counted down. */

import { button, byId, make, setText } from './dom.js';
import { partsOf, t } from './text.js';
import { ahead, clock, nowSeconds } from './times.js';

/** @typedef {import('./model.js').TileSet} TileSet */

/** Return the sets whose time limit is to be told now. Pure. */
export function nearEnd(/** @type {Iterable<TileSet>} */ sets, /** @type {number} */ now) {
  return [...sets].filter(({ state, ends, warns }) => ends && warns && now >= warns && state === 'running');
}

/** Return the words of a limit in four parts: what, what is with it, how long, when. Pure. @returns {string[]} */
export function limitWords(/** @type {TileSet} */ { title, ends }, /** @type {number} */ now) {
  const end = ends ?? now;
  const at = clock(end, now);
  if (end <= now) return [...partsOf('limit.reached', { title }, { at }).slice(1), '', ''];
  return partsOf('limit.ends', { title, in: t('limit.in', { wait: ahead(end, now) }) }, { at }).slice(1);
}

export class Limits {
  #place = byId('limits', HTMLElement);
  /** @type {Set<string>} closed by the person: told again only for another time */ #closed = new Set();
  /** @type {Map<string, HTMLElement>} */ #lines = new Map();

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    model.addEventListener('wall', () => this.tick());
  }

  /** Bring the lines up to this minute. */
  tick() {
    const now = nowSeconds();
    const near = new Map(nearEnd(this.model.sets.values(), now).map((set) => [`${set.id} ${set.ends}`, set]));
    for (const [key, line] of this.#lines) {
      if (near.has(key) && !this.#closed.has(key)) continue;
      line.remove();
      this.#lines.delete(key);
    }
    for (const [key, set] of near) if (!this.#closed.has(key)) this.#show(key, limitWords(set, now));
  }

  /** @param {string} key @param {string[]} words */
  #show(key, words) {
    let line = this.#lines.get(key);
    if (!line) {
      const close = button(t('page.close'), () => {
        this.#closed.add(key);
        this.tick();
      });
      // The line is read aloud when it comes, and not each time that the time in it changes.
      const timer = make('b', { role: 'timer', 'aria-live': 'off' });
      line = make('p', { role: 'status' }, make('span', { class: 'what' }), make('span', {}), timer, make('span', {}), close);
      this.#lines.set(key, line);
      this.#place.append(line);
    }
    words.forEach((text, i) => setText(/** @type {HTMLElement} */ (line).children[i], text));
  }
}
