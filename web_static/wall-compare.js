/**
 * What is drawn in the place of the wall while tiles are compared: layers of pictures, of which the page says where they are
 * (compare-layers.js), each as new as it came.
 *
 * @typedef {import('./compare-layers.js').Layer} Layer
 * @typedef {import('./wall-differences.js').Place} Place
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

import { Differences } from './wall-differences.js';
import { smooth, snapped } from './wall-paint.js';
import { turned } from './wall-turn.js';

const CRISP_FROM = 3; // times as large as it came, a picture shows its pixels

export class Compared {
  differences = new Differences();
  /** @type {Layer[]} as they were drawn last */ layers = [];
  #canvas = new OffscreenCanvas(1, 1);
  #context = this.#canvas.getContext('2d', { alpha: false });
  /** what stands on the canvas @type {{of: Place, less: Place, how: string}|null} */ #made = null;

  /** @param {{of: (id: number) => Place|undefined}} pictures */
  constructor(pictures) {
    this.pictures = pictures;
  }

  /** Draw layers on the ground. @param {Layer[]} layers @param {Context} context @param {import('./scene-types.js').Theme} theme @param {number} ratio */
  draw(layers, context, theme, ratio) {
    context.fillStyle = theme.ground;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    this.layers = layers;
    for (const layer of layers) this.#draw(layer, context, theme, ratio);
  }

  /** @param {Layer} layer @param {Context} context @param {import('./scene-types.js').Theme} theme @param {number} ratio */
  #draw(layer, context, theme, ratio) {
    if (layer.clip.width <= 0 || layer.clip.height <= 0) return;
    const clip = snapped(layer.clip, ratio);
    const box = snapped(layer.rect, ratio);
    context.save();
    context.beginPath();
    context.rect(clip.x, clip.y, clip.width, clip.height);
    context.clip();
    context.globalAlpha = layer.opacity;
    const place = this.pictures.of(layer.of.tile);
    const less = layer.less && this.pictures.of(layer.less.tile);
    if (!place || less === undefined) {
      context.fillStyle = theme.surface; // a picture is on its way
      context.fillRect(box.x, box.y, box.width, box.height);
    } else if (less) {
      this.#differ(layer, place, less);
      const { width, height } = this.#canvas;
      paint(context, { source: this.#canvas, x: 0, y: 0, width, height }, box);
    } else {
      turned(context, box, layer.of.rotation, (upright) => paint(context, { ...place, source: place.image.source }, upright));
    }
    context.restore();
  }

  /** Make the difference, unless nothing changed. @param {Layer} layer @param {Place} of @param {Place} less */
  #differ({ of: first, less: second, kind, factor }, of, less) {
    const [one, other] = [first.rotation, second?.rotation ?? 0];
    const how = `${one} ${other} ${kind} ${factor}`;
    if (this.#made?.of === of && this.#made.less === less && this.#made.how === how) return;
    this.#made = { of, less, how };
    this.differences.draw({ place: of, rotation: one }, { place: less, rotation: other }, kind, factor, (width, height) => {
      if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
      return /** @type {Context} */ (this.#context);
    });
  }
}

/** @param {Context} context @param {{source: CanvasImageSource, x: number, y: number, width: number, height: number}} from @param {import('./camera.js').Rect} box in device pixels */
function paint(context, from, box) {
  smooth(context, from, box, false);
  if (box.width >= CRISP_FROM * from.width) context.imageSmoothingEnabled = false;
  context.drawImage(from.source, from.x, from.y, from.width, from.height, box.x, box.y, box.width, box.height);
}
