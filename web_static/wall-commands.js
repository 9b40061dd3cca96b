/** What one does on the wall as a whole: look around, open tiles, work in them. */

import { byId } from './dom.js';
import { MARGIN_PX } from './layout.js';
import { t } from './text.js';

const STEP = 1.4; // of zooming by a key
const STEP_MS = 140;
const OVERLAP = 0.1; // of a page with the one before

/**
 * @param {object} does
 * @param {import('./stage.js').Stage} does.stage
 * @param {import('./model.js').Model} does.model
 * @param {(id: number) => void} does.open
 * @param {() => void} does.search
 * @param {(open?: boolean) => void} does.panel
 * @param {() => void} does.theme
 * @param {() => void} does.work
 * @param {() => void} does.hands
 * @param {() => void} does.many
 * @param {{back: () => boolean, step: (step: 1|-1) => boolean}} does.zoom  each returns whether it did anything
 * @returns {import('./commands.js').Command[]}
 */
export function wallCommands({ stage, model, open, search, panel, theme, work, hands, many, zoom: zoomed }) {
  const onFocused = (/** @type {(id: number) => void} */ run) => () => model.focus !== null && run(model.focus);
  const enabled = () => model.focus !== null;
  const zoom = (/** @type {number} */ factor) => () => stage.zoomBy(factor, undefined, undefined, STEP_MS);
  return [
    { id: 'focus', label: () => t('command.focus'), group: 'look', keys: ['←', '↑', '↓', '→'], repeats: true, view: true, onWall: true, run: (key) => walk(key, zoomed) || stage.moveFocus(key || 'ArrowRight') },
    { id: 'ends', label: () => t('command.ends'), group: 'look', keys: ['Home', 'End', 'PageUp', 'PageDown'], repeats: true, view: true, onWall: true, run: (key) => stage.moveFocus(key || 'Home') },
    { id: 'open', label: () => t('command.open'), group: 'look', keys: ['Enter'], onWall: true, enabled, run: onFocused(open) },
    { id: 'back', label: () => t('command.back'), group: 'look', keys: ['Esc'], view: true, run: () => zoomed.back() || back(model, stage) },
    { id: 'zoom-in', label: () => t('command.zoom-in'), group: 'look', keys: ['+'], repeats: true, view: true, run: zoom(STEP) },
    { id: 'zoom-out', label: () => t('command.zoom-out'), group: 'look', keys: ['−'], repeats: true, view: true, run: zoom(1 / STEP) },
    { id: 'fit', label: () => t('command.fit'), group: 'look', keys: ['F', '0'], view: true, run: () => stage.fit() },
    { id: 'zoom-tile', label: () => t('command.zoom-tile'), group: 'look', keys: ['Z'], view: true, enabled, run: onFocused((id) => stage.zoomTo(id)) },
    { id: 'next-page', label: () => t('command.next-page'), group: 'look', keys: ['N'], view: true, run: () => turnPage(stage, 1) },
    { id: 'last-page', label: () => t('command.last-page'), group: 'look', keys: ['Shift+N'], view: true, run: () => turnPage(stage, -1) },
    { id: 'search', label: () => t('command.search'), group: 'look', keys: ['/'], needs: 'all', run: search },
    { id: 'sort', label: () => t('command.sort'), group: 'look', keys: ['S'], needs: 'arrange', run: () => openMenu('arrange-menu') },
    { id: 'sort-other', label: () => t('command.sort-other'), group: 'look', keys: ['R'], needs: 'arrange', run: () => model.sortBy({ ...model.sorting, descending: !model.sorting.descending }) },
    { id: 'layout', label: () => t('command.layout'), group: 'look', keys: ['C'], run: () => openMenu('layout-menu') },
    { id: 'details', label: () => t('command.details'), group: 'look', keys: ['[', ']'], run: (key) => panel(key === '' ? undefined : key === ']') },
    { id: 'theme', label: () => t('command.theme'), group: 'look', keys: ['T'], run: theme },
    { id: 'off', label: () => t('command.off'), group: 'tiles', keys: ['O'], needs: 'arrange', enabled: () => model.meant.length > 0, run: () => turn(model) },
    { id: 'hands', label: () => t('command.hands'), group: 'work', keys: ['W'], needs: 'operate', run: hands },
    { id: 'many', label: () => t('command.many'), group: 'work', keys: ['M'], needs: 'operate', run: many },
    { id: 'work', label: () => t('command.work'), group: 'work', keys: ['X'], needs: 'act', run: work },
  ];
}

/** With one tile alone, left and right lead to its neighbours. @param {string} key @param {{step: (step: 1|-1) => boolean}} zoomed */
function walk(key, zoomed) {
  return key === 'ArrowLeft' ? zoomed.step(-1) : key === 'ArrowRight' && zoomed.step(1);
}

/** Escape goes back by one step: out of the selection, else to the whole wall. @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
function back(model, stage) {
  if (model.chosen.size > 0) model.chooseNone();
  else stage.fit();
}

/** Turn tiles off; on again if all of them are. @param {import('./model.js').Model} model */
function turn({ meant, off, room }) {
  const on = meant.every((id) => off.has(id));
  room.set(meant.map((id) => [`tile/${id}/off`, on ? null : true]), on ? 'on' : 'off');
}

/**
 * Return what is in sight a page further, or back; behind the end comes the beginning. Pure.
 * @param {import('./camera.js').Rect} view in wall units @param {number} height of the wall @param {number} margin around it @param {1|-1} way
 */
export function pageFrom(view, height, margin, way) {
  const top = -margin;
  const bottom = height + margin - view.height;
  if (bottom <= top) return view;
  const step = view.height * (1 - OVERLAP);
  const near = view.height * 0.01;
  const down = view.y > bottom - near ? top : Math.min(bottom, view.y + step);
  const up = view.y < top + near ? bottom : Math.max(top, view.y - step);
  return { ...view, y: way > 0 ? down : up };
}

/** @param {import('./stage.js').Stage} stage @param {1|-1} way */
function turnPage(stage, way) {
  const view = stage.viewRect();
  const margin = (MARGIN_PX * view.height) / stage.element.clientHeight;
  const page = pageFrom(view, stage.grid.size.height, margin, way);
  if (page !== view) stage.showRect(page);
}

/** Open a menu of the bar, unfolded if it has to be. @param {string} place its id */
export function openMenu(place) {
  const fold = byId('view', HTMLButtonElement);
  if (fold.checkVisibility()) fold.setAttribute('aria-expanded', 'true');
  byId(place, HTMLElement).querySelector('button')?.click();
}
