/** To take back what one did, and to do it again: a line says what that was. */

import { announce } from './announce.js';
import en from './lang/en.js';
import { t } from './text.js';

/** Return what an act with this label did, in words. @param {string} label */
const actWords = (label) => (`act.${label}` in en ? t(/** @type {import('./text.js').Key} */ (`act.${label}`)) : t('undo.act'));

/** @param {import('./room.js').Room} room @returns {import('./commands.js').Command[]} */
export const undoCommands = (room) => [
  {
    id: 'undo',
    label: () => t('undo.undo'),
    group: 'session',
    keys: ['Ctrl+Z'],
    repeats: true,
    run: () => {
      const label = room.undo();
      announce(label === null ? t('undo.nothing') : t('undo.undone', { what: actWords(label) }));
    },
  },
  {
    id: 'redo',
    label: () => t('undo.redo'),
    group: 'session',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    repeats: true,
    run: () => {
      const label = room.redo();
      announce(label === null ? t('undo.nothing-more') : t('undo.redone', { what: actWords(label) }));
    },
  },
];
