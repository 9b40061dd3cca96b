/** Mouse, pen, finger and wheel over small tiles, while the hands work on the wall. Beside pictures all is as ever. */

import { inView } from './demand.js';
import { Wheel, buttonsOf, placeOf } from './wall-input.js';

const LINE_PX = 33; // wheel steps that count lines or pages, in pixels

/** @param {Event} event */
function ours(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Return what finds the tile under an event, and sends there. @param {import('./hands.js').Hands} hands */
function aimOf(hands) {
  const { stage, model } = hands;

  /** @param {number} tile @param {MouseEvent} event @param {number} buttons @returns {import('./wall-input.js').Entry[]} */
  function entryOf(tile, event, buttons) {
    const [rect, size] = [stage.rectOf(tile), model.tiles.get(tile)];
    const rotation = model.room.document.get(`tile/${tile}/rotation`);
    return rect && size ? [{ tile, pointer: [...placeOf(rect, size, event.clientX, event.clientY, rotation), buttons] }] : [];
  }

  return {
    /** Return the tile whose picture is under an event, if input may go into it. @param {MouseEvent} event */
    tileUnder(event) {
      if (!hands.on || (event.target instanceof Element && event.target.closest('.empty'))) return null;
      const { left, top } = stage.element.getBoundingClientRect();
      const found = stage.tileAt(event.clientX - left, event.clientY - top);
      const rect = found && stage.rectOf(found.id);
      if (!found || !rect || !model.takesInput(found.id)) return null;
      const point = { x: event.clientX - rect.x, y: event.clientY - rect.y, width: 1, height: 1 };
      return inView(point, rect) ? found.id : null;
    },

    /** @param {number} tile @param {MouseEvent} event @param {number[]} buttons one after the other */
    send(tile, event, buttons) {
      hands.send(buttons.flatMap((each) => entryOf(tile, event, each)));
    },

    /** @param {number} tile @param {MouseEvent} event @param {number} buttons the same as before */
    move(tile, event, buttons) {
      for (const entry of entryOf(tile, event, buttons)) hands.move(entry);
    },
  };
}

/** @param {import('./hands.js').Hands} hands @param {ReturnType<typeof aimOf>} aim */
function watchWheel({ stage }, { tileUnder, send }) {
  const wheel = new Wheel();
  stage.element.addEventListener(
    'wheel',
    (event) => {
      const tile = event.ctrlKey || event.shiftKey ? null : tileUnder(event); // with these the wall zooms and moves
      if (tile === null) return;
      ours(event);
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
      const held = buttonsOf(event.buttons);
      const steps = wheel.turn(event.deltaX * unit, event.deltaY * unit);
      send(tile, event, steps.flatMap((bit) => [held | bit, held]));
    },
    { passive: false },
  );
}

/**
 * @param {import('./hands.js').Hands} hands
 * @param {(pointer: number, point: {x: number, y: number}) => void} pinch gives a finger to the wall's own gestures
 */
export function watchHands(hands, pinch) {
  const { stage, model } = hands;
  const { element } = stage;
  const aim = aimOf(hands);
  const { tileUnder, send, move } = aim;
  /** @type {{pointer: number, tile: number, buttons: number, finger: boolean}|null} */
  let press = null;
  watchWheel(hands, aim);

  element.addEventListener('pointerdown', (event) => {
    if (press?.finger && event.pointerType === 'touch') {
      send(press.tile, event, [0]); // two fingers are for the wall: zoom
      const { left, top } = element.getBoundingClientRect();
      pinch(press.pointer, { x: event.clientX - left, y: event.clientY - top });
      press = null;
      return;
    }
    const tile = tileUnder(event);
    if (tile === null || press || event.button > 2) return;
    ours(event);
    element.setPointerCapture(event.pointerId);
    press = { pointer: event.pointerId, tile, buttons: buttonsOf(event.buttons), finger: event.pointerType === 'touch' };
    hands.work(tile);
    send(tile, event, [press.buttons]);
  });

  element.addEventListener('pointermove', (event) => {
    if (press && event.pointerId === press.pointer) {
      ours(event);
      const buttons = buttonsOf(event.buttons);
      // A second button beside the first comes as a move too.
      if (buttons !== press.buttons) send(press.tile, event, [buttons]);
      else move(press.tile, event, buttons);
      press.buttons = buttons;
    } else if (!press && event.pointerType !== 'touch' && event.buttons === 0) {
      const tile = tileUnder(event);
      if (tile !== null) move(tile, event, 0);
    }
  });

  for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    element.addEventListener(type, (event) => {
      if (!press || event.pointerId !== press.pointer) return;
      ours(event);
      send(press.tile, event, [0]);
      press = null;
    });
  }

  element.addEventListener('contextmenu', (event) => tileUnder(event) !== null && event.preventDefault());

  // Assistive technology clicks a cell without a pointer: that gives it the keys.
  element.addEventListener('click', (event) => {
    const id = hands.on && event.detail === 0 ? stage.cells.idOf(event.target) : null;
    if (!model.takesInput(id)) return;
    ours(event);
    hands.work(/** @type {number} */ (id));
  });

  return {
    /** The portal let go of the buttons. */
    forget() {
      press = null;
    },
  };
}
