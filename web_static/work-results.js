/** The table of what came of work in tiles, a line each. */

import { make, setText } from './dom.js';
import { t } from './text.js';

/** @typedef {import('./api.js').Result} Result */

/** Return what a result is called: "done", the exit code, or what went wrong. Pure. */
export function resultWords(/** @type {Result} */ result) {
  if (result.error) return result.error;
  if (result.said) return result.said;
  if (result.code === undefined || result.code === null) return t('work.result-done');
  return t('work.exit-code', { code: result.code });
}

/** Return a table of tiles, all under way, and what puts the result of one into its row. @param {{id: number, title: string}[]} tiles */
export function resultsTable(tiles) {
  const rows = new Map(tiles.map(({ id, title }) => [id, make('tr', {}, make('th', { scope: 'row' }, title), make('td', {}, t('work.under-way')), make('td'))]));
  const head = make('tr', {}, ...[t('work.column-tile'), t('work.column-result'), t('work.column-output')].map((text) => make('th', { scope: 'col' }, text)));
  const element = make('table', { 'aria-label': t('work.results') }, make('thead', {}, head), make('tbody', {}, ...rows.values()));
  const show = (/** @type {Result} */ result) => {
    const [, said, output] = rows.get(result.tile)?.cells ?? [];
    if (!said) return;
    said.textContent = resultWords(result);
    said.classList.toggle('bad', result.error !== '' || Boolean(result.code));
    output.replaceChildren(...outputOf(result));
  };
  /** Say how far a tile is, from 0 to 1. @param {number} id @param {string} words @param {number|null} fraction null: nothing is said of that */
  const far = (id, words, fraction) => {
    const [, said, output] = rows.get(id)?.cells ?? [];
    if (!said) return;
    setText(said, words);
    const bar = output.querySelector('progress') ?? make('progress', { max: '1', 'aria-label': t('work.far') });
    if (fraction === null) return bar.remove();
    bar.value = fraction;
    if (!bar.isConnected) output.replaceChildren(bar);
  };
  return { element, show, far };
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
