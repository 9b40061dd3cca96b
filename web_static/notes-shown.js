/** Whether notes are shown on the wall: one's own choice, of this browser. */

const STORED = 'tiledviz.notes';
let shown = typeof localStorage !== 'object' || localStorage.getItem(STORED) !== 'hidden';

export const notesShown = () => shown;

/** Show notes, or hide them. @param {boolean} yes */
export function showNotes(yes) {
  shown = yes;
  localStorage.setItem(STORED, yes ? 'shown' : 'hidden');
}
