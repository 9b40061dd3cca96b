/**
 * Mouse, wheel, pen and fingers on the stage. One rule: a drag on a picture moves the view, one on a title the tiles, one beside tiles
 * (or with Shift) draws a frame that selects. A click opens; with Ctrl it selects, with Shift up to there; a long press selects, and taps do then.
 */

import { announce } from './announce.js';
import { inView } from './demand.js';
import { carry, marquee } from './marquee.js';
import { toggled, upTo } from './selecting.js';
import { t } from './text.js';

const DRAG_PX = 4;
const TOUCH_DRAG_PX = 9;
const PRESS_MS = 500; // a long press
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
 * @typedef {{x: number, y: number}} Point  of the stage, in CSS pixels
 * @typedef {{at: Point, touch: boolean, button: number, shift: boolean, control: boolean, found: {id: number, onTitle: boolean}|null}} Press
 * @typedef {object} Does
 * @property {(id: number) => void} open
 * @property {(id: number) => void} select    puts the focus there
 * @property {() => boolean} working          whether hands are in the tiles: then titles move the view
 */

/** Return what a press of the wall means, when it becomes a drag and when it does not. @param {import('./mover.js').Mover} mover @param {Does} does */
function meaningsOf(mover, does) {
  const { stage, model } = mover;
  /** @type {number|null} the tile that was selected last, from which a range goes */
  let anchor = null;

  /** @param {number} id */
  function toggle(id) {
    anchor = id;
    model.select(toggled(model.chosen, id));
  }

  /** @param {number} id */
  function selectUpTo(id) {
    if (anchor === null || !model.chosen.has(anchor)) anchor = id;
    model.select(upTo(model.order, anchor, id));
  }

  /** @param {Point} from @returns {import('./marquee.js').Gesture} */
  function pan(from) {
    let before = from;
    stage.element.classList.add('dragging');
    const done = () => stage.element.classList.remove('dragging');
    return {
      move(to) {
        stage.panBy(to.x - before.x, to.y - before.y);
        before = to;
      },
      end: done,
      cancel: done,
    };
  }

  return {
    toggle,

    /** @param {Press} press */
    drag({ at, touch, button, shift, control, found }) {
      if (button === 1) return pan(at);
      const onTitle = found !== null && found.onTitle;
      const tiles = found && model.chosen.has(found.id) ? model.chosen : new Set(found ? [found.id] : []);
      if (touch) return onTitle && model.chosen.has(found.id) && mover.can && !does.working() ? carry(mover, tiles) : pan(at);
      if (shift || (control && !onTitle)) return marquee(stage, model, at, true);
      if (found === null) return marquee(stage, model, at, false);
      if (onTitle && mover.fixed && !does.working()) announce(t('scatter.fixed'));
      return onTitle && mover.can && !does.working() ? carry(mover, tiles) : pan(at);
    },

    /** @param {Press} press */
    click({ touch, shift, control, found }) {
      const picking = touch && model.chosen.size > 0;
      if (!found) return shift || control || picking ? undefined : model.chooseNone();
      const { id, onTitle } = found;
      if (control || picking) toggle(id);
      else if (shift) selectUpTo(id);
      else (onTitle ? does.select : does.open)(id);
    },
  };
}

/**
 * @param {import('./mover.js').Mover} mover @param {Does} does
 * @returns {(pointer: number, point: Point) => void} takes a finger that is down already, as one of two
 */
