/**
 * The wall stream's binary messages (the table is in tvcore/node/wire.py). Pure.
 *
 * @typedef {object} Cell  one tile's part of a picture; lengths in pixels
 * @property {number} tile      index within its job
 * @property {boolean} whole    covers its tile; else a part of what was drawn before at the same size
 * @property {number} frame
 * @property {number} captured  seconds since the epoch
 * @property {number} x @property {number} y @property {number} w @property {number} h      within the picture
 * @property {number} left @property {number} top                                            within the tile
 * @property {number} width @property {number} height                                        the tile's scaled size
 * @typedef {{stream: number, sequence: number, cells: Cell[], jpeg: Uint8Array}} Picture
 */

/** What page and portal say to each other; the portal's own number is in tvcore/portal/wall.py. */
export const PAGE_PROTOCOL = 3;
export const EVENT = 0;
export const PICTURE = 1;
const VERSION = 1;
const WHOLE = 1;
const HEADER_BYTES = 12;
const CELL_BYTES = 32;
const SIDE_MOST = 16384; // a display's largest side, in pixels

/** Return the kind of a message, EVENT or PICTURE. Throws RangeError when it is empty or of another kind. */
export function kindOf(/** @type {ArrayBuffer} */ message) {
  const kind = message.byteLength > 0 ? new Uint8Array(message, 0, 1)[0] : -1;
  if (kind !== EVENT && kind !== PICTURE) throw new RangeError(`a wall message of kind ${kind} is not known here`);
  return kind;
}

/** Return the JSON value of an event message. Throws RangeError or SyntaxError when it holds none. */
export function parseEvent(/** @type {ArrayBuffer} */ message) {
  if (kindOf(message) !== EVENT) throw new RangeError('a picture is not an event');
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(message, 1)));
}

/** Return whether an event begins a stream that this page can read. @param {any} event */
export function isGreeting(event) {
  return event?.event === 'wall' && event.v === PAGE_PROTOCOL;
}

/** Return what a picture message holds; `jpeg` is a view of it. Throws RangeError when it is cut short or wrong. */
export function parsePicture(/** @type {ArrayBuffer} */ message) {
  if (message.byteLength < HEADER_BYTES) throw new RangeError(`a wall message of ${message.byteLength} bytes is cut short`);
  const view = new DataView(message);
  if (view.getUint8(0) !== PICTURE || view.getUint8(1) !== VERSION) {
    throw new RangeError(`a wall message of kind ${view.getUint8(0)}, version ${view.getUint8(1)} is not known here`);
  }
  const count = view.getUint16(4);
  const end = HEADER_BYTES + count * CELL_BYTES;
  if (message.byteLength <= end) throw new RangeError(`a wall message with ${count} cells is cut short at ${message.byteLength} bytes`);
  /** @type {Cell[]} */
  const cells = [];
  for (let at = HEADER_BYTES; at < end; at += CELL_BYTES) cells.push(parseCell(view, at));
  return { stream: view.getUint16(2), sequence: view.getUint32(8), cells, jpeg: new Uint8Array(message, end) };
}

/** @param {DataView} view @param {number} at @returns {Cell} */
function parseCell(view, at) {
  const short = (/** @type {number} */ n) => view.getUint16(at + 16 + 2 * n);
  const cell = {
    tile: view.getUint16(at),
    whole: (view.getUint16(at + 2) & WHOLE) !== 0,
    frame: view.getUint32(at + 4),
    captured: view.getFloat64(at + 8),
    x: short(0),
    y: short(1),
    w: short(2),
    h: short(3),
    left: short(4),
    top: short(5),
    width: short(6),
    height: short(7),
  };
  const inside = cell.left + cell.w <= cell.width && cell.top + cell.h <= cell.height;
  if (!inside || cell.w === 0 || cell.h === 0 || cell.width > SIDE_MOST || cell.height > SIDE_MOST) {
    throw new RangeError(`tile ${cell.tile}: a cell of ${cell.w}×${cell.h} at ${cell.left}, ${cell.top} is not within ${cell.width}×${cell.height}`);
  }
  return cell;
}
