/**
 * Records pictures as a WebM movie, by the browser's own encoder (WebCodecs): in the worker that draws the wall, or in the page for a tile that
 * is open. A picture is taken when something was drawn, 25 times a second at most, and once a second anyhow.
 *
 * @typedef {{image: CanvasImageSource, x: number, y: number, width: number, height: number}} Source  what is to be taken, and which part of it
 */

import { WebM } from './webm.js';

export const FRAME_MS = 40;
const STILL_MS = 1000;
const KEY_MS = 2000; // players go to these
const SIDE_MOST = 1920;
const BITS = 0.1; // a pixel, at 25 pictures a second
const QUEUE_MOST = 3; // pictures that the encoder has not done yet: more are left out
/** @type {[string, 'V_VP8'|'V_VP9'][]} */
const CODECS = [['vp8', 'V_VP8'], ['vp09.00.41.08', 'V_VP9']];

/** Return the size of the movie of pictures of this size: even, and no larger than is of use. Pure. @param {number} width @param {number} height */
export function movieSize(width, height) {
  const scale = Math.min(1, SIDE_MOST / Math.max(width, height));
  const even = (/** @type {number} */ side) => Math.max(16, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}

/** Whether this browser records at all. */
export const canRecord = () => typeof VideoEncoder === 'function' && typeof OffscreenCanvas === 'function';

export class Recorder {
  #start = performance.now();
  #lastAt = -Infinity;
  #keyAt = -Infinity;
  #later = 0;
  #still = setInterval(() => this.frame(), STILL_MS);
  #canvas;
  #context;
  #encoder;
  #webm;
  /** @type {Blob[]} which the browser keeps, not this process */ #clusters = [];
  /** why it ended by itself, '' while it goes on */ problem = '';

  /** @param {() => Source|null} source @param {VideoEncoderConfig} config @param {'V_VP8'|'V_VP9'} codec */
  constructor(source, config, codec) {
    this.source = source;
    this.#canvas = new OffscreenCanvas(config.width, config.height);
    this.#context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { alpha: false }));
    this.#webm = new WebM({ width: config.width, height: config.height, codec }, (cluster) => this.#clusters.push(new Blob([cluster])));
    this.#encoder = new VideoEncoder({
      output: (chunk, about) => {
        if (about?.decoderConfig?.colorSpace) this.#webm.colours = about.decoderConfig.colorSpace;
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        this.#webm.add(data, chunk.timestamp / 1000, chunk.type === 'key');
      },
      error: (error) => {
        this.problem = error.message;
        this.#rest();
      },
    });
    this.#encoder.configure(config);
    this.frame();
  }

  /** Begin; null: this browser cannot, or there is nothing to record. @param {() => Source|null} source */
  static async begin(source) {
    const first = source();
    if (!first || !canRecord()) return null;
    const size = movieSize(first.width, first.height);
    const bitrate = Math.round(size.width * size.height * (1000 / FRAME_MS) * BITS);
    for (const [name, codec] of CODECS) {
      /** @type {VideoEncoderConfig} */
      const config = { codec: name, ...size, bitrate, framerate: 1000 / FRAME_MS, latencyMode: 'realtime' };
      const { supported } = await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
      if (supported) return new Recorder(source, config, codec);
    }
    return null;
  }

  /** Something was drawn. */
  frame() {
    clearTimeout(this.#later);
    this.#later = 0;
    if (this.#encoder.state !== 'configured') return;
    const now = performance.now();
    const wait = this.#encoder.encodeQueueSize >= QUEUE_MOST ? FRAME_MS : this.#lastAt + FRAME_MS - now;
    if (wait > 1) this.#later = setTimeout(() => this.frame(), wait);
    else this.#take(now);
  }

  /** @param {number} now */
  #take(now) {
    const source = this.source();
    if (source) this.#draw(source);
    const key = now - this.#keyAt >= KEY_MS;
    if (key) this.#keyAt = now;
    this.#lastAt = now;
    const picture = new VideoFrame(this.#canvas, { timestamp: Math.round((now - this.#start) * 1000) });
    this.#encoder.encode(picture, { keyFrame: key });
    picture.close();
  }

  /** Pixel by pixel, or as large as fits: what is recorded may have another size meanwhile. @param {Source} source */
  #draw({ image, x, y, width, height }) {
    const { width: across, height: down } = this.#canvas;
    const scale = Math.min(1, across / width, down / height);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    this.#context.fillRect(0, 0, across, down);
    this.#context.drawImage(image, x, y, width, height, Math.floor((across - w) / 2), Math.floor((down - h) / 2), w, h);
  }

  #rest() {
    clearInterval(this.#still);
    clearTimeout(this.#later);
  }

  /** End it. Returns the movie; what there is of it when it ended by itself. */
  async stop() {
    this.#rest();
    const now = performance.now();
    if (this.#encoder.state === 'configured') {
      if (now - this.#lastAt > FRAME_MS) this.#take(now);
      await this.#encoder.flush().catch(() => {});
    }
    if (this.#encoder.state !== 'closed') this.#encoder.close();
    const { head, tail } = this.#webm.finish(now - this.#start);
    return new Blob([head, ...this.#clusters, tail], { type: 'video/webm' });
  }
}
