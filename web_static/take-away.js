/** What one takes away from the wall: the table of what is shown, as a file. (The contact sheet is sheet-dialog.js.) */

import { announce } from './announce.js';
import { saveFile } from './dom.js';
import { tableOf } from './table-csv.js';
import { tagsOf } from './tags.js';
import { t } from './text.js';

/** Return a name that every computer takes for a file. Pure. @param {string} name @param {string} end */
export const fileName = (name, end) => `${name.replace(/[^\p{L}\p{N}._ -]+/gu, '_').replace(/^[. ]+/, '').slice(0, 100) || 'wall'}${end}`;

/** @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function takeAwayCommands(model) {
  const { room } = model;
  const csv = () => {
    const tiles = model.order.flatMap((id) => model.tiles.get(id) ?? []);
    const rows = tiles.map((tile) => ({ tile, state: model.stateOf(tile), tags: tagsOf(tile, room.document), note: room.document.text(`note/${tile.id}`) }));
    const named = model.columns().map(({ name }) => name);
    const columns = [...new Set([...named, ...tiles.flatMap(({ metadata }) => Object.keys(metadata))])];
    saveFile(new Blob([tableOf(rows, columns)], { type: 'text/csv;charset=utf-8' }), fileName(model.me.title || model.session, '.csv'));
    announce(t('csv.done', { n: rows.length }));
  };
  return [{ id: 'csv', label: () => t('csv.command'), group: 'session', needs: 'read', enabled: () => model.order.length > 0, run: csv }];
}
