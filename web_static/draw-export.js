/** A tile's drawing as a file: an SVG of the drawing alone, or a PNG of the tile's last picture with it. */

import { make } from './dom.js';
import { drawShapes, linesOf, lineWidth, textLines, textSize } from './shapes.js';

/** @typedef {import('./shapes.js').Shape} Shape */

const SAFE_COLOUR = /^#[0-9a-f]{6}$/i;

/** What XML can hold, with its own signs written as others. @param {string} text */
const escape = (text) => text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const number = (/** @type {number} */ value) => String(Math.round(value * 100) / 100);

/** Return a drawing as the text of an SVG file. Pure. @param {Shape[]} shapes @param {import('./camera.js').Size} size of the picture @param {string} title */
export function svgOf(shapes, size, title) {
  const box = { x: 0, y: 0, ...size };
  const parts = shapes.flatMap((shape) => {
    const colour = SAFE_COLOUR.test(shape.colour) ? shape.colour : '#000000';
    const lines = linesOf(shape, box, 1).map(
      (line) => `  <polyline fill="none" stroke="${colour}" stroke-width="${number(lineWidth(shape, box, 1))}" points="${line.map((point) => point.map(number).join(',')).join(' ')}"/>`,
    );
    const words = textLines(shape, box).map(({ text, x, y }) => `  <text x="${number(x)}" y="${number(y)}" fill="${colour}" font-size="${number(textSize(shape, box))}">${escape(text)}</text>`);
    return [...lines, ...words];
  });
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" stroke-linecap="round" stroke-linejoin="round" font-family="system-ui, sans-serif">`,
    `  <title>${escape(title)}</title>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Return a PNG of a picture (none: of the drawing alone) with a drawing on it. @param {ImageBitmap|null} picture @param {Shape[]} shapes @param {import('./camera.js').Size} size @returns {Promise<Blob|null>} */
export function pngOf(picture, shapes, { width, height }) {
  const canvas = make('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return Promise.resolve(null);
  if (picture) context.drawImage(picture, 0, 0, width, height);
  drawShapes(context, shapes, { x: 0, y: 0, width, height }, 1);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/** Return a title as the name of a file. Pure. @param {string} title @param {string} ending */
export const fileName = (title, ending) => `${title.replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '').slice(0, 80) || 'tile'}.${ending}`;
