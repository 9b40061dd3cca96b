/**
 * Draws members along parallel axes: each by its line, or, where there are too many, how many there are between each two bins. What is lit,
 * the selection and what one points at, is a canvas of its own over them.
 *
 * @typedef {import('./linked.js').Linked} Linked
 * @typedef {{rest: string, line: string, accent: string, text: string}} Colours  as #rrggbb
 * @typedef {{width: number, height: number, ratio: number, xs: number[], top: number, bottom: number}} Place  CSS pixels; of the axes
 */

import { Density, HEIGHT, NONE_ROWS, ROWS } from './density.js';

const LIT_MOST = 400; // lines over a picture of densities
const WIDE_MOST = 150; // lines that are a little wider
const FAINT = 0.34; // opacity of what is brushed out

/** @param {string} hex @returns {import('./density.js').Rgb} */
export const rgbOf = (hex) => /** @type {import('./density.js').Rgb} */ ([1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));

/** Return how seen a line is among so many. @param {number} count */
const opacityOf = (count) => Math.max(0.3, Math.min(0.9, 10 / Math.sqrt(count)));

export class ParallelPaint {
  canvas = document.createElement('canvas');
  over = document.createElement('canvas');
  /** @type {Place} */ #place = { width: 1, height: 1, ratio: 1, xs: [], top: 0, bottom: 1 };
  /** @type {Colours} */ #colours = { rest: '#808080', line: '#ffffff', accent: '#ffffff', text: '#ffffff' };
  #picture = document.createElement('canvas');
  #ground = document.createElement('canvas');
  /** @type {{canvas: HTMLCanvasElement, of: unknown[]}} */ #faint = { canvas: document.createElement('canvas'), of: [null] };
  /** @type {{of: import('./tallies.js').Tallies, density: Density, image: ImageData, ground: string}|null} */ #many = null;

