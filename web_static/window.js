/**
 * `window.tiledviz`: what the page shows, to read from the browser's console or a test. It changes nothing.
 *
 * - `tiles()`: in the order shown, `{id, title, state, off, dimmed, focused, rect}`; rect is the picture's place in the
 *   window, `{x, y, width, height}` in CSS pixels.
 * - `camera()`: `{x, y, scale}`: the wall's point in the upper left corner, and CSS pixels per tile's width.
 * - `connection()`: `'connecting'`, `'open'`, `'lost'`, `'expired'`, `'gone'` (no way into this session) or `'outdated'` (the portal is of
 *   another release).
 * - `drawn()`: a promise of `{frames, tiles: {ID: count}}`: frames drawn on the canvas, and pictures drawn of each tile.
 * - `session`: the session's room, where `set`, `write`, `undo` and `redo` do what hands do.
 */

/**
 * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
 * @param {import('./connection.js').Connection} connection
 */
export function expose(model, stage, connection) {
  const tiles = () =>
    model.order.map((id) => ({
      id,
      title: model.tiles.get(id)?.title,
      state: model.tiles.get(id)?.state,
      off: model.off.has(id),
      dimmed: model.isDimmed(id),
      focused: id === model.focus,
      rect: stage.rectOf(id),
    }));
  const value = Object.freeze({
    tiles,
    camera: () => ({ ...stage.camera }),
    connection: () => connection.status.state,
    drawn: () => connection.drawn(),
    session: model.room,
  });
  Object.defineProperty(window, 'tiledviz', { value });
}
