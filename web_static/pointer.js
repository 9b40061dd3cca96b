/** Mouse, wheel, pen and fingers on the stage: drag moves, wheel and pinch zoom where they are, a click opens. */

import { inView } from './demand.js';

const DRAG_PX = 4;
const TOUCH_DRAG_PX = 9;
const LINE_PX = 33; // wheel steps that count lines or pages, in pixels
const WHEEL_ZOOM = 0.0016; // natural logarithm of the zoom per pixel
const PINCH_ZOOM = 0.01;

/** @param {HTMLElement} element @param {MouseEvent} event */
function pointWithin(element, event) {
  const { left, top } = element.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

/** Return whether an event is the wall's, not that of words which lie over it. @param {Event} event */
function ours({ target }) {
  return !(target instanceof Element && target.closest('.empty'));
}

/** @param {import('./stage.js').Stage} stage */
function watchWheel(stage) {
  const { element } = stage;
  element.addEventListener(
    'wheel',
    (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
      const { x, y } = pointWithin(element, event);
      if (event.shiftKey) return stage.panBy(-event.deltaX * unit, -event.deltaY * unit);
      // A pinch on a touchpad comes as a wheel with ctrl and small steps.
      const speed = event.ctrlKey && Math.abs(event.deltaY) < 50 ? PINCH_ZOOM : WHEEL_ZOOM;
      stage.zoomBy(Math.exp(-event.deltaY * unit * speed), x, y);
    },
    { passive: false },
  );
}

/**
 * @param {import('./stage.js').Stage} stage
 * @param {{open: (id: number) => void, select: (id: number) => void, choose: (id: number) => boolean}} does
 *   choose: with Shift; returns whether tiles can be chosen
 * @returns {(pointer: number, point: {x: number, y: number}) => void} takes a finger that is down already, as one of two
 */
export function watchPointers(stage, does) {
  const { element } = stage;
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let origin = { x: 0, y: 0 };
  let dragged = false;

  const pointOf = (/** @type {MouseEvent} */ event) => pointWithin(element, event);
  watchWheel(stage);

  element.addEventListener('pointerdown', (event) => {
    if (!ours(event) || event.button > 1) return;
    element.setPointerCapture(event.pointerId);
    if (down.size === 0) {
      origin = pointOf(event);
      dragged = false;
    } else {
      dragged = true; // a second finger: this is no tap any more
    }
    down.set(event.pointerId, pointOf(event));
    if (event.button === 1) event.preventDefault(); // no autoscroll by the middle button
  });

  // A press is not yet a choice: it may become a drag. So it moves no focus, but it does leave a field.
  element.addEventListener('mousedown', (event) => {
    if (!ours(event)) return;
    event.preventDefault();
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
  });

  element.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    if (!before) return down.size === 0 ? hover(event) : undefined;
    const point = pointOf(event);
    const start = event.pointerType === 'touch' ? TOUCH_DRAG_PX : DRAG_PX;
    if (!dragged && Math.hypot(point.x - origin.x, point.y - origin.y) < start) return;
    if (!dragged) element.classList.add('dragging');
    dragged = true;
    stage.hover(null);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, point);
    if (other) pinch(before, point, other);
    else stage.panBy(point.x - before.x, point.y - before.y);
  });

  /** One of two fingers moved: what was between them stays between them. */
  function pinch(
    /** @type {{x: number, y: number}} */ before,
    /** @type {{x: number, y: number}} */ after,
    /** @type {{x: number, y: number}} */ other,
  ) {
    const apart = Math.max(20, Math.hypot(before.x - other.x, before.y - other.y));
    stage.panBy((after.x - before.x) / 2, (after.y - before.y) / 2);
    const factor = Math.max(20, Math.hypot(after.x - other.x, after.y - other.y)) / apart;
    stage.zoomBy(factor, (after.x + other.x) / 2, (after.y + other.y) / 2);
  }

  element.addEventListener('pointerup', (event) => {
    if (!down.delete(event.pointerId)) return;
    if (down.size > 0) return;
    element.classList.remove('dragging');
    if (dragged || event.button !== 0) return;
    const { x, y } = pointOf(event);
    const found = stage.tileAt(x, y);
    if (found && !(event.shiftKey && does.choose(found.id))) (found.onTitle ? does.select : does.open)(found.id);
  });

  element.addEventListener('pointercancel', (event) => {
    down.delete(event.pointerId);
    element.classList.remove('dragging');
  });

  // Assistive technology clicks a cell without a pointer.
  element.addEventListener('click', (event) => {
    const id = event.detail === 0 ? stage.cells.idOf(event.target) : null;
    if (id !== null) does.open(id);
  });

  /** @param {PointerEvent} event */
  function hover(event) {
    if (event.pointerType === 'touch') return;
    const { x, y } = pointOf(event);
    const inside = inView({ x, y, width: 1, height: 1 }, { width: element.clientWidth, height: element.clientHeight });
    const found = inside && ours(event) ? stage.tileAt(x, y) : null;
    stage.hover(found ? found.id : null);
    element.classList.toggle('over-picture', found !== null && !found.onTitle);
    element.classList.toggle('over-title', found !== null && found.onTitle);
  }
  element.addEventListener('pointerleave', () => {
    stage.hover(null);
    element.classList.remove('over-picture', 'over-title');
  });

  return (pointer, point) => {
    dragged = true;
    down.set(pointer, point);
  };
}
