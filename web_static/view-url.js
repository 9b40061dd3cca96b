/**
 * The view as an address: what of the wall is in sight, the tile in focus, whether it is open, what is zoomed on, what is searched for,
 * whom one follows with which piece of a display wall. It stands behind '#', so that the portal never sees it. Pure.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {{column: number, row: number, columns: number, rows: number}} Piece  of a display wall, one browser a screen
 * @typedef {object} View
 * @property {Rect|null} rect     in wall units; null: all of it
 * @property {number|null} tile   in focus
 * @property {boolean} open
 * @property {number[]} zoomed
 * @property {string} text        of the search
 * @property {'dim'|'hide'|'last'} rest
 * @property {string|null} follow  a person
 * @property {Piece|null} piece
 */

const RESTS = ['dim', 'hide', 'last'];
const DIGITS = 4;
const ZOOMED_MOST = 256;
const PIECES_MOST = 64;

/** Return the part of an address behind '#' that stands for a view; '' for the plain one. @param {View} view */
export function writeView({ rect, tile, open, zoomed, text, rest, follow, piece }) {
  const parts = new URLSearchParams();
  if (rect) parts.set('view', [rect.x, rect.y, rect.width, rect.height].map((value) => Number(value.toFixed(DIGITS))).join());
  if (tile !== null) parts.set('tile', String(tile));
  if (open) parts.set('open', '1');
  if (zoomed.length > 0) parts.set('zoom', zoomed.join());
  if (text !== '') parts.set('search', text);
  if (text !== '' && rest !== 'dim') parts.set('rest', rest);
  if (follow !== null) parts.set('follow', follow);
  if (piece) parts.set('piece', [piece.column, piece.row, piece.columns, piece.rows].join());
  return parts.toString().replaceAll('%2C', ',');
}

/** Return the view that an address stands for, or null when it stands for none; what makes no sense in it is left out. @param {string} hash @returns {View|null} */
export function readView(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  if (!['view', 'tile', 'zoom', 'search', 'follow', 'piece'].some((name) => parts.has(name))) return null;
  const numbers = (/** @type {string} */ name) => (parts.get(name) ?? '').split(',').filter(Boolean).map(Number);
  const whole = (/** @type {number} */ value) => Number.isSafeInteger(value) && value >= 0;
  const [x, y, width, height] = numbers('view');
  const [column, row, columns, rows] = numbers('piece');
  const [tile] = numbers('tile').filter(whole);
  const rest = parts.get('rest') ?? 'dim';
  const fits = [column, row, columns, rows].every(whole) && column < columns && row < rows && columns <= PIECES_MOST && rows <= PIECES_MOST;
  return {
    rect: [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0 ? { x, y, width, height } : null,
    tile: tile ?? null,
    open: parts.get('open') === '1' && tile !== undefined,
    zoomed: numbers('zoom').filter(whole).slice(0, ZOOMED_MOST),
    text: (parts.get('search') ?? '').slice(0, 1000),
    rest: /** @type {View['rest']} */ (RESTS.includes(rest) ? rest : 'dim'),
    follow: /^[\w-]{1,40}$/.test(parts.get('follow') ?? '') ? parts.get('follow') : null,
    piece: fits ? { column, row, columns, rows } : null,
  };
}

/** Return the piece of what a leader sees that one screen of a display wall shows. @param {Rect} rect @param {Piece|null} piece */
export function pieceOf(rect, piece) {
  if (!piece) return rect;
  const [width, height] = [rect.width / piece.columns, rect.height / piece.rows];
  return { x: rect.x + piece.column * width, y: rect.y + piece.row * height, width, height };
}
