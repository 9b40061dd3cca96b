/**
 * The camera over the wall as hands move it: all of it, some tiles, one tile, closer, along. (Where that leads: camera.js, pure.)
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Camera} Camera
 */

import * as optics from './camera.js';
import { inView } from './demand.js';
import { lessMotion } from './dom.js';
import { MARGIN_PX } from './layout.js';
import { carriedFrom } from './layout-ways.js';

const TITLE_SHARE = 0.4; // of the strip, that the title takes when zoomed in

export class StageView {
  /** @type {import('./camera.js').Motion} */ motion;
  /** @type {import('./layout.js').Grid} where tiles stood when the camera was put to what is in sight */ #seen;
  /** @type {'all'|'home'|'led'|null} what of the wall is to stay in sight as it changes: all of it, where it begins, or what somebody else says */ kept = 'all';

  /** @param {import('./stage-layout.js').StageLayout} layout @param {(motion: import('./camera.js').Motion) => void} moved */
  constructor(layout, moved) {
    this.layout = layout;
    this.moved = moved;
    this.#seen = layout.grid;
    const camera = { x: 0, y: 0, scale: 1 };
    this.motion = { from: camera, to: camera, start: 0, duration: 0 };
  }

  /** Return the camera as it stands, on its way or not. @returns {Camera} */
  get camera() {
    return optics.cameraAt(this.motion, Date.now());
  }

  /** Return the layout as it is now. */
  settled() {
    return this.layout;
  }

  /** @param {Camera} camera @param {number} duration ms */
  moveTo(camera, duration) {
    const from = this.camera;
    this.motion = { from, to: camera, start: Date.now(), duration: lessMotion() ? 0 : duration };
    this.moved(this.motion);
  }

  /** Show the whole wall. */
  fit(duration = optics.MOTION_MS) {
    const { size } = this.settled().grid;
    this.kept = 'all';
    this.moveTo(optics.fitRect({ x: 0, y: 0, ...size }, this.layout.view, MARGIN_PX), duration);
  }

  /** Show the wall's beginning with tiles of the width that people set; the whole wall if they set none. */
  home(duration = optics.MOTION_MS) {
    const { grid, view, wish } = this.settled();
    if (wish.tile === undefined) return this.fit(duration);
    this.kept = 'home';
    this.moveTo(optics.beginningAt(wish.tile, grid.size, view, MARGIN_PX), duration);
  }

  /** People set another width of tiles, or none: that is to stay in sight, unless somebody else says what is. */
  keepWished() {
    if (this.kept !== 'led') this.kept = this.layout.wish.tile === undefined ? 'all' : 'home';
  }

  /** Look there, and stay as the wall changes. @param {Camera} camera @param {number} duration ms */
  look(camera, duration) {
    this.kept = null;
    this.#seen = this.settled().grid;
    this.moveTo(camera, duration);
  }

  /**
   * Look there from a time on that is said, from wherever the camera is then: all who are told the same do the same.
   * @param {Camera} camera @param {{start: number, duration: number, even: boolean}} when in ms since the epoch
   */
  present(camera, when) {
    this.kept = 'led';
    this.motion = { from: optics.cameraAt(this.motion, when.start), to: camera, ...when };
    this.moved(this.motion);
  }

  /** Return what of the wall is in sight, or will be once the camera rests, in wall units. @returns {Rect} */
  viewRect() {
    const { x, y, scale } = this.motion.to;
    const { width, height } = this.layout.view;
    return { x, y, width: width / scale, height: height / scale };
  }

  /** Show this part of the wall, in the middle. @param {Rect} rect in wall units @param {number} [duration] */
  showRect(rect, duration = optics.MOTION_MS) {
    this.look(optics.fitRect(rect, this.layout.view, 0), duration);
  }

  /** Return what of tiles should be in sight: pictures and titles. @param {Iterable<number>} ids @returns {Rect|null} */
  sightOf(ids) {
    const { grid } = this.settled();
    const rect = this.layout.around(ids);
    return rect && { ...rect, height: rect.height + grid.strip * TITLE_SHARE };
  }

  /** Show one tile as large as fits, or the whole wall if that tile is already. @param {number} id */
  zoomTo(id) {
    const rect = this.sightOf([id]);
    if (!rect) return;
    const camera = optics.fitRect(rect, this.layout.view, MARGIN_PX);
    const there = Math.abs(this.motion.to.scale / camera.scale - 1) < 0.01 && inView(optics.toScreen(this.motion.to, rect), this.layout.view);
    if (there) return this.fit();
    this.look(camera, optics.MOTION_MS);
  }

  /** Zoom by a factor so that the point (x, y) of the stage stays (its middle if not given). */
  zoomBy(/** @type {number} */ factor, x = this.layout.view.width / 2, y = this.layout.view.height / 2, duration = 0) {
    const { grid, view } = this.settled();
    const camera = duration > 0 ? this.motion.to : this.camera;
    const zoomed = optics.zoomAt(camera, optics.limitedFactor(camera, factor, grid.size, view), x, y);
    this.look(optics.keepOnWall(zoomed, grid.size, view), duration);
  }

  /** Move the wall as the hand does. @param {number} dx @param {number} dy CSS pixels */
  panBy(dx, dy) {
    this.look(optics.keepOnWall(optics.panBy(this.camera, dx, dy), this.settled().grid.size, this.layout.view), 0);
  }

  /** After tiles moved: what is to stay in sight does, else the tile in the middle stays where it is seen. @param {number} duration */
  keep(duration) {
    if (this.kept === 'all') return this.fit(duration);
    if (this.kept === 'home') return this.home(duration);
    if (this.kept === 'led') return;
    const { grid, view } = this.settled();
    const { to } = this.motion;
    const { x, y } = carriedFrom(this.#seen, grid, optics.toWall(to, view.width / 2, view.height / 2));
    this.#seen = grid;
    const camera = optics.keepOnWall({ ...to, x: to.x + x, y: to.y + y }, grid.size, view);
    if (camera.x !== this.motion.to.x || camera.y !== this.motion.to.y) this.moveTo(camera, duration);
  }
}
