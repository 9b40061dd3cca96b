/**
 * A page's line to a display wall: what the wall shows, who leads it, which of its screens are there.
 *
 * Fires `shown` when any of that changed.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {{rect: [number, number, number, number], columns: number, layout: [number, number], zoomed: number[], focus: number|null, blank: boolean}} ShownView
 * @typedef {{wall: string, view: ShownView|null, at: number, duration: number, even: boolean, leader: {page: string, person: string}|null, screens: [number, number][]}} Shown
 *   at: in the portal's time; duration: ms
 */

export class DisplayLink extends EventTarget {
  /** @type {Shown|null} null: not told yet */ shown = null;
  /** @type {string|null} the one that this page is told of */ wall = null;
  /** @type {[number, number]|null} */ #screen = null;

  /** @param {import('./connection.js').Connection} connection */
  constructor(connection) {
    super();
    this.connection = connection;
    connection.addEventListener('status', () => connection.status.state === 'open' && this.wall !== null && this.#say());
    connection.addEventListener('event', (event) => {
      const { detail } = /** @type {CustomEvent<any>} */ (event);
      if (detail.event !== 'shown' || detail.wall !== this.wall) return;
      this.shown = detail;
      this.dispatchEvent(new Event('shown'));
    });
  }

  /** Be told of a wall from now on, and of no other; null: of none. @param {string|null} wall @param {[number, number]|null} [screen] that this page is of it */
  watch(wall, screen = null) {
    this.wall = wall;
    this.#screen = screen;
    this.shown = null;
    this.#say();
  }

  #say() {
    if (this.connection.status.state !== 'open') return;
    this.connection.tell({ type: 'say', message: { watch: this.wall === null ? null : { wall: this.wall, screen: this.#screen } } });
  }
}

/** Return what a display wall shows of the session's wall. @param {ShownView} view @returns {Rect} */
export const rectOf = ({ rect: [x, y, width, height] }) => ({ x, y, width, height });
