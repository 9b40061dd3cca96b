/** What one does to compare, by the palette and by keys; while one compares, the wall below has none. */

import { Comparing } from './compare.js';
import { WAYS } from './compare-state.js';
import { keysOf } from './commands.js';
import { t } from './text.js';

const STEP = 1.4; // of zooming by a key
const PAN_PX = 60;
const DIVIDER_STEP = 0.02;
const DIVIDER_LEAP = 0.1; // with Shift
const PASSED = ['undo', 'redo', 'palette', 'help', 'theme', 'language']; // commands that are not the wall's

/** @param {Comparing} compare @returns {import('./commands.js').Command[]} */
const compareCommands = (compare) => {
  const group = /** @type {const} */ ('look');
  const on = () => compare.state !== null;
  return [
    { id: 'compare', label: () => t('compare.command'), group, keys: ['Shift+C'], enabled: () => !on() && compare.model.order.length > 1 && !compare.stage.element.classList.contains('working'), run: () => compare.start(compare.model.meant) },
    ...WAYS.map((way, i) => ({ id: `compare-${way}`, label: () => t('compare.command-way', { way: t(`compare.${way}`) }), group, keys: [String(i + 1)], enabled: on, run: () => compare.change({ way }) })),
    { id: 'compare-swap', label: () => t('compare.command-swap'), group, enabled: on, run: () => compare.swap() },
    { id: 'compare-play', label: () => t('compare.command-play'), group, enabled: () => compare.state?.way === 'blink', run: () => compare.play() },
    { id: 'compare-leave', label: () => t('compare.command-leave'), group, enabled: on, run: () => compare.leave() },
  ];
};

/**
 * Make comparing a part of the page.
 * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {import('./focus.js').Focus} focus
 * @param {import('./follow-view.js').FollowView} follow @param {import('./commands.js').Commands} commands
 */
export function comparing(model, stage, focus, follow, commands) {
  const compare = new Comparing(model, stage, follow, () => focus.id);
  focus.addEventListener('change', () => compare.look());
  const own = compareCommands(compare);
  addEventListener('keydown', (event) => {
    if (!compare.state || event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('.popover, .panel')) return;
    const keys = keysOf(event);
    const field = target?.closest('select, textarea, input:not([type=range])') ?? null;
    const slides = target?.matches('input[type=range]') ?? false;
    if (moves(compare, keys, { event, field: field !== null, slides, button: target?.closest('button') !== null && target !== null })) return event.preventDefault();
    const command = field ? undefined : (own.find((each) => each.keys?.includes(keys) && each.enabled?.()) ?? commands.withKeys(keys, true));
    if (!command || !(own.includes(command) || PASSED.includes(command.id)) || (event.repeat && !command.repeats)) return;
    event.preventDefault();
    commands.run(command.id, event.key);
  });
  return own;
}

/**
 * Do what a key does to what is compared; return whether it did.
 * @param {Comparing} compare @param {string} keys @param {{event: KeyboardEvent, field: boolean, slides: boolean, button: boolean}} at what has the keyboard
 */
function moves(compare, keys, { event, field, slides, button }) {
  if (keys === 'Esc') compare.leave();
  else if (field) return false;
  else if (keys === '+') compare.zoom(STEP);
  else if (keys === '−') compare.zoom(1 / STEP);
  else if (keys === '0' || keys === 'F') compare.zoom(null);
  else if (keys === 'Space' && !button && compare.state?.way === 'blink') return event.repeat || (compare.play(), true);
  else if (slides) return false;
  else return arrow(compare, keys, event.repeat);
  return true;
}

/** @param {Comparing} compare @param {string} keys @param {boolean} repeated */
function arrow(compare, keys, repeated) {
  const [name, step] = keys.startsWith('Shift+') ? [keys.slice(6), DIVIDER_LEAP] : [keys, DIVIDER_STEP];
  const [x, y] = name === '←' ? [-1, 0] : name === '→' ? [1, 0] : name === '↑' ? [0, -1] : name === '↓' ? [0, 1] : [0, 0];
  if (x === 0 && y === 0) return false;
  const way = compare.state?.way;
  if (way === 'swipe' && x !== 0) compare.divide(x * step);
  else if (way === 'blink' && x !== 0 && compare.state?.at.zoom === 1) repeated || compare.next(/** @type {1|-1} */ (x)); // held down, a key would flash
  else compare.pan(-x * PAN_PX, -y * PAN_PX);
  return true;
}
