/** What a drag on the wall does besides moving the view: a frame that selects what it touches, and tiles carried to another place. */

import { make } from './dom.js';
import { t } from './text.js';

/**
 * @typedef {{x: number, y: number}} Point  of the stage, in CSS pixels
 * @typedef {{move: (to: Point) => void, end: (at: Point) => void, cancel: () => void}} Gesture
 */

const EDGE_PX = 40; // near the stage's edge, what is carried moves the view
const PUSH_PX = 9; // a frame

/**
 * Return by how much the view moves while something is carried near an edge beyond which there is more of the wall. Pure.
 * @param {Point} at @param {import('./camera.js').Size} stage in CSS pixels @param {import('./camera.js').Rect} sight what of the wall is in sight
 * @param {import('./camera.js').Size} wall
 */
export function pushAt(at, stage, sight, wall) {
  const along = (/** @type {number} */ place, /** @type {number} */ size, /** @type {number} */ from, /** @type {number} */ seen, /** @type {number} */ whole) => {
    if (place < EDGE_PX && from > 0) return PUSH_PX;
    return place > size - EDGE_PX && from + seen < whole ? -PUSH_PX : 0;
  };
  return { x: along(at.x, stage.width, sight.x, sight.width, wall.width), y: along(at.y, stage.height, sight.y, sight.height, wall.height) };
}

/** @param {Point} a @param {Point} b */
const between = (a, b) => ({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) });

/**
 * Draw a frame from a point on; what it touches is selected when it is let go of.
 * @param {import('./stage.js').Stage} stage @param {import('./model.js').Model} model @param {Point} from
 * @param {boolean} more whether to what is selected already @returns {Gesture}
 */
export function marquee(stage, model, from, more) {
  const count = make('span', {});
  const frame = make('div', { class: 'marquee', 'aria-hidden': 'true' }, count);
  stage.element.append(frame);
  return {
    move(to) {
      const { x, y, width, height } = between(from, to);
      Object.assign(frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
      count.textContent = String(stage.cellsIn({ x, y, width, height }).length);
    },
    end(at) {
      frame.remove();
      model.select([...(more ? model.chosen : []), ...stage.cellsIn(between(from, at))]);
    },
    cancel: () => frame.remove(),
  };
}

/**
 * Carry tiles: a line shows where they would go.
 * @param {import('./mover.js').Mover} mover @param {Set<number>} tiles @returns {Gesture}
 */
export function carry(mover, tiles) {
  const { stage, model } = mover;
  const [first] = tiles;
  const what = tiles.size === 1 ? (model.tiles.get(first)?.title ?? '') : t('select.count', { n: tiles.size });
  const label = make('div', { class: 'carried', 'aria-hidden': 'true' }, what);
  stage.element.append(label);
  stage.element.classList.add('carrying');
  let at = { x: 0, y: 0 };
  let frame = 0;
  const show = () => {
    label.style.transform = `translate(${at.x}px, ${at.y}px)`;
    stage.showInsertion(stage.positionAt(at.x, at.y));
  };
  const push = () => {
    frame = 0;
    const { clientWidth: width, clientHeight: height } = stage.element;
    const by = pushAt(at, { width, height }, stage.viewRect(), stage.grid.size);
    if (by.x === 0 && by.y === 0) return;
    stage.panBy(by.x, by.y);
    show();
    frame = requestAnimationFrame(push);
  };
  const done = () => {
    cancelAnimationFrame(frame);
    label.remove();
    stage.element.classList.remove('carrying');
    stage.showInsertion(null);
  };
  return {
    move(to) {
      at = to;
      show();
      frame ||= requestAnimationFrame(push);
    },
    end({ x, y }) {
      const position = stage.positionAt(x, y);
      done();
      if (position) mover.drop(tiles, position);
    },
    cancel: done,
  };
}
