/**
 * The tiles' last pictures, as they come from the wall stream: decoded, put together, counted.
 *
 * @typedef {import('./wire.js').Picture} Picture
 * @typedef {{canvas: OffscreenCanvas, context: OffscreenCanvasRenderingContext2D, drawn: number, captured: number}} Backing
 *   captured: when the last of it was, in seconds since the epoch
 */

import { parsePicture } from './wire.js';

const key = (/** @type {number} */ stream, /** @type {number} */ tile) => stream * 65536 + tile;

/** Decode a JPEG. ImageDecoder does it without a copy through the browser's process, where there is one. */
async function decode(/** @type {Uint8Array} */ jpeg) {
  if (typeof ImageDecoder !== 'undefined') {
    const decoder = new ImageDecoder({ data: /** @type {BufferSource} */ (jpeg), type: 'image/jpeg', colorSpaceConversion: 'none' });
    try {
      return (await decoder.decode()).image;
    } finally {
      decoder.close();
    }
  }
  return createImageBitmap(new Blob([/** @type {BlobPart} */ (jpeg)], { type: 'image/jpeg' }), { colorSpaceConversion: 'none' });
}

export class Pictures {
  /** @type {Map<number, number>} tile ids by stream and index */ #routes = new Map();
  /** @type {Map<number, {stream: number|null, index: number}>} */ #ends = new Map();
  /** @type {Map<number, Backing>} */ #backings = new Map();
  /** @type {Map<number, Promise<void>>} by stream: pictures are drawn in the order sent */ #queues = new Map();
  /** @type {Map<number, number>} */ #credit = new Map();
  #connection = 0;

  /** @param {(id: number) => void} onChange called when a tile's picture changed */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Learn all tiles; pictures of those that are gone are let go. */
  setTiles(/** @type {{id: number, stream: number|null, index: number}[]} */ tiles) {
    this.#ends = new Map(tiles.map(({ id, stream, index }) => [id, { stream, index }]));
    for (const id of this.#backings.keys()) if (!this.#ends.has(id)) this.#backings.delete(id);
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

  /** Return a tile's last picture. */
  of(/** @type {number} */ id) {
    return this.#backings.get(id);
  }

  /** Take a picture message: decode at once, draw after those of its stream that came before. Throws RangeError. */
  take(/** @type {ArrayBuffer} */ message) {
    const picture = parsePicture(message);
    const decoded = decode(picture.jpeg);
    decoded.catch(() => undefined); // handled where it is awaited, in turn
    const connection = this.#connection;
    const before = this.#queues.get(picture.stream) ?? Promise.resolve();
    this.#queues.set(
      picture.stream,
      before.then(() => this.#drawWhenDecoded(picture, decoded, connection)),
    );
  }

  /** @param {Picture} picture @param {Promise<VideoFrame|ImageBitmap>} decoded @param {number} connection */
  async #drawWhenDecoded(picture, decoded, connection) {
    try {
      const image = await decoded;
      for (const cell of picture.cells) this.#drawCell(picture.stream, cell, image);
      image.close();
    } catch (error) {
      console.error(`TiledViz: picture ${picture.sequence} of stream ${picture.stream} cannot be decoded:`, error);
    }
    if (connection === this.#connection) this.#credit.set(picture.stream, (this.#credit.get(picture.stream) ?? 0) + 1);
    this.onChange(-1); // credit goes back even when nothing of the picture is shown
  }

  /** @param {number} stream @param {import('./wire.js').Cell} cell @param {CanvasImageSource} image */
  #drawCell(stream, cell, image) {
    const id = this.#routes.get(key(stream, cell.tile));
    if (id === undefined) return;
    let backing = this.#backings.get(id);
    if (!backing || backing.canvas.width !== cell.width || backing.canvas.height !== cell.height) {
      if (!cell.whole) return; // a part of a picture that was replaced since
      backing = newBacking(cell.width, cell.height, backing?.drawn ?? 0);
      this.#backings.set(id, backing);
    }
    backing.context.drawImage(image, cell.x, cell.y, cell.w, cell.h, cell.left, cell.top, cell.w, cell.h);
    backing.drawn += 1;
    backing.captured = cell.captured;
    this.onChange(id);
  }

  /** Return the credit earned since the last call, by stream, or null for none. */
  takeCredit() {
    if (this.#credit.size === 0) return null;
    const credit = Object.fromEntries(this.#credit);
    this.#credit.clear();
    return credit;
  }

  /** The connection is gone and its credit with it: a new one starts with its own. */
  forgetCredit() {
    this.#credit.clear();
    this.#connection += 1;
  }

  /** Return how many cells were drawn of each tile: `{ID: count}`. */
  drawnCounts() {
    return Object.fromEntries([...this.#backings].map(([id, { drawn }]) => [id, drawn]));
  }
}

/** @param {number} width @param {number} height @param {number} drawn @returns {Backing} */
function newBacking(width, height, drawn) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('this browser gives no 2D canvas to workers');
  return { canvas, context, drawn, captured: 0 };
}
