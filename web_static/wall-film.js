/** The movie that the wall's worker records: of all that it draws, or of the pictures of one tile. */

import { Recorder } from './recorder.js';

export class WallFilm {
  /** @type {Recorder|null} */ #recorder = null;

  /** @param {import('./wall-scene.js').Scene} scene @param {import('./wall-pictures.js').Pictures} pictures */
  constructor(scene, pictures) {
    this.scene = scene;
    this.pictures = pictures;
  }

  /** Begin; return whether that could be. @param {number|null} tile null: the wall */
  async begin(tile) {
    this.#recorder ??= await Recorder.begin(() => (tile === null ? this.#wall() : this.#tile(tile)));
    return this.#recorder !== null;
  }

  /** Something was drawn. */
  frame() {
    this.#recorder?.frame();
  }

  /** End it. @returns {Promise<{movie: Blob|null, problem: string}>} */
  async end() {
    const recorder = this.#recorder;
    this.#recorder = null;
    return { movie: recorder && (await recorder.stop()), problem: recorder?.problem ?? '' };
  }

  #wall() {
    const image = this.scene.context?.canvas;
    return image && image.width > 0 ? { image, x: 0, y: 0, width: image.width, height: image.height } : null;
  }

  /** @param {number} id */
  #tile(id) {
    const place = this.pictures.of(id);
    return place ? { image: place.image.source, x: place.x, y: place.y, width: place.width, height: place.height } : null;
  }
}
