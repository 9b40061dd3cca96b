/** Every shortcut of the wall, once: what runs it and what the help says of it. */

import { button, byId, make } from './dom.js';

/**
 * @typedef {object} Command
 * @property {string} keys    as shown
 * @property {string} label
 * @property {(event: KeyboardEvent) => boolean} fits
 * @property {(key: string) => void} run
 * @property {import('./model.js').Right} [needs] the right without which it is not offered
 * @property {boolean} [onWall] only while the wall (or nothing) has the keyboard: such keys work buttons too
 */

/** The mouse on the wall, and what is different while one works there. */
const POINTING = [
  ['Drag', 'Move the wall'],
  ['Wheel, pinch', 'Zoom where you point'],
  ['Click', 'Open the tile in full'],
  ['Click a title', 'Put the focus there'],
];
const CHOOSING = [['Shift + click', 'Choose a tile']];
const WORKING = [
  ['Click', 'Give a tile the keys'],
  ['Ctrl + wheel', 'Zoom where you point'],
  ['Shift + wheel', 'Move the wall'],
  ['Drag a title', 'Move the wall'],
  ['Esc', 'Leave'],
  ['Esc', 'While armed: disarm, release all'],
];

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
 * @param {() => void} does.hands
 * @param {() => void} does.many
 * @returns {Command[]}
 */
export function commandsOf({ stage, model, open, search, panel, theme, help, work, hands, many }) {
  const onFocused = (/** @type {(id: number) => void} */ run) => () => model.focus !== null && run(model.focus);
  return [
    { keys: '← ↑ ↓ →', label: 'Move the focus', fits: key('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'), run: (k) => stage.moveFocus(k), onWall: true },
    { keys: 'Home End', label: 'First, last tile', fits: key('Home', 'End', 'PageUp', 'PageDown'), run: (k) => stage.moveFocus(k), onWall: true },
    { keys: 'Enter', label: 'Open the tile in full', fits: key('Enter'), run: onFocused(open), onWall: true },
    { keys: 'Esc', label: 'Back to the wall', fits: key('Escape'), run: () => (model.chosen.size > 0 ? model.chooseNone() : stage.fit()), onWall: true },
    { keys: 'Space', label: 'Choose the tile', fits: key(' '), run: onFocused((id) => model.choose(id)), onWall: true, needs: 'operate' },
    { keys: '+ −', label: 'Zoom', fits: key('+', '=', '-', '_'), run: (k) => stage.zoomBy(k === '+' || k === '=' ? 1.4 : 1 / 1.4, undefined, undefined, 140) },
    { keys: 'F or 0', label: 'Fit the whole wall', fits: key('f', 'F', '0'), run: () => stage.fit() },
    { keys: 'Z', label: 'Zoom on the tile, and back', fits: key('z', 'Z'), run: onFocused((id) => stage.zoomTo(id)) },
    { keys: '/', label: 'Search', fits: key('/'), run: search },
    { keys: 'S', label: 'Sort by …', fits: key('s', 'S'), run: () => showTool('sort') },
    { keys: 'R', label: 'Sort the other way', fits: key('r', 'R'), run: () => byId('direction', HTMLButtonElement).click() },
    { keys: 'C', label: 'Columns …', fits: key('c', 'C'), run: () => showTool('columns') },
    { keys: '[ ]', label: 'Close, open details', fits: key('[', ']'), run: (k) => panel(k === ']') },
    { keys: 'W', label: 'Work on the wall', fits: key('w', 'W'), run: hands, needs: 'operate' },
    { keys: 'M', label: 'Type into many tiles …', fits: key('m', 'M'), run: many, needs: 'operate' },
    { keys: 'X', label: 'Run a command in tiles …', fits: key('x', 'X'), run: work, needs: 'operate' },
    { keys: 'O', label: 'Turn the tile off, and on again', fits: key('o', 'O'), run: onFocused((id) => model.turn(id)) },
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

/** Return the commands for who looks. @param {Command[]} commands @param {import('./model.js').Model} model */
const offered = (commands, model) => commands.filter(({ needs }) => needs === undefined || model.may(needs));

/**
 * Run commands by their keys, except while something else has the keyboard.
 * @param {Command[]} commands @param {import('./model.js').Model} model @param {() => boolean} away
 */
export function watchKeys(commands, model, away) {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || away()) return;
    const { target } = event;
    if (document.querySelector('dialog[open]')) return; // wherever the keyboard is: Escape closes it
    if (target instanceof Element && target.closest('input, select, textarea, [contenteditable]')) return;
    const onWall = !(target instanceof Element) || target.closest('button, a, .panel') === null;
    const command = offered(commands, model).find((one) => (onWall || !one.onWall) && one.fits(event));
    if (!command) return;
    event.preventDefault();
    command.run(event.key);
  });
}

/** Return what shows the help. @param {() => Command[]} commands @param {import('./model.js').Model} model */
export function helpOf(commands, model) {
  const dialog = byId('help', HTMLDialogElement);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  const show = () => {
    if (dialog.open) return dialog.close();
    const row = (/** @type {string[]} */ [keys, label]) => make('div', {}, make('dt', {}, make('kbd', {}, keys)), make('dd', {}, label));
    const rows = offered(commands(), model).map(({ keys, label }) => row([keys, label]));
    dialog.replaceChildren(
      make('header', {}, make('h2', { id: 'help-title' }, 'Keyboard and mouse'), button('Close', () => dialog.close())),
      make(
        'dl',
        {},
        ...rows,
        ...[...POINTING, ...(model.may('operate') ? CHOOSING : [])].map(row),
      ),
      ...(model.may('operate') ? [make('h3', {}, 'While you work on the wall: pointer and keys go into tiles'), make('dl', {}, ...WORKING.map(row))] : []),
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
