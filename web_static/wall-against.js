/**
 * The wall against a reference: in the place of each tile's picture its difference from the reference's, made when it is drawn, and again
 * when one of the two changed. The reference itself, and all while it has no picture, are as they are.
 *
 * @typedef {import('./wall-differences.js').Place} Place
 * @typedef {{tile: number, way: import('./pixel-differences.js').Kind, scale: number}} Reference  register `reference`
 */

import { Sheets } from './wall-decode.js';
import { Differences } from './wall-differences.js';

export class Against {
  differences = new Differences();
  /** @type {Reference|null} */ reference = null;
  /** @type {Map<number, {of: Place, less: Place, shown: Place}>} by tile: what its difference was made of */ #shown = new Map();
  #sheets = new Sheets();

  /** @param {{of: (id: number) => Place|undefined}} pictures */
  constructor(pictures) {
    this.pictures = pictures;
  }

  /** @param {Reference|null} reference */
  setReference(reference) {
    this.reference = reference;
    this.forget();
  }

  /** Let go of what was made. */
  forget() {
    for (const { shown } of this.#shown.values()) shown.image.close();
    this.#shown.clear();
  }

  /** Return the tiles that look otherwise when this one's picture changed. @param {number} id @returns {Iterable<number>} */
  changedBy(id) {
    return id === this.reference?.tile ? [id, ...this.#shown.keys()] : [id];
  }

  /** Return where the picture is that a tile shows. @param {number} id */
  of(id) {
    const of = this.pictures.of(id);
    const { reference } = this;
    if (!of || !reference || id === reference.tile) return of;
    const less = this.pictures.of(reference.tile);
    if (!less) return of;
    const before = this.#shown.get(id);
    if (before?.of === of && before.less === less) return before.shown;
    const shown = this.#made(of, less, reference, before?.shown);
    this.#shown.set(id, { of, less, shown });
    return shown;
  }

  /** @param {Place} of @param {Place} less @param {Reference} reference @param {Place|undefined} before @returns {Place} */
  #made(of, less, { way, scale }, before) {
    before?.image.close();
    const sheet = this.#sheets.take(of.width, of.height);
    this.differences.draw({ place: of, rotation: 0 }, { place: less, rotation: 0 }, way, scale, () => sheet.context);
    return { ...of, image: sheet, shared: false, x: 0, y: 0 };
  }
}
