/**
 * The wall against a reference: every tile shows how its picture differs from that of one tile. For all who are in the session; a line below says
 * from which and what the colours mean. The pictures are made in the worker (wall-against.js).
 */

import { announce } from './announce.js';
import { DifferenceControls } from './difference-controls.js';
import { button, byId, make, setText } from './dom.js';
import { same } from './stage-scene.js';
import { t } from './text.js';

/** @typedef {import('./wall-against.js').Reference} Reference */

const PLAIN = { way: /** @type {const} */ ('absolute'), scale: 1 };

/** Return the reference, if it is on this wall. @param {import('./model.js').Model} model @returns {Reference|null} */
export function referenceOf({ room, tiles }) {
  const said = room.document.get('reference');
  return said && tiles.has(said.tile) ? said : null;
}

/**
 * Return marks with that of the reference, where nothing else is said of it. Pure.
 * @param {Map<number, import('./wall-mark.js').Mark>} marks @param {number|null} tile @returns {Map<number, import('./wall-mark.js').Mark>}
 */
export const withReference = (marks, tile) => (tile === null || marks.has(tile) ? marks : new Map([...marks, [tile, /** @type {const} */ ('reference')]]));

class ReferenceLine {
  #place = byId('reference-line', HTMLElement);
  #words = make('span', { class: 'what', role: 'status' });
  #controls;
  #away = button(t('reference.away'), () => this.set(null));
  #line;
  /** @type {Reference|null} */ #told = null;

  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
    this.#controls = new DifferenceControls(({ kind, factor }) => {
      const now = referenceOf(model);
      if (now) this.set({ ...now, way: kind ?? now.way, scale: factor ?? now.scale });
    });
    this.#line = make('p', { class: 'reference-line', role: 'group', 'aria-label': t('reference.title') }, this.#words, this.#controls.element, this.#controls.legend, this.#away);
    for (const type of ['wall', 'me', 'tiles']) model.addEventListener(type, () => this.#show());
    model.room.addEventListener('change', () => this.#show());
  }

  /** @param {Reference|null} reference */
  set(reference) {
    this.model.room.set([['reference', reference]], 'reference');
  }

  /** Hold the wall against the tile in focus, or no longer against any. */
  toggle() {
    const { focus, tiles } = this.model;
    const now = referenceOf(this.model);
    if (focus === null) return;
    if (now?.tile === focus) {
      this.set(null);
      return announce(t('reference.gone'));
    }
    this.set({ ...PLAIN, ...now, tile: focus });
    announce(t('reference.set', { title: tiles.get(focus)?.title ?? '' }), { quiet: true });
  }

  #show() {
    const { model, stage } = this;
    const now = referenceOf(model);
    if (!same(now, this.#told)) {
      const marked = now?.tile !== this.#told?.tile;
      this.#told = now;
      stage.connection.tell({ type: 'reference', reference: now });
      if (marked) stage.mark();
      stage.demandSoon();
    }
    if (!now) {
      const held = this.#place.contains(document.activeElement);
      this.#place.replaceChildren();
      if (held && model.focus !== null) stage.cells.focus(model.focus);
      return;
    }
    const may = model.may('arrange');
    setText(this.#words, t('reference.line', { title: model.tiles.get(now.tile)?.title ?? '' }));
    this.#controls.show(now.way, now.scale, may);
    this.#away.hidden = !may;
    if (!this.#line.isConnected) this.#place.append(this.#line);
  }
}

/**
 * Make the reference a part of the page.
 * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @returns {import('./commands.js').Command[]}
 */
export function referring(model, stage) {
  const line = new ReferenceLine(model, stage);
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  const there = () => referenceOf(model) !== null;
  const change = (/** @type {(now: Reference) => Reference} */ how) => () => {
    const now = referenceOf(model);
    if (now) line.set(how(now));
  };
  return [
    { ...common, id: 'reference', label: () => t('reference.command'), keys: ['Y'], enabled: () => model.focus !== null, run: () => line.toggle() },
    { ...common, id: 'reference-away', label: () => t('reference.command-away'), enabled: there, run: () => line.set(null) },
    { ...common, id: 'reference-way', label: () => t('reference.command-way'), enabled: there, run: change((now) => ({ ...now, way: now.way === 'signed' ? 'absolute' : 'signed' })) },
    { ...common, id: 'reference-stronger', label: () => t('reference.command-stronger'), enabled: () => there() && (referenceOf(model)?.scale ?? 32) < 32, run: change((now) => ({ ...now, scale: now.scale * 2 })) },
    { ...common, id: 'reference-weaker', label: () => t('reference.command-weaker'), enabled: () => there() && (referenceOf(model)?.scale ?? 1) > 1, run: change((now) => ({ ...now, scale: now.scale / 2 })) },
  ];
}
