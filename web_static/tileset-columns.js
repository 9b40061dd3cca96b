/** A column of a tile set: a new one, or another name, kind, unit; or it goes. */

import { button } from './dom.js';
import { ask } from './ask.js';
import { COLUMN_KINDS } from './tileset-cells.js';
import { t } from './text.js';

/** Ask about a column. @param {HTMLElement} place @param {import('./tileset-model.js').TileSetEdit} edit @param {number|null} at null: a new one */
export function askColumn(place, edit, at) {
  const column = at === null ? undefined : edit.now.columns[at];
  const fields = [
    { name: 'name', label: t('tilesets.column-name'), value: column?.name },
    { name: 'kind', label: t('tilesets.column-kind'), value: column?.kind ?? 'number', choices: COLUMN_KINDS.map((kind) => /** @type {[string, string]} */ ([kind, t(`tilesets.kind-${kind}`)])) },
    { name: 'unit', label: t('tilesets.column-unit'), value: column?.unit, optional: true },
    { name: 'description', label: t('tilesets.column-description'), value: column?.description, optional: true },
  ];
  const run = (/** @type {Record<string, string>} */ given) => {
    const name = given.name.trim();
    const wrong = edit.nameProblem(name, at ?? -1);
    if (wrong) return t(wrong);
    const next = { ...column, name, kind: /** @type {import('./tileset-cells.js').ColumnKind} */ (given.kind), unit: given.unit.trim(), description: given.description.trim() };
    if (at === null) edit.addColumn(next);
    else edit.changeColumn(at, next);
    return '';
  };
  const remove = button(t('tilesets.remove-column'), () => {
    remove.closest('dialog')?.close();
    if (at !== null) edit.removeColumn(at);
  });
  ask(place, column ? t('tilesets.change-column', { name: column.name }) : t('tilesets.new-column'), fields, column ? t('tilesets.change') : t('tilesets.add'), run, ...(column ? [remove] : []));
}