  /** @param {Place} place */
  layout(place) {
    this.#place = place;
    for (const canvas of [this.canvas, this.over]) {
      const [width, height] = [Math.round(place.width * place.ratio), Math.round(place.height * place.ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      canvas.style.setProperty('width', `${place.width}px`);
      canvas.style.setProperty('height', `${place.height}px`);
    }
  }

  /** @param {Colours} colours */
  theme(colours) {
    this.#colours = colours;
  }

  /** Return where those without a value stand, in CSS pixels. */
  get noneAt() {
    const { top, bottom } = this.#place;
    return top + ((bottom - top) * (HEIGHT - NONE_ROWS / 2)) / ROWS;
  }

  /** @param {HTMLCanvasElement} canvas */
  #begin(canvas) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const { ratio } = this.#place;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineJoin = 'bevel';
    return context;
  }

  /** Draw all members. @param {Linked} linked @param {(member: number) => string|null} colourOf  null: as all */
  paint(linked, colourOf) {
    const context = this.#begin(this.canvas);
    if (linked.axes.length < 2) return;
    if (linked.many) this.#paintMany(context, linked);
    else this.#paintLines(context, linked, colourOf);
  }

  /** @param {CanvasRenderingContext2D} context @param {Linked} linked @param {(member: number) => string|null} colourOf */
  #paintLines(context, linked, colourOf) {
    const { line } = this.#colours;
    if (linked.brushing.brushed) {
      const { width, height } = this.#place;
      context.drawImage(this.#faintOf(linked), 0, 0, width, height);
    }
    context.lineWidth = linked.brushing.passing > WIDE_MOST ? 1 : 1.4; // hairlines are several times as quick to draw
    context.globalAlpha = opacityOf(linked.brushing.passing);
    for (let member = 0; member < linked.size; member += 1) {
      if (!linked.passes(member)) continue;
      context.strokeStyle = colourOf(member) ?? line;
      this.#stroke(context, linked, member);
    }
    context.globalAlpha = 1;
  }

  /** Return all lines as those are that do not pass: drawn once, not with each step of a brush. @param {Linked} linked */
  #faintOf(linked) {
    const of = [linked, this.#place, this.#colours];
    if (this.#faint.of.some((each, i) => each !== of[i])) {
      const { canvas } = this.#faint;
      Object.assign(canvas, { width: this.canvas.width, height: this.canvas.height });
      const context = this.#begin(canvas);
      context.globalAlpha = FAINT;
      context.strokeStyle = this.#colours.rest;
      for (let member = 0; member < linked.size; member += 1) this.#stroke(context, linked, member);
      this.#faint = { canvas, of };
    }
    return this.#faint.canvas;
  }

  /** @param {CanvasRenderingContext2D} context @param {Linked} linked @param {number} member */
  #stroke(context, linked, member) {
    const { xs, top, bottom } = this.#place;
    const none = this.noneAt;
    context.beginPath();
    for (let at = 0; at < xs.length; at += 1) {
      const place = linked.axes[at].places[member];
      context.lineTo(xs[at], Number.isNaN(place) ? none : bottom - place * (bottom - top));
    }
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {Linked} linked */
  #paintMany(context, linked) {
    const gaps = linked.axes.length - 1;
    if (linked.tallies?.shift !== 0 || linked.tallies.pairs.length !== gaps) linked.count(Array.from({ length: gaps }, (_, gap) => [gap, gap + 1]));
    const many = this.#densityOf(/** @type {import('./tallies.js').Tallies} */ (linked.tallies));
    // Whichever is less to do comes to the same.
    const anew = many.of.told > many.of.filled;
    many.of.drain((gap, one, other, by) => anew || many.density.add(gap, one, other, by));
    if (anew) many.density.fill(many.of.passing);
    many.density.draw(new Uint32Array(many.image.data.buffer), rgbOf(this.#colours.line), 0.95);
    /** @type {CanvasRenderingContext2D} */ (this.#picture.getContext('2d')).putImageData(many.image, 0, 0);
    if (linked.brushing.brushed) {
      context.globalAlpha = FAINT * 1.3;
      this.#spread(context, this.#ground, gaps);
      context.globalAlpha = 1;
    }
    this.#spread(context, this.#picture, gaps);
  }

  /** Return the picture of these tallies; made anew where they are others. @param {import('./tallies.js').Tallies} of */
  #densityOf(of) {
    const ground = this.#colours.rest;
    if (this.#many?.of === of && this.#many.ground === ground) return this.#many;
    const density = new Density(of.pairs.length);
    const image = new ImageData(density.width, HEIGHT);
    for (const canvas of [this.#picture, this.#ground]) Object.assign(canvas, { width: density.width, height: HEIGHT });
    density.fill(of.all);
    const most = density.most(); // also of what passes: no brush makes the rest darker
    density.draw(new Uint32Array(image.data.buffer), rgbOf(ground), 1, most);
    /** @type {CanvasRenderingContext2D} */ (this.#ground.getContext('2d')).putImageData(image, 0, 0);
    of.drain(() => {});
    density.fill(of.passing);
    return (this.#many = { of, density, image, ground });
  }

  /** Draw a picture of densities between the axes. @param {CanvasRenderingContext2D} context @param {HTMLCanvasElement} picture @param {number} gaps */
  #spread(context, picture, gaps) {
    const { xs, top, bottom } = this.#place;
    const height = ((bottom - top) * HEIGHT) / ROWS;
    const width = picture.width / gaps;
    for (let gap = 0; gap < gaps; gap += 1) context.drawImage(picture, gap * width, 0, width, HEIGHT, xs[gap], top, xs[gap + 1] - xs[gap], height);
  }

  /** Light members up over the others. @param {Linked} linked @param {number[]} selected @param {number[]} looked what one points at, and what has the focus */
  light(linked, selected, looked) {
    const context = this.#begin(this.over);
    if (linked.axes.length < 2) return;
    const { accent, text } = this.#colours;
    context.strokeStyle = accent;
    context.lineWidth = 2;
    context.globalAlpha = selected.length > LIT_MOST / 4 ? 0.6 : 1;
    for (const member of selected.slice(0, LIT_MOST)) this.#stroke(context, linked, member);
    context.globalAlpha = 1;
    for (const member of looked) {
      context.strokeStyle = text;
      context.lineWidth = 2.5;
      this.#stroke(context, linked, member);
    }
  }
}
