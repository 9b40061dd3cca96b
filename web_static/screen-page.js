/** One screen of a display wall: its piece of what the wall shows, in step with all the others, and nothing else. */

import { bareWall } from './bare-wall.js';
import { DisplayLink, rectOf } from './display-link.js';
import { byId, make } from './dom.js';
import { MARGIN_PX } from './layout.js';
import { PortalClock } from './portal-clock.js';
import { cameraOf, canonicalOf, fitted, placesOf, screenAt } from './screens.js';
import { t } from './text.js';

/** @typedef {import('./screens.js').Display} Display */

const NAME_MS = 4000; // that its name is shown for at the start
const STILL_MS = 2000; // after which a pointer that rests is not shown any more

/** @param {string} wall @param {[number, number]} place its column and row, from 1 */
export function startScreen(wall, [column, row]) {
  const { room, model, connection, stage } = bareWall('screen');
  room.silent = true; // it is no person: the wall knows its screens
  const clock = new PortalClock(connection);
  const link = new DisplayLink(connection);
  const main = byId('main', HTMLElement);
  const name = make('p', { class: 'screen-name', role: 'status' });
  const black = make('div', { class: 'screen-blank', hidden: '' });
  main.append(black, name);
  let said = '';
  let later = 0;
  /** @type {ReturnType<typeof sightOf>} */ let before = null;

  /** Return what the wall shows: what its leader says, or the whole of the session's wall as long as nobody did. @param {Display} display */
  function sightOf(display) {
    const { view, at, duration, even } = link.shown ?? { view: null, at: 0, duration: 0, even: false };
    if (link.shown === null) return null;
    if (view) return { rect: rectOf(view), stands: { zoomed: view.zoomed, columns: view.columns, layout: { width: view.layout[0], height: view.layout[1] } }, focus: view.focus, blank: view.blank, at, duration, even };
    return { rect: null, stands: { zoomed: [], columns: null, layout: canonicalOf(placesOf(display).whole) }, focus: null, blank: false, at: 0, duration: 0, even: false };
  }

  /** Show it, from the time on that it is for; with `now` as it is already. */
  function show(now = false) {
    const display = /** @type {Display|undefined} */ (room.document.get(`screens/${wall}`));
    const screen = display && screenAt(display, column, row);
    if (!display || !screen) return sayName(room.loaded ? t('screens.unknown', { name: wall, at: `${column},${row}` }) : '', false);
    sayName(t('screens.name', { at: `${column},${row}`, size: `${display.columns}×${display.rows}` }), true);
    const sight = sightOf(display);
    if (!sight || !clock.known || stage.layout.view.width <= 1) return;
    before = sight;
    const start = now || sight.at === 0 ? 0 : clock.localOf(sight.at);
    clearTimeout(later);
    const wait = start - Date.now();
    // How the wall stands seldom changes; where the camera is does, and the worker that draws it begins with that at the very frame.
    if (wait > 0 && JSON.stringify(sight.stands) !== JSON.stringify(model.borrowed)) later = setTimeout(() => stand(sight), wait);
    else stand(sight);
    const { places, whole } = placesOf(display);
    const rect = sight.rect ?? wholeOf(stage);
    const camera = cameraOf(fitted(rect, whole), places[(row - 1) * display.columns + column - 1], stage.layout.view);
    stage.present(camera, { start, duration: now ? 0 : sight.duration, even: sight.even });
  }

  /** @param {NonNullable<ReturnType<typeof sightOf>>} sight */
  function stand({ stands, focus, blank }) {
    model.borrow(stands);
    if (focus !== null) model.setFocus(focus);
    black.hidden = !blank;
  }

  /** Say which screen this is, for a moment or as long as something is wrong with it. @param {string} words @param {boolean} passing */
  function sayName(words, passing) {
    if (words === said) return;
    said = words;
    name.textContent = words;
    name.hidden = false;
    if (passing) setTimeout(() => words === said && (name.hidden = true), NAME_MS);
  }

  link.addEventListener('shown', () => show());
  clock.addEventListener('known', () => show());
  room.addEventListener('change', (event) => {
    const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
    if (detail.has('') || detail.has(`screens/${wall}`)) show(true);
  });
  for (const type of ['wall', 'order', 'sizes']) model.addEventListener(type, () => before?.rect === null && show(true));
  new ResizeObserver(() => show(true)).observe(stage.element);
  link.watch(wall, [column, row]);
  beBare();
  Object.assign(stage.element.dataset, { screen: `${column},${row}` });
  Object.defineProperty(window, 'tiledvizScreen', { value: Object.freeze({ ahead: () => clock.ahead, shown: () => link.shown }) });
  void connection.open();
}

/** Return the whole of a wall with a margin around. @param {import('./stage.js').Stage} stage */
export function wholeOf(stage) {
  const { size } = stage.grid;
  const margin = (MARGIN_PX / stage.layout.within.width) * size.width;
  return { x: -margin, y: -margin, width: size.width + 2 * margin, height: size.height + 2 * margin };
}

/** No pointer that rests, no sleep, and the whole screen for who taps it. */
function beBare() {
  const root = document.documentElement;
  let timer = 0;
  const moved = () => {
    root.dataset.pointer = 'moves';
    clearTimeout(timer);
    timer = setTimeout(() => (root.dataset.pointer = 'rests'), STILL_MS);
  };
  addEventListener('pointermove', moved);
  moved();
  addEventListener('click', () => void root.requestFullscreen?.().catch(() => {}));
  const awake = () => {
    if (!document.hidden) void navigator.wakeLock?.request('screen').catch(() => {}); // where it may not, it may not
  };
  document.addEventListener('visibilitychange', awake);
  awake();
}
