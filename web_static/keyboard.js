/** The keyboard on the wall: keys run commands, except while something else has them. */

import { keysOf } from './commands.js';

const ANYWHERE = ['Ctrl+K']; // also while one types in a field

/**
 * @param {import('./commands.js').Commands} commands
 * @param {() => boolean} away  whether a tile has the keys
 */
export function watchKeys(commands, away) {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || away()) return;
    const target = heldBy(event.target);
    if (document.querySelector('dialog[open]')) return; // wherever the keyboard is: Escape closes it
    const keys = keysOf(event);
    if (!ANYWHERE.includes(keys) && target instanceof Element && target.closest('input, select, textarea, [contenteditable]')) return;
    const onWall = !(target instanceof Element) || target.closest('button, a, .panel, .popover, .views') === null;
    const command = commands.withKeys(keys, onWall);
    if (!command) return;
    event.preventDefault();
    if (!event.repeat || command.repeats) commands.run(command.id, event.key);
  });
}

/** A dialog that has just closed keeps the focus until the next frame, if what had it before is gone: its field is typed into no longer. @param {EventTarget|null} target */
const heldBy = (target) => (target instanceof Element && target.closest('dialog:not([open])') ? null : target);
