/**
 * What the stage asks for: pictures of the tiles in sight, in the size shown, once the camera rests.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./camera.js').Camera} Camera
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
   * @param {{alone: () => {id: number, width: number, height: number}|null, seen: () => {camera: Camera, ratio: number}|null, attention: (id: number) => import('./demand.js').Attention}} asks
   *   seen: null while nothing of the wall is; alone: a tile that is shown in its own size then
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
    const demand = alone ? [/** @type {import('./demand.js').Demanded} */ ([alone.id, alone.width, alone.height, 0])] : seen ? demandOf(this.#shown(seen.camera), this.layout.view, seen.ratio) : [];
    if (sameDemand(demand, this.#told)) return;
    this.#told = demand;
    this.connection.tell({ type: 'demand', demand });
  }

  /** @param {Camera} camera @returns {import('./demand.js').Shown[]} */
  #shown(camera) {
    const { model } = this;
    return [...this.layout.pictures].flatMap(([id, rect]) => {
      const tile = model.tiles.get(id);
      if (!tile) return [];
      const wanted = tile.stream !== null && WITH_PICTURE.includes(model.stateOf(tile));
      const native = { width: tile.width, height: tile.height };
      const rotation = model.room.document.get(`tile/${id}/rotation`) ?? 0;
      return [{ id, wanted, rect: toScreen(camera, rect), native, rotation, attention: this.asks.attention(id) }];
    });
  }
}
