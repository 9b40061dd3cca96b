/** Every shortcut of the wall, once: what runs it and what the help says of it. */

import { button, byId, make } from './dom.js';

/**
 * @typedef {object} Command
 * @property {string} keys    as shown
 * @property {string} label
 * @property {(event: KeyboardEvent) => boolean} fits
 * @property {(key: string) => void} run
 * @property {boolean} [onWall] only while the wall (or nothing) has the keyboard: such keys work buttons too
 */

/** @param {...string} names @returns {(event: KeyboardEvent) => boolean} */
const key = (...names) => (event) => names.includes(event.key);

/**
 * @param {object} does
 * @param {import('./stage.js').Stage} does.stage
 * @param {import('./model.js').Model} does.model
 * @param {(id: number) => void} does.open
 * @param {() => void} does.search
 * @param {(open?: boolean) => void} does.panel
 * @param {() => void} does.theme
 * @param {() => void} does.help
 * @param {() => void} does.work
 * @returns {Command[]}
 */
export function commandsOf({ stage, model, open, search, panel, theme, help, work }) {
  const onFocused = (/** @type {(id: number) => void} */ run) => () => model.focus !== null && run(model.focus);
  return [
    { keys: '← ↑ ↓ →', label: 'Move the focus', fits: key('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'), run: (k) => stage.moveFocus(k), onWall: true },
    { keys: 'Home End', label: 'First, last tile', fits: key('Home', 'End', 'PageUp', 'PageDown'), run: (k) => stage.moveFocus(k), onWall: true },
    { keys: 'Enter', label: 'Open the tile in full', fits: key('Enter'), run: onFocused(open), onWall: true },
    { keys: 'Esc', label: 'Back to the wall', fits: key('Escape'), run: () => stage.fit(), onWall: true },
    { keys: '+ −', label: 'Zoom', fits: key('+', '=', '-', '_'), run: (k) => stage.zoomBy(k === '+' || k === '=' ? 1.4 : 1 / 1.4, undefined, undefined, 140) },
    { keys: 'F or 0', label: 'Fit the whole wall', fits: key('f', 'F', '0'), run: () => stage.fit() },
    { keys: 'Z', label: 'Zoom on the tile, and back', fits: key('z', 'Z'), run: onFocused((id) => stage.zoomTo(id)) },
    { keys: '/', label: 'Search', fits: key('/'), run: search },
    { keys: 'S', label: 'Sort by …', fits: key('s', 'S'), run: () => showTool('sort') },
    { keys: 'R', label: 'Sort the other way', fits: key('r', 'R'), run: () => byId('direction', HTMLButtonElement).click() },
    { keys: 'C', label: 'Columns …', fits: key('c', 'C'), run: () => showTool('columns') },
    { keys: '[ ]', label: 'Close, open details', fits: key('[', ']'), run: (k) => panel(k === ']') },
    { keys: 'X', label: 'Run a command in tiles …', fits: key('x', 'X'), run: work },
    { keys: 'T', label: 'Next theme', fits: key('t', 'T'), run: theme },
    { keys: '?', label: 'This help', fits: key('?'), run: help },
  ];
}

/** Go to a control of the view, unfolded if it has to be. @param {string} id */
function showTool(id) {
  const view = byId('view', HTMLButtonElement);
  if (view.checkVisibility()) view.setAttribute('aria-expanded', 'true');
  byId(id, HTMLSelectElement).focus();
}

/** Run commands by their keys, except while something else has the keyboard. @param {Command[]} commands @param {() => boolean} away */
export function watchKeys(commands, away) {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || away()) return;
    const { target } = event;
    if (document.querySelector('dialog[open]')) return; // wherever the keyboard is: Escape closes it
    if (target instanceof Element && target.closest('input, select, textarea, [contenteditable]')) return;
    const onWall = !(target instanceof Element) || target.closest('button, a, .panel') === null;
    const command = commands.find((one) => (onWall || !one.onWall) && one.fits(event));
    if (!command) return;
    event.preventDefault();
    command.run(event.key);
  });
}

/** Return what shows the help. @param {() => Command[]} commands */
export function helpOf(commands) {
  const dialog = byId('help', HTMLDialogElement);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  const show = () => {
    if (dialog.open) return dialog.close();
    const rows = commands().map(({ keys, label }) => make('div', {}, make('dt', {}, make('kbd', {}, keys)), make('dd', {}, label)));
    dialog.replaceChildren(
      make('header', {}, make('h2', { id: 'help-title' }, 'Keyboard and mouse'), button('Close', () => dialog.close())),
      make(
        'dl',
        {},
        ...rows,
        ...[
          ['Drag', 'Move the wall'],
          ['Wheel, pinch', 'Zoom where you point'],
          ['Click', 'Open the tile in full'],
          ['Click a title', 'Put the focus there'],
        ].map(([keys, label]) => make('div', {}, make('dt', {}, make('kbd', {}, keys)), make('dd', {}, label))),
      ),
      make(
        'p',
        { class: 'search-help' },
        'Search words of titles, tags and metadata, or compare columns: ',
        make('code', {}, 'class=spots & F>0.03'),
        ', ',
        make('code', {}, 'F=0.03..0.05'),
        ', ',
        make('code', {}, 'class in (spots, waves) | tag:keep'),
        ', ',
        make('code', {}, '!dead'),
        '.',
      ),
    );
    dialog.showModal();
  };
  dialog.addEventListener('keydown', (event) => {
    if (event.key === '?') dialog.close();
  });
  byId('help-open', HTMLButtonElement).addEventListener('click', show);
  return show;
}
