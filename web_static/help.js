/** The overlay that shows every shortcut, group by group, and what the mouse does: made of the same commands as all else. */

import { GROUPS } from './commands.js';
import { button, byId, make } from './dom.js';
import { t } from './text.js';

/** @type {[import('./text.js').Key, import('./text.js').Key][]} mouse and fingers on the wall */
const POINTING = [
  ['point.drag', 'point.drag-does'],
  ['point.drag-title', 'point.drag-title-does'],
  ['point.drag-ground', 'point.drag-ground-does'],
  ['point.middle', 'point.middle-does'],
  ['point.wheel', 'point.wheel-does'],
  ['point.click', 'point.click-does'],
  ['point.click-title', 'point.click-title-does'],
  ['point.control', 'point.control-does'],
  ['point.shift', 'point.shift-does'],
  ['point.press', 'point.press-does'],
];
/** @type {[import('./text.js').Key, import('./text.js').Key][]} what is different while one works there */
const WORKING = [
  ['point.click', 'working.click-does'],
  ['working.wheel', 'point.wheel-does'],
  ['working.shift', 'point.drag-does'],
  ['point.drag-title', 'point.drag-does'],
  ['working.escape', 'working.escape-does'],
  ['working.escape', 'working.disarm-does'],
];

/** @param {string} title @param {...HTMLElement} rows */
const section = (title, ...rows) => make('section', {}, make('h3', {}, title), make('dl', {}, ...rows));

/** @param {string[]} keys @param {string} does */
const row = (keys, does) => make('div', {}, make('dt', {}, ...keys.map((key) => make('kbd', {}, key))), make('dd', {}, does));

const pointers = (/** @type {[import('./text.js').Key, import('./text.js').Key][]} */ list) => list.map(([how, does]) => row(t(how).split(', '), t(does)));

/** Return what shows the help. @param {import('./commands.js').Commands} commands */
export function helpOf(commands) {
  const dialog = byId('help', HTMLDialogElement);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('keydown', (event) => {
    if (event.key !== '?') return;
    event.preventDefault();
    dialog.close();
  });
  const show = () => {
    if (dialog.open) return dialog.close();
    const all = commands.all().filter(({ keys }) => keys !== undefined);
    const groups = GROUPS.map((group) => ({ group, own: all.filter((each) => each.group === group) })).filter(({ own }) => own.length > 0);
    const sections = groups.map(({ group, own }) => section(t(`group.${group}`), ...own.map(({ keys = [], label }) => row(keys, label()))));
    const examples = ['class=spots & F>0.03', 'F=0.03..0.05', 'class in (spots, waves) | tag:keep', '!dead'].map((query) => make('code', {}, query));
    dialog.replaceChildren(
      make('header', {}, make('h2', { id: 'help-title' }, t('help.title')), button(t('page.close'), () => dialog.close())),
      make(
        'div',
        { class: 'columns' },
        ...sections,
        section(t('help.pointing'), ...pointers(POINTING)),
        ...(commands.may('operate') ? [section(t('help.working'), ...pointers(WORKING))] : []),
      ),
      make('p', { class: 'search-help' }, t('help.search'), ' ', ...examples),
    );
    dialog.showModal();
  };
  byId('help-open', HTMLButtonElement).addEventListener('click', show);
  return show;
}
