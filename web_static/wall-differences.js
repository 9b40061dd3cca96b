/**
 * Differences of pictures as they come, in the worker: at the size of the first, of which every pixel is the exact difference where both
 * are of one size.
 *
 * @typedef {import('./wall-keep.js').Place<import('./wall-decode.js').Image>} Place
 * @typedef {import('./wall-turn.js').Rotation} Rotation
 * @typedef {import('./pixel-differences.js').Kind} Kind
 * @typedef {{place: Place, rotation: Rotation}} Turned  a picture, as it stands
 */

import { differ } from './pixel-differences.js';
import { turned } from './wall-turn.js';

/** Reads pictures into memory, each in a size that is asked for. */
class Reader {
  #canvas = new OffscreenCanvas(1, 1);
  /** @type {OffscreenCanvasRenderingContext2D|null} */ #context = this.#canvas.getContext('2d', { alpha: false, willReadFrequently: true });

  /** @param {Turned} of @param {number} width @param {number} height @returns {ImageData} */
  read({ place, rotation }, width, height) {
    const context = this.#context;
    if (!context) throw new Error('this browser gives no 2D canvas to workers');
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    context.imageSmoothingEnabled = place.width !== (rotation % 180 === 0 ? width : height) || place.height !== (rotation % 180 === 0 ? height : width);
    context.imageSmoothingQuality = 'high';
    turned(context, { x: 0, y: 0, width, height }, rotation, (box) =>
      context.drawImage(place.image.source, place.x, place.y, place.width, place.height, box.x, box.y, box.width, box.height));
    return context.getImageData(0, 0, width, height);
  }
}

export class Differences {
  /** how many were made of pictures that are new since the last */ made = 0;
  #first = new Reader();
  #second = new Reader();
  /** @type {{of: Place|null, key: string, pixels: Uint8ClampedArray}} the second picture, which is often the same many times */ #known = { of: null, key: '', pixels: new Uint8ClampedArray(0) };

  /**
   * Draw how two pictures differ into the corner of a canvas that has room for it.
   * @param {Turned} a @param {Turned} b @param {Kind} kind @param {number} factor @param {(width: number, height: number) => OffscreenCanvasRenderingContext2D} into
   */
  draw(a, b, kind, factor, into) {
    const [width, height] = a.rotation % 180 === 0 ? [a.place.width, a.place.height] : [a.place.height, a.place.width];
    const pixels = this.#first.read(a, width, height);
    differ(pixels.data, this.#read(b, width, height), pixels.data, kind, factor);
    into(width, height).putImageData(pixels, 0, 0);
    this.made += 1;
  }

  /** @param {Turned} b @param {number} width @param {number} height */
  #read({ place, rotation }, width, height) {
    const key = `${rotation} ${width}x${height}`;
    // A place is another object with each new picture.
    if (this.#known.of !== place || this.#known.key !== key) this.#known = { of: place, key, pixels: this.#second.read({ place, rotation }, width, height).data };
    return this.#known.pixels;
  }
}
