/** Import a tile set, and show row by row what the import took, changed and left. */

import { make } from './dom.js';
import * as calls from './tileset-calls.js';
import { ask } from './ask.js';
import { t } from './text.js';

const BYTES_MOST = 64 * 1024 * 1024; // what the portal takes in one call

/** Ask what to import. @param {HTMLElement} place @param {(name: string, report: calls.Report) => void} done */
export function askImport(place, done) {
  const known = calls.formats().then(
    ({ formats }) => formats.map((/** @type {{name: string, title: string}} */ each) => /** @type {[string, string]} */ ([each.name, `${each.title} (${each.name})`])),
    () => /** @type {[string, string][]} */ ([]),
  );
  /** @type {import('./ask.js').Field[]} */
  const fields = [
    { name: 'path', label: t('tilesets.import-path'), optional: true, hint: t('tilesets.import-path-hint') },
    { name: 'file', label: t('tilesets.import-file'), file: true },
    { name: 'format', label: t('tilesets.import-format'), choices: [['', t('tilesets.import-any')]], more: known },
    { name: 'name', label: t('tilesets.name'), optional: true, hint: t('tilesets.import-name-hint') },
  ];
  ask(place, t('tilesets.import'), fields, t('tilesets.do-import'), async ({ path, format, name }, [file]) => {
    if ((path.trim() === '') === !file) return t('tilesets.import-one');
    if (file && file.size > BYTES_MOST) return t('tilesets.import-large');
    try {
      const source = file ? { file: file.name, text: await file.text() } : { path: path.trim() };
      const found = await calls.importSet({ ...source, ...(format ? { format } : {}), name: name.trim() });
      done(found.name, found.report);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
}

/** Return a report as a list of rows. @param {string} name @param {calls.Report} report */
export function reportOf(name, report) {
  const whatOf = (/** @type {'changed'|'left'} */ what) => t(what === 'left' ? 'tilesets.report-left' : 'tilesets.report-changed');
  const rows = report.items.flatMap(({ what, text, rows: of }) => of.map((row) => ({ row, what: whatOf(what), text }))).sort((one, two) => one.row - two.row);
  const line = (/** @type {string} */ where, /** @type {string} */ what, /** @type {string} */ text) => make('tr', {}, make('th', { scope: 'row' }, where), make('td', {}, what), make('td', {}, text));
  const about = report.about.map((text) => line('', t('tilesets.report-about'), text));
  const more = report.items.filter((each) => each.more > 0).map((each) => line(t('tilesets.more', { n: each.more }), whatOf(each.what), each.text));
  const table = make('table', { class: 'ts-report', 'aria-label': t('tilesets.report', { name }) }, make('tbody', {}, ...about, ...rows.map(({ row, what, text }) => line(t('tilesets.report-row', { n: row }), what, text)), ...more));
  return make('section', {}, make('p', {}, t('tilesets.report-took', { n: report.took, name })), about.length + rows.length > 0 ? table : make('p', { class: 'small' }, t('tilesets.report-all')));
}