export function watchPointers(mover, does) {
  const { stage } = mover;
  const { element } = stage;
  const meaning = meaningsOf(mover, does);
  /** @type {Map<number, Point>} */
  const down = new Map();
  /** @type {Press|null} */
  let press = null;
  /** @type {import('./marquee.js').Gesture|null} what the drag does; null: it is none yet, or two fingers */
  let gesture = null;
  let dragged = false;
  let holding = 0;

  const pointOf = (/** @type {MouseEvent} */ event) => pointWithin(element, event);
  watchWheel(stage);
  watchHover(stage, () => down.size > 0);

  function stop() {
    clearTimeout(holding);
    gesture?.cancel();
    gesture = null;
  }

  element.addEventListener('pointerdown', (event) => {
    if (!ours(event) || event.button > 1) return;
    element.setPointerCapture(event.pointerId);
    const at = pointOf(event);
    if (down.size === 0) {
      const touch = event.pointerType === 'touch';
      press = { at, touch, button: event.button, shift: event.shiftKey, control: event.ctrlKey || event.metaKey, found: stage.tileAt(at.x, at.y) };
      dragged = false;
      const id = press.found?.id;
      if (touch && id !== undefined) holding = setTimeout(() => hold(id), PRESS_MS);
    } else {
      stop();
      dragged = true; // a second finger: this is no tap any more
    }
    down.set(event.pointerId, at);
    if (event.button === 1) event.preventDefault(); // no autoscroll by the middle button
  });

  /** A finger rests on a tile. @param {number} id */
  function hold(id) {
    if (dragged || down.size !== 1) return;
    dragged = true;
    meaning.toggle(id);
  }
  element.addEventListener('contextmenu', (event) => press?.touch && event.preventDefault()); // of a long press

  // A press is not yet a choice: it may become a drag. So it moves no focus, but it takes the keyboard from whatever is not the wall's.
  element.addEventListener('mousedown', (event) => {
    if (!ours(event)) return;
    event.preventDefault();
    const held = document.activeElement;
    if (held instanceof HTMLElement && stage.cells.idOf(held) === null) held.blur();
  });

  element.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const point = pointOf(event);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (!dragged && press) {
      if (Math.hypot(point.x - press.at.x, point.y - press.at.y) < (press.touch ? TOUCH_DRAG_PX : DRAG_PX)) return;
      clearTimeout(holding);
      dragged = true;
      gesture = meaning.drag(press);
      stage.hover(null);
    }
    down.set(event.pointerId, point);
    if (other) pinch(stage, before, point, other);
    else gesture?.move(point);
  });

  element.addEventListener('pointerup', (event) => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    clearTimeout(holding);
    const done = gesture;
    gesture = null;
    done?.end(pointOf(event));
    if (press && !dragged && event.button === 0) meaning.click(press);
    press = null;
  });

  element.addEventListener('pointercancel', (event) => {
    down.delete(event.pointerId);
    stop();
  });

  // Escape lets go of what is carried, and nothing else goes back.
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !gesture) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    stop();
  }, { capture: true });

  // Assistive technology clicks a cell without a pointer.
  element.addEventListener('click', (event) => {
    const id = event.detail === 0 ? stage.cells.idOf(event.target) : null;
    if (id !== null) does.open(id);
  });

  return (pointer, point) => {
    dragged = true;
    down.set(pointer, point);
  };
}

/**
 * One of two fingers moved: what was between them stays between them.
 * @param {import('./stage.js').Stage} stage @param {Point} before @param {Point} after @param {Point} other
 */
function pinch(stage, before, after, other) {
  const apart = Math.max(20, Math.hypot(before.x - other.x, before.y - other.y));
  stage.panBy((after.x - before.x) / 2, (after.y - before.y) / 2);
  const factor = Math.max(20, Math.hypot(after.x - other.x, after.y - other.y)) / apart;
  stage.zoomBy(factor, (after.x + other.x) / 2, (after.y + other.y) / 2);
}

/** @param {import('./stage.js').Stage} stage @param {() => boolean} pressed */
function watchHover(stage, pressed) {
  const { element } = stage;
  element.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'touch' || pressed()) return;
    const { x, y } = pointWithin(element, event);
    const inside = inView({ x, y, width: 1, height: 1 }, { width: element.clientWidth, height: element.clientHeight });
    const found = inside && ours(event) ? stage.tileAt(x, y) : null;
    stage.hover(found ? found.id : null);
    element.classList.toggle('over-picture', found !== null && !found.onTitle);
    element.classList.toggle('over-title', found !== null && found.onTitle);
  });
  element.addEventListener('pointerleave', () => {
    stage.hover(null);
    element.classList.remove('over-picture', 'over-title');
  });
}
