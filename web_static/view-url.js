/**
 * The view as an address: what of the wall is in sight, the tile in focus, whether it is open, what is zoomed on, what is searched for,
 * whom one follows, and what else is one's own. It stands behind '#', so that the portal never sees it. Pure.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {object} View
 * @property {Rect|null} rect     in wall units; null: all of it
 * @property {number|null} tile   in focus
 * @property {boolean} open
 * @property {number[]} zoomed
 * @property {string} text        of the search
 * @property {'dim'|'hide'|'last'} rest
 * @property {string|null} follow  a person
 * @property {Record<string, any>} own  registers of one's own that go with the view, by their names
 * @property {string|null} wall   how the wall stood, in a link that somebody sends (kept.js); null: as it stands
 */

const RESTS = ['dim', 'hide', 'last'];
const DIGITS = 4;
const ZOOMED_MOST = 256;
const OWN_LETTERS = 2000;
const WALL_LETTERS = 20_000;

/** Return the part of an address behind '#' that stands for a view; '' for the plain one. @param {View} view */
export function writeView({ rect, tile, open, zoomed, text, rest, follow, own, wall }) {
  const parts = new URLSearchParams();
  if (rect) parts.set('view', [rect.x, rect.y, rect.width, rect.height].map((value) => Number(value.toFixed(DIGITS))).join());
  if (tile !== null) parts.set('tile', String(tile));
  if (open) parts.set('open', '1');
  if (zoomed.length > 0) parts.set('zoom', zoomed.join());
  if (text !== '') parts.set('search', text);
  if (text !== '' && rest !== 'dim') parts.set('rest', rest);
  if (follow !== null) parts.set('follow', follow);
  if (Object.keys(own).length > 0) parts.set('own', JSON.stringify(own));
  if (wall !== null) parts.set('wall', wall);
  return parts.toString().replaceAll('%2C', ',');
}

/** Return the view that an address stands for, or null when it stands for none; what makes no sense in it is left out. @param {string} hash @returns {View|null} */
export function readView(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  if (!['view', 'tile', 'zoom', 'search', 'follow', 'own', 'wall'].some((name) => parts.has(name))) return null;
  const numbers = (/** @type {string} */ name) => (parts.get(name) ?? '').split(',').filter(Boolean).map(Number);
  const whole = (/** @type {number} */ value) => Number.isSafeInteger(value) && value >= 0;
  const [x, y, width, height] = numbers('view');
  const [tile] = numbers('tile').filter(whole);
  const rest = parts.get('rest') ?? 'dim';
  return {
    rect: [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0 ? { x, y, width, height } : null,
    tile: tile ?? null,
    open: parts.get('open') === '1' && tile !== undefined,
    zoomed: numbers('zoom').filter(whole).slice(0, ZOOMED_MOST),
    text: (parts.get('search') ?? '').slice(0, 1000),
    rest: /** @type {View['rest']} */ (RESTS.includes(rest) ? rest : 'dim'),
    follow: /^[\w-]{1,40}$/.test(parts.get('follow') ?? '') ? parts.get('follow') : null,
    own: ownOf((parts.get('own') ?? '').slice(0, OWN_LETTERS + 1)),
    wall: (parts.get('wall') ?? '').length > WALL_LETTERS ? null : parts.get('wall'),
  };
}

/** @param {string} text @returns {Record<string, any>} */
function ownOf(text) {
  if (text === '' || text.length > OWN_LETTERS) return {};
  try {
    const own = JSON.parse(text);
    return typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {};
  } catch {
    return {};
  }
}
