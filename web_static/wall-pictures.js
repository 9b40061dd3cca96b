/**
 * The tiles' last pictures, as they come from the wall stream: decoded, put together, counted.
 *
 * @typedef {import('./wire.js').Picture} Picture
 * @typedef {import('./wall-decode.js').Image} Image
 * @typedef {import('./wall-decode.js').Sheet} Sheet
 */

import { Sheets, decode } from './wall-decode.js';
import { Keep } from './wall-keep.js';
import { parsePicture } from './wire.js';

const key = (/** @type {number} */ stream, /** @type {number} */ tile) => stream * 65536 + tile;

export class Pictures {
  /** @type {Map<number, number>} tile ids by stream and index */ #routes = new Map();
  /** @type {Map<number, {stream: number|null, index: number}>} */ #ends = new Map();
  #sheets = new Sheets();
  /** @type {Keep<Image>} */ #keep = new Keep({
    sheet: (width, height) => /** @type {Image} */ (this.#sheets.take(width, height)),
    copy: (from, x, y, w, h, to, left, top) => /** @type {Sheet} */ (to).context.drawImage(from.source, x, y, w, h, left, top, w, h),
  });
  /** @type {Map<number, Promise<void>>} by stream: pictures are drawn in the order sent */ #queues = new Map();
  #drawn = 0;
  #connection = 0;

  /** @param {(id: number) => void} onChange called when a tile's picture changed */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Learn all tiles; pictures of those that are gone are let go. */
  setTiles(/** @type {{id: number, stream: number|null, index: number}[]} */ tiles) {
    this.#ends = new Map(tiles.map(({ id, stream, index }) => [id, { stream, index }]));
    for (const id of this.#keep.ids()) if (!this.#ends.has(id)) this.#keep.drop(id);
    this.#makeRoutes();
  }

  /** Learn that tiles came to another stream. */
  updateTiles(/** @type {{id: number, stream?: number|null}[]} */ tiles) {
    let changed = false;
    for (const { id, stream } of tiles) {
      const end = this.#ends.get(id);
      if (!end || stream === undefined || stream === end.stream) continue;
      end.stream = stream;
      changed = true;
    }
    if (changed) this.#makeRoutes();
  }

  #makeRoutes() {
    this.#routes.clear();
    for (const [id, { stream, index }] of this.#ends) if (stream !== null) this.#routes.set(key(stream, index), id);
  }

  /** Return where a tile's last picture is. @param {number} id */
  of(id) {
    return this.#keep.of(id);
  }

  /** Take a picture message: decode at once, draw after those of its stream that came before. Throws RangeError. */
  take(/** @type {ArrayBuffer} */ message) {
    const picture = parsePicture(message);
    const finish = decode(picture.jpeg);
    const connection = this.#connection;
    const before = this.#queues.get(picture.stream) ?? Promise.resolve();
    this.#queues.set(
      picture.stream,
      before.then(() => this.#take(picture, finish, connection, message.byteLength)),
    );
  }

  /** @param {Picture} picture @param {(sheets: Sheets) => Promise<Image>} finish @param {number} connection @param {number} bytes */
  async #take({ stream, sequence, cells }, finish, connection, bytes) {
    try {
      const image = await finish(this.#sheets);
      /** @type {[number, import('./wire.js').Cell][]} */
      const ours = [];
      for (const cell of cells) {
        const id = this.#routes.get(key(stream, cell.tile));
        if (id !== undefined) ours.push([id, cell]);
      }
      const { width, height } = image.source;
      for (const id of this.#keep.take(image, width * height, ours)) this.onChange(id);
    } catch (error) {
      console.error(`TiledViz: picture ${sequence} of stream ${stream} cannot be decoded:`, error);
    }
    if (connection === this.#connection) this.#drawn += bytes;
    this.onChange(-1); // room is given back even when nothing of the picture is shown
  }

  /** Return how many bytes of pictures were drawn since the last call. */
  takeDrawn() {
    const drawn = this.#drawn;
    this.#drawn = 0;
    return drawn;
  }

  /** The connection is gone and its credit with it: a new one starts with its own. */
  forgetDrawn() {
    this.#drawn = 0;
    this.#connection += 1;
  }

  /** Return how many cells were drawn of each tile: `{ID: count}`. */
  drawnCounts() {
    return Object.fromEntries(this.#keep.ids().map((id) => [id, this.of(id)?.drawn ?? 0]));
  }
}
