/** The table of what came of work in tiles, a line each. */

import { make } from './dom.js';

/** @typedef {import('./api.js').Result} Result */

/** Return what a result is called: "done", the exit code, or what went wrong. Pure. */
export function resultWords(/** @type {Result} */ result) {
  if (result.error) return result.error;
  if (result.code === undefined || result.code === null) return 'done';
  return `exit code ${result.code}`;
}

/** @param {{id: number, title: string}[]} tiles @param {Result[]|null} results null: still under way */
export function resultsOf(tiles, results) {
  const found = new Map(results?.map((result) => [result.tile, result]));
  const rows = tiles.map(({ id, title }) => {
    const result = found.get(id);
    const bad = result !== undefined && (result.error !== '' || Boolean(result.code));
    const cells = [
      make('th', { scope: 'row' }, title),
      make('td', bad ? { class: 'bad' } : {}, result ? resultWords(result) : 'under way'),
      make('td', {}, ...(result ? outputOf(result) : [])),
    ];
    return make('tr', {}, ...cells);
  });
  const head = make('tr', {}, ...['Tile', 'Result', 'Output'].map((text) => make('th', { scope: 'col' }, text)));
  return make('table', { 'aria-label': 'Result of each tile' }, make('thead', {}, head), make('tbody', {}, ...rows));
}

/** The output of a command: its first line, and all of it when that is opened. @param {Result} result */
function outputOf({ stdout = '', stderr = '', cut = false }) {
  const parts = [stdout, stderr].map((text) => text.trimEnd()).filter(Boolean);
  if (cut) parts.push('(the rest of the output was left out)');
  const text = parts.join('\n');
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.length === 1) return [make('code', {}, text)];
  return [make('details', {}, make('summary', {}, make('code', {}, lines[0]), ` and ${lines.length - 1} more`), make('pre', { class: 'log', tabindex: '0' }, text))];
}
