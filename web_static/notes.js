/** Notes of tiles beside the panel: whole over an opened tile; what one does with all of them. */

import { announce } from './announce.js';
import { byId, make, setText } from './dom.js';
import { editsTo } from './document.js';
import { notesShown, showNotes } from './notes-shown.js';
import { t } from './text.js';

/** Show the whole note over the tile that is open. @param {import('./model.js').Model} model @param {() => number|null} opened @returns {() => void} to call when another tile is */
export function openedNote(model, opened) {
  const words = make('p');
  const element = make('aside', { class: 'opened-note', 'aria-label': t('notes.title'), tabindex: '0', hidden: '' }, words);
  byId('focus', HTMLElement).append(element);
  const show = () => {
    const tile = opened();
    const text = tile === null || !notesShown() ? '' : model.room.document.text(`note/${tile}`).trim();
    element.hidden = text === '';
    setText(words, text);
  };
  model.room.addEventListener('change', show);
  return show;
}

/**
 * @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage
 * @param {{edit: () => void, shown: () => void}} does
 * @returns {import('./commands.js').Command[]}
 */
export function notesCommands(model, stage, { edit, shown }) {
  const { room } = model;
  const noted = () => room.document.texts().flatMap(([path]) => (path.startsWith('note/') ? [path] : []));
  const written = () => model.meant.filter((id) => room.document.text(`note/${id}`) !== '');
  const remove = (/** @type {string[]} */ paths) => {
    room.act({ text: paths.map((path) => [path, editsTo(room.document.characters(path), '')]), label: 'note' });
    const n = paths.filter((path) => room.document.text(path) === '').length; // none where the room refused it
    if (n > 0) announce(t('notes.deleted', { n }));
  };
  const show = () => {
    showNotes(!notesShown());
    stage.refreshSoon('all');
    shown();
    announce(t(notesShown() ? 'notes.shown' : 'notes.hidden'));
  };
  const common = { group: /** @type {const} */ ('notes') };
  return [
    { ...common, id: 'note', label: () => t('notes.edit'), keys: ['E'], enabled: () => model.focus !== null, run: edit },
    { ...common, id: 'note-delete', label: () => t('notes.delete-these'), needs: 'arrange', enabled: () => written().length > 0, run: () => remove(written().map((id) => `note/${id}`)) },
    { ...common, id: 'notes-show', label: () => t(notesShown() ? 'notes.hide-all' : 'notes.show-all'), run: show },
    { ...common, id: 'notes-delete', label: () => t('notes.delete-all'), needs: 'arrange', enabled: () => noted().length > 0, run: () => remove(noted()) },
  ];
}
