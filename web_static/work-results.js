/** The table of what came of work in tiles, a line each. */

import { make } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./api.js').Result} Result */

/** Return what a result is called: "done", the exit code, or what went wrong. Pure. */
export function resultWords(/** @type {Result} */ result) {
  if (result.error) return result.error;
  if (result.said) return result.said;
  if (result.code === undefined || result.code === null) return t('work.result-done');
  return t('work.exit-code', { code: result.code });
}

/** @param {{id: number, title: string}[]} tiles @param {Result[]|null} results null: still under way */
export function resultsOf(tiles, results) {
  const found = new Map(results?.map((result) => [result.tile, result]));
  const rows = tiles.map(({ id, title }) => {
    const result = found.get(id);
    const bad = result !== undefined && (result.error !== '' || Boolean(result.code));
    const cells = [
      make('th', { scope: 'row' }, title),
      make('td', bad ? { class: 'bad' } : {}, result ? resultWords(result) : t('work.under-way')),
      make('td', {}, ...(result ? outputOf(result) : [])),
    ];
    return make('tr', {}, ...cells);
  });
  const head = make('tr', {}, ...[t('work.column-tile'), t('work.column-result'), t('work.column-output')].map((text) => make('th', { scope: 'col' }, text)));
  return make('table', { 'aria-label': t('work.results') }, make('thead', {}, head), make('tbody', {}, ...rows));
}

/** The output of a command: its first line, and all of it when that is opened. @param {Result} result */
function outputOf({ stdout = '', stderr = '', cut = false }) {
  const parts = [stdout, stderr].map((text) => text.trimEnd()).filter(Boolean);
  if (cut) parts.push(t('work.cut'));
  const text = parts.join('\n');
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.length === 1) return [make('code', {}, text)];
  return [make('details', {}, make('summary', {}, make('code', {}, lines[0]), t('work.more', { n: lines.length - 1 })), make('pre', { class: 'log', tabindex: '0' }, text))];
}
