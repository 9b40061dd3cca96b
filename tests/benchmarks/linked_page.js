/* global document, MessageChannel, performance, requestAnimationFrame, window */
// `linked.make(members, axes)`, then `linked.step(k)` brushes once more and resolves to the milliseconds until the frame that shows it was handed
// over, and those of its work; `linked.same()` says whether what stands there is, pixel by pixel, what is drawn anew.
import { ofNumbers } from '/web_static/columns.js';
import { Linked } from '/web_static/linked.js';
import { ParallelPaint } from '/web_static/parallel-paint.js';
import { columnsOf, stepsOf } from './linked_data.js';

const COLOURS = { rest: '#70707a', line: '#a3a3ac', accent: '#58b4ff', text: '#ececef' };
const [WIDTH, HEIGHT] = [1320, 480];
let [linked, paint, steps, brushes, columns, axes] = [];

const shown = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel(); // what is posted in a frame comes when that frame is handed over
    port2.onmessage = () => resolve(performance.now());
    requestAnimationFrame(() => port1.postMessage(null));
  });

function painter() {
  const made = new ParallelPaint();
  made.theme(COLOURS);
  made.layout({ width: WIDTH, height: HEIGHT, ratio: 1, xs: axes.map((_, i) => 40 + (i * (WIDTH - 80)) / (axes.length - 1)), top: 46, bottom: 440 });
  return made;
}

const pixelsOf = ({ canvas }) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;

window.linked = {
  async make(members, count) {
    const begun = performance.now();
    columns = columnsOf(members, count).map((values, i) => ofNumbers(`column:c${i}`, `c${i}`, values));
    axes = columns.map(({ by }) => ({ by, flipped: false, log: false }));
    steps = stepsOf(count, 40);
    brushes = new Map();
    const ids = Array.from({ length: members }, (_, i) => i);
    linked = new Linked(ids, columns, axes);
    paint = painter();
    document.getElementById('plane').replaceChildren(paint.canvas);
    paint.paint(linked, () => null);
    return { steps: steps.length, ready_ms: (await shown()) - begun };
  },
  /** As the page does while nothing else is to do: the first brush of an axis finds its members sorted. */
  prepare() {
    columns.forEach((_, i) => linked.brushing.prepare(i));
  },
  async step(k) {
    const { axis, low, high } = steps[k];
    const { low: from, high: to, by } = columns[axis];
    const begun = performance.now();
    brushes.set(by, { ranges: [[from + low * (to - from), from + high * (to - from)]] });
    linked.brush(brushes);
    paint.paint(linked, () => null);
    const work = performance.now() - begun;
    return [(await shown()) - begun, work, linked.brushing.passing];
  },
  same() {
    const kept = pixelsOf(paint);
    const other = new Linked(linked.ids, columns, axes);
    other.brush(brushes);
    const anew = painter();
    anew.paint(other, () => null);
    const whole = pixelsOf(anew);
    return other.brushing.passing === linked.brushing.passing && kept.every((value, i) => value === whole[i]);
  },
};
