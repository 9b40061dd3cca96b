/** Ways to select tiles, and the line that says how many are. */

import { announce } from './announce.js';
import { fits } from './compare-state.js';
import { button, byId, make, setText } from './dom.js';
import * as selecting from './selecting.js';
import { tagsOf } from './tags.js';
import { t } from './text.js';

/** What is offered beside the count: a command, and its word there. @type {[string, import('./text.js').Key][]} */
const MOST_USED = [
  ['many', 'select.many'],
  ['same-view', 'same.short'],
  ['tag', 'select.tags'],
  ['zoom-selection', 'select.zoom'],
  ['compare', 'select.compare'],
  ['hide', 'select.hide'],
  ['select-none', 'select.clear'],
];

/**
 * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {import('./palette.js').Palette} palette
 * @returns {import('./commands.js').Command[]}
 */
export function selectCommands(model, stage, palette) {
  const group = /** @type {const} */ ('select');
  const any = () => model.order.length > 0;
  const inRows = () => any() && stage.layout.scatter === null;
  const tagged = () => selecting.byTag(model.tiles.values(), (tile) => tagsOf(tile, model.room.document));
  const byTag = () =>
    palette.choose(
      t('select.which-tag'),
      tagged().map(([tag, ids]) => ({ label: t('select.tag', { tag, n: ids.length }), run: () => model.select(ids) })),
    );
  return [
    { id: 'select', label: () => t('select.toggle'), group, keys: ['Space'], onWall: true, enabled: () => model.focus !== null, run: () => model.focus !== null && model.choose(model.focus) },
    { id: 'select-all', label: () => t('select.all'), group, keys: ['Ctrl+A'], enabled: any, run: () => model.select(model.order) },
    { id: 'select-none', label: () => t('select.none'), group, enabled: () => model.chosen.size > 0, run: () => model.chooseNone() },
    { id: 'select-invert', label: () => t('select.invert'), group, keys: ['I'], enabled: any, run: () => model.select(selecting.others(model.order, model.chosen)) },
    { id: 'select-found', label: () => t('select.found'), group, keys: ['Shift+F'], enabled: () => model.matches !== null, run: () => model.select(model.order.filter((id) => model.matches?.has(id))) },
    { id: 'select-tag', label: () => t('select.tagged'), group, keys: ['Shift+K'], enabled: () => tagged().length > 0, run: byTag },
    { id: 'select-row', label: () => t('select.row'), group, enabled: inRows, run: () => model.select(selecting.wholeRows(stage.rows, model.meant)) },
    { id: 'select-column', label: () => t('select.column'), group, enabled: inRows, run: () => model.select(selecting.wholeColumns(stage.rows, model.meant)) },
    { id: 'select-lane', label: () => t('select.lane'), group, enabled: () => model.lanes.length > 1, run: () => model.select(selecting.wholeLanes(model.lanes, model.meant)) },
  ];
}

/**
 * Show how many tiles are selected, and what is done with them most.
 * @param {import('./model.js').Model} model @param {import('./commands.js').Commands} commands @param {() => void} leave gives the keyboard to the wall
 */
export function showSelection(model, commands, leave) {
  const place = byId('chosen', HTMLElement);
  const count = make('span', { class: 'what', role: 'status' });
  const buttons = make('span', { class: 'most-used', role: 'group', 'aria-label': t('select.line') });
  const line = make('p', {}, count, buttons);
  let shown = '';
  const show = () => {
    const { size } = model.chosen;
    if (size === 0) {
      const held = place.contains(document.activeElement);
      place.replaceChildren();
      return held && leave();
    }
    const offered = new Set(commands.all().map(({ id }) => id));
    const ids = MOST_USED.filter(([id]) => offered.has(id) && (id !== 'compare' || fits(size)));
    if (shown !== JSON.stringify(ids)) {
      shown = JSON.stringify(ids);
      buttons.replaceChildren(...ids.map(([id, key]) => button(t(key), () => commands.run(id))));
    }
    const text = t('select.count', { n: size });
    if (!line.isConnected) {
      place.append(line);
      announce(text, { quiet: true }); // a line that was not there yet is not read aloud by itself
    }
    setText(count, text);
  };
  for (const type of ['chosen', 'wall', 'me']) model.addEventListener(type, show);
}
