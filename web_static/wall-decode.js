/**
 * From JPEG to something that can be drawn many times at little cost, in a worker.
 *
 * ImageDecoder decodes off this thread, to halved colours as the JPEG has them. To draw from its frame converts all of
 * it each time, and so does an ImageBitmap of it, slowly; its own conversion into memory takes a fifth of that.
 *
 * @typedef {OffscreenCanvas|ImageBitmap} Source
 * @typedef {{source: Source, close: () => void}} Image
 * @typedef {Image & {source: OffscreenCanvas, context: OffscreenCanvasRenderingContext2D}} Sheet
 */

const MOST_SPARE = 8 << 20; // pixels of sheets kept for later use, 32 MB: one of 3840×2160

/** Canvases to draw pictures on, used again and again. */
export class Sheets {
  /** @type {Map<string, Sheet[]>} by size */ #spare = new Map();
  #pixels = 0;

  /** Return one whose content is whatever it was. @param {number} width @param {number} height @returns {Sheet} */
  take(width, height) {
    const sheet = this.#spare.get(`${width}x${height}`)?.pop();
    if (!sheet) return this.#make(width, height);
    this.#pixels -= width * height;
    return sheet;
  }

  /** @param {number} width @param {number} height @returns {Sheet} */
  #make(width, height) {
    const source = new OffscreenCanvas(width, height);
    const context = source.getContext('2d', { alpha: false });
    if (!context) throw new Error('this browser gives no 2D canvas to workers');
    /** @type {Sheet} */
    const sheet = { source, context, close: () => this.#keep(sheet) };
    return sheet;
  }

  /** Keep a sheet for later, rather than the oldest ones of other sizes. @param {Sheet} sheet */
  #keep(sheet) {
    const { width, height } = sheet.source;
    const size = `${width}x${height}`;
    const alike = this.#spare.get(size) ?? [];
    this.#spare.delete(size); // the size used last is the last to go
    this.#spare.set(size, [...alike, sheet]);
    this.#pixels += width * height;
    for (const [other, sheets] of this.#spare) {
      if (this.#pixels <= MOST_SPARE) return;
      this.#spare.delete(other);
      this.#pixels -= sheets.reduce((sum, { source }) => sum + source.width * source.height, 0);
    }
  }
}

/** @type {ArrayBuffer[]} */
const memory = [];
const MOST_MEMORY = 2; // as many streams are rarely at it at the same moment

/** Return whether frames are converted on their way into memory; browsers that cannot copy them as they are. */
async function findConverts() {
  try {
    const frame = new VideoFrame(new Uint8Array([1, 2, 3, 255]), { format: 'BGRA', codedWidth: 1, codedHeight: 1, timestamp: 0 });
    const pixel = new Uint8Array(4);
    await frame.copyTo(pixel, { format: 'RGBA' });
    frame.close();
    return pixel[0] === 3 && pixel[2] === 1;
  } catch {
    return false;
  }
}

const converts = findConverts();

/** Put a frame on a sheet. @param {VideoFrame} frame @param {Sheets} sheets */
async function onSheet(frame, sheets) {
  const { displayWidth: width, displayHeight: height } = frame;
  const sheet = sheets.take(width, height);
  try {
    if (await converts) await intoMemory(frame, sheet);
    else sheet.context.drawImage(frame, 0, 0);
    return sheet;
  } catch (error) {
    sheet.close();
    throw error;
  } finally {
    frame.close();
  }
}

/** @param {VideoFrame} frame @param {Sheet} sheet */
async function intoMemory(frame, { source: { width, height }, context }) {
  const bytes = 4 * width * height;
  let room = memory.pop();
  if (!room || room.byteLength < bytes) room = new ArrayBuffer(bytes);
  const pixels = new Uint8ClampedArray(room, 0, bytes);
  await frame.copyTo(pixels, { format: 'RGBA' });
  context.putImageData(new ImageData(pixels, width, height), 0, 0);
  if (memory.length < MOST_MEMORY) memory.push(room);
}

/** Return what finishes the picture in its turn; decoding begins at once. @param {Uint8Array} jpeg @returns {(sheets: Sheets) => Promise<Image>} */
export function decode(jpeg) {
  if (typeof ImageDecoder === 'undefined') {
    const blob = new Blob([/** @type {BlobPart} */ (jpeg)], { type: 'image/jpeg' });
    const bitmap = createImageBitmap(blob, { colorSpaceConversion: 'none' });
    bitmap.catch(() => undefined); // handled where it is awaited
    return async () => {
      const source = await bitmap;
      return { source, close: () => source.close() };
    };
  }
  const decoder = new ImageDecoder({ data: /** @type {BufferSource} */ (jpeg), type: 'image/jpeg', colorSpaceConversion: 'none' });
  const decoded = decoder.decode();
  decoded.catch(() => undefined); // handled where it is awaited
  return async (sheets) => {
    try {
      const { image } = await decoded;
      return await onSheet(image, sheets);
    } finally {
      decoder.close();
    }
  };
}
