/**
 * Where each tile's last picture is: in an atlas, as it came with others, or in a sheet of its own. Pure bookkeeping;
 * what copies and draws is given.
 *
 * A cell that covers its tile is drawn from its atlas, without a copy. A cell that changes a part needs a sheet to be
 * drawn on. An atlas is let go once nothing of it is in use; and what is left of one that is mostly superseded is
 * copied out, so that a few tiles that stand still keep no pictures of those that move.
 *
 * @typedef {{close: () => void}} Closable
 * @typedef {{used: number, area: number, tiles: Set<number>}} Account  pixels in use, pixels in all, who uses them
 * @typedef {import('./wire.js').Cell} Cell
 */

const LEAST_USED = 0.5; // share of an atlas

/**
 * @template {Closable} Image
 * @typedef {object} Place
 * @property {Image} image
 * @property {boolean} shared   the image is an atlas
 * @property {number} x         of the picture within the image
 * @property {number} y
 * @property {number} width     of the picture
 * @property {number} height
 * @property {number} drawn     how many cells of this tile were taken
 * @property {number} captured  when the last of it was, in seconds since the epoch
 * @property {number} frame
 */

/**
 * @template {Closable} Image
 * @typedef {object} Hands
 * @property {(width: number, height: number) => Image} sheet  makes an empty one
 * @property {(from: Image, x: number, y: number, w: number, h: number, to: Image, left: number, top: number) => void} copy
 */

/** @template {Closable} Image */
export class Keep {
  /** @type {Map<number, Place<Image>>} */ #places = new Map();
  /** @type {Map<Image, Account>} */ #atlases = new Map();
  /** @type {Set<Image>} atlases of which less is in use than before */ #touched = new Set();

  /** @param {Hands<Image>} hands */
  constructor(hands) {
    this.hands = hands;
  }

  /** Return where a tile's picture is. @param {number} id */
  of(id) {
    return this.#places.get(id);
  }

  /** The tiles that have a picture. */
  ids() {
    return [...this.#places.keys()];
  }

  /**
   * Take a picture of some cells, and return the tiles that changed. The image is this keep's from now on.
   * @param {Image} image @param {number} area pixels of the image @param {[number, Cell][]} cells by tile id
   */
  take(image, area, cells) {
    this.#atlases.set(image, { used: 0, area, tiles: new Set() });
    this.#touched.add(image);
    const changed = cells.filter(([id, cell]) => this.#takeCell(image, id, cell)).map(([id]) => id);
    this.#settle();
    return changed;
  }

  /** Let a tile's picture go. @param {number} id */
  drop(id) {
    this.#release(id);
    this.#places.delete(id);
    this.#settle();
  }

  /** @param {Image} image @param {number} id @param {Cell} cell */
  #takeCell(image, id, cell) {
    const before = this.#places.get(id);
    const { width, height, captured, frame } = cell;
    const told = { width, height, captured, frame, drawn: (before?.drawn ?? 0) + 1 };
    if (cell.whole && cell.w === width && cell.h === height) {
      this.#release(id);
      this.#places.set(id, { image, shared: true, x: cell.x, y: cell.y, ...told });
      this.#hold(image, id, width * height);
      return true;
    }
    // A part of a picture that was replaced since is of no use.
    if (!before || before.width !== width || before.height !== height) return false;
    const sheet = before.shared ? this.#copyOut(id, before) : before.image;
    this.hands.copy(image, cell.x, cell.y, cell.w, cell.h, sheet, cell.left, cell.top);
    this.#places.set(id, { image: sheet, shared: false, x: 0, y: 0, ...told });
    return true;
  }

  /** Give a tile a sheet of its own, with what its atlas has. @param {number} id @param {Place<Image>} place */
  #copyOut(id, place) {
    const sheet = this.hands.sheet(place.width, place.height);
    this.hands.copy(place.image, place.x, place.y, place.width, place.height, sheet, 0, 0);
    this.#release(id);
    this.#places.set(id, { ...place, image: sheet, shared: false, x: 0, y: 0 });
    return sheet;
  }

  /** @param {Image} image @param {number} id @param {number} pixels */
  #hold(image, id, pixels) {
    const account = /** @type {Account} */ (this.#atlases.get(image));
    account.used += pixels;
    account.tiles.add(id);
  }

  /** A tile's picture is not needed where it is. @param {number} id */
  #release(id) {
    const place = this.#places.get(id);
    if (!place) return;
    const account = this.#atlases.get(place.image);
    if (!account) return place.image.close();
    account.used -= place.width * place.height;
    account.tiles.delete(id);
    this.#touched.add(place.image);
  }

  /** Let go of the atlases that are not worth keeping. */
  #settle() {
    for (const image of this.#touched) {
      const { used, area, tiles } = /** @type {Account} */ (this.#atlases.get(image));
      if (used >= area * LEAST_USED) continue;
      for (const id of [...tiles]) this.#copyOut(id, /** @type {Place<Image>} */ (this.#places.get(id)));
      this.#atlases.delete(image);
      image.close();
    }
    this.#touched.clear();
  }
}
