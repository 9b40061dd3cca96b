/**
 * Input on its way from the wall into tiles. Pure.
 *
 * A pointer's place is told in 65536ths of a display's sides, so that it fits displays of any size; buttons as in
 * RFC 6143, 7.5.5: bit 0 left, 1 middle, 2 right, 3 to 6 the wheel up, down, left, right.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {{tile: number, key: [number, boolean]} | {tile: number, pointer: [number, number, number]}} Entry
 *   key: keysym, and whether it goes down
 */

import { uprightAt } from './wall-turn.js';

const UNITS = 65536;
const STEP_PX = 50; // of the wheel, as in noVNC
const STEPS_MOST = 8; // of one event
const [UP, DOWN, LEFT, RIGHT] = [8, 16, 32, 64];
const MODIFIERS = /^(Shift|Control|Alt|Meta)(Left|Right)$/;

/**
 * Return [u, v] of the pixel of a display that is shown at a point of the window: the nearest one, if that is beside it.
 * @param {Rect} rect where its picture is @param {{width: number, height: number}} size of the display, in pixels
 * @param {number} x @param {number} y @param {number} [rotation] degrees by which the picture is turned @returns {[number, number]}
 */
export function placeOf(rect, size, x, y, rotation = 0) {
  const along = (/** @type {number} */ share, /** @type {number} */ pixels) => {
    const pixel = Math.max(0, Math.min(pixels - 1, Math.floor(share * pixels)));
    return Math.floor(((pixel + 0.5) * UNITS) / pixels);
  };
  const [u, v] = uprightAt((x - rect.x) / rect.width, (y - rect.y) / rect.height, rotation);
  return [along(u, size.width), along(v, size.height)];
}

/** Return the buttons of a pointer event as the protocol has them; those it has no bit for are left out. */
export function buttonsOf(/** @type {number} */ buttons) {
  return (buttons & 1) | ((buttons & 4) >> 1) | ((buttons & 2) << 1);
}

/** A wheel's small steps, added up to the protocol's whole ones. */
export class Wheel {
  #x = 0;
  #y = 0;

  /** Return the bits of the steps that are full, in order. @param {number} dx @param {number} dy in pixels @returns {number[]} */
  turn(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    const across = Math.trunc(this.#x / STEP_PX);
    const down = Math.trunc(this.#y / STEP_PX);
    this.#x -= across * STEP_PX;
    this.#y -= down * STEP_PX;
    const steps = (/** @type {number} */ count, /** @type {number} */ bit) => Array(Math.min(Math.abs(count), STEPS_MOST)).fill(bit);
    return [...steps(across, across < 0 ? LEFT : RIGHT), ...steps(down, down < 0 ? UP : DOWN)];
  }
}

/** Entries that wait for their frame: of moves in a row over one tile just the last, and all else in order. */
export class Outbox {
  /** @type {{entry: Entry, move: boolean}[]} */ #waiting = [];

  /** @param {Entry} entry @param {boolean} [move] a pointer that pressed and let go of nothing */
  add(entry, move = false) {
    const last = this.#waiting.at(-1);
    if (move && last?.move && last.entry.tile === entry.tile) this.#waiting.pop();
    this.#waiting.push({ entry, move });
  }

  /** Return what waits, which is then on its way. @returns {Entry[]} */
  take() {
    const entries = this.#waiting.map(({ entry }) => entry);
    this.#waiting = [];
    return entries;
  }
}

/** Which keys are down, and in which tile: each goes up where it went down. */
export class HeldKeys {
  /** @type {Map<string, {tile: number, keysym: number}>} by the key's code */ #held = new Map();

  /** @param {number} tile @param {string} code @param {number} keysym @returns {Entry} */
  press(tile, code, keysym) {
    this.#held.set(code, { tile, keysym });
    return { tile, key: [keysym, true] };
  }

  /** Return what lets go of a key, or null if it is not down anywhere. @param {string} code @returns {Entry|null} */
  lift(code) {
    const held = this.#held.get(code);
    this.#held.delete(code);
    return held ? { tile: held.tile, key: [held.keysym, false] } : null;
  }

  /** Return what lets all keys go where they are down, and presses the modifiers anew in another tile. @param {number} tile @returns {Entry[]} */
  move(tile) {
    const moved = [...this.#held].filter(([, held]) => held.tile !== tile);
    const up = moved.map(([code]) => this.lift(code)).filter((entry) => entry !== null);
    const down = moved.filter(([code]) => MODIFIERS.test(code)).map(([code, { keysym }]) => this.press(tile, code, keysym));
    return [...up, ...down];
  }

  /** All are up: the portal was told so by other means. */
  forget() {
    this.#held.clear();
  }
}
