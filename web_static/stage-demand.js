/**
 * What the stage asks for: pictures of the tiles in sight, in the size shown, once the camera rests.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./camera.js').Rect} Rect
 */

import { toScreen } from './camera.js';
import { demandOf, sameDemand } from './demand.js';

const DEMAND_MS = 70; // after the camera's last move; at once would ask for sizes that nobody stops at
const WITH_PICTURE = ['live', 'starting'];

export class StageDemand {
  /** @type {import('./demand.js').Demanded[]} */ #told = [];
  #timer = 0;

  /**
   * @param {import('./model.js').Model} model @param {import('./stage-layout.js').StageLayout} layout
   * @param {import('./connection.js').Connection} connection
   * @param {{alone: () => {id: number, width: number, height: number}|null, compared: () => Map<number, Rect>|null, seen: () => {camera: Camera, ratio: number}|null, attention: (id: number) => import('./demand.js').Attention}} asks
   *   seen: null while nothing of the wall is; alone: a tile that is shown in its own size then; compared: where tiles stand in the view that are shown in the wall's place
   */
  constructor(model, layout, connection, asks) {
    this.model = model;
    this.layout = layout;
    this.connection = connection;
    this.asks = asks;
  }

  /** Ask for other pictures soon. */
  soon(wait = DEMAND_MS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), wait);
  }

  /**
   * Ask for whole pictures of these tiles anew: what they show is let go of and asked for again, as by a page that just came.
   * @param {Set<number>} ids
   */
  renew(ids) {
    this.#told = this.#told.filter(([id]) => !ids.has(id));
    this.connection.tell({ type: 'demand', demand: this.#told });
    this.soon();
  }

  #ask() {
    const seen = this.asks.seen();
    const alone = this.asks.alone();
    const shown = seen ? (this.asks.compared() ?? this.#onWall(seen.camera)) : [];
    const demand = alone ? [/** @type {import('./demand.js').Demanded} */ ([alone.id, alone.width, alone.height, 0])] : seen ? demandOf(this.#shown(shown), this.layout.view, seen.ratio) : [];
    if (sameDemand(demand, this.#told)) return;
    this.#told = demand;
    this.connection.tell({ type: 'demand', demand });
  }

  /** Return where pictures stand in the view, and the reference's, which all are shown against, also while it stands nowhere. @param {Camera} camera @returns {Map<number, Rect>} */
  #onWall(camera) {
    const rects = new Map([...this.layout.pictures].map(([id, rect]) => [id, toScreen(camera, rect)]));
    const reference = this.#reference;
    const [any] = rects.values();
    if (reference !== null && any && !rects.has(reference)) rects.set(reference, any);
    return rects;
  }

  /** @returns {number|null} */
  get #reference() {
    return this.model.room.document.get('reference')?.tile ?? null;
  }

  /** @param {Iterable<[number, Rect]>} rects in the view @returns {import('./demand.js').Shown[]} */
  #shown(rects) {
    const { model } = this;
    const reference = this.#reference;
    return [...rects].flatMap(([id, rect]) => {
      const tile = model.tiles.get(id);
      if (!tile) return [];
      const wanted = tile.stream !== null && WITH_PICTURE.includes(model.stateOf(tile));
      const native = { width: tile.width, height: tile.height };
      const rotation = model.room.document.get(`tile/${id}/rotation`) ?? 0;
      return [{ id, wanted, rect, native, rotation, attention: this.asks.attention(id), needed: id === reference }];
    });
  }
}
