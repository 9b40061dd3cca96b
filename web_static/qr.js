/** A code that a phone's camera reads: the address of the wall with a tile in focus. It holds no secret: who opens it logs in as ever. */

import { button, make, makeSvg } from './dom.js';
import { hashOf } from './here.js';
import { codeOf } from './people-calls.js';
import { t } from './text.js';

const QUIET = 4; // modules around it that stay light

/** Return the dark modules of a code as the path of an SVG. Pure. @param {string[]} rows of 0 and 1 */
export const pathOf = (rows) =>
  rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map(({ 0: run, index }) => `M${index + QUIET} ${y + QUIET}h${run.length}v1h-${run.length}z`)).join('');

/** Return the address that opens the wall on a tile. Pure. @param {string} page its address @param {string} session its key @param {number} tile */
export const addressOf = (page, session, tile) => new URL(`#${hashOf(session, `tile=${tile}`)}`, page).href;

/** Draw a code. @param {string[]} rows @param {string} label */
export function drawCode(rows, label) {
  const side = rows.length + 2 * QUIET;
  const parts = [makeSvg('rect', { width: side, height: side, class: 'light' }), makeSvg('path', { d: pathOf(rows), class: 'dark' })];
  return makeSvg('svg', { viewBox: `0 0 ${side} ${side}`, class: 'qr', role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' }, ...parts);
}

/** Show a tile's code. @param {import('./model.js').Tile} tile @param {string} session its key */
export async function showCode(tile, session) {
  const address = addressOf(location.href, session, tile.id);
  const place = make('div', { class: 'code' });
  const said = make('p', { class: 'said', role: 'status' });
  const dialog = make('dialog', { class: 'qr-dialog', 'aria-label': t('qr.title', { title: tile.title }) });
  const copy = button(t('page.copy'), () => void navigator.clipboard.writeText(address).then(() => (said.textContent = t('page.copied')), (error) => (said.textContent = String(error.message))));
  const close = button(t('page.close'), () => dialog.close(), { class: 'primary' });
  dialog.append(make('h2', {}, t('qr.title', { title: tile.title })), place, make('p', { class: 'address' }, address), make('p', { class: 'about' }, t('qr.about')), make('div', { class: 'buttons' }, ...(navigator.clipboard ? [copy] : []), close), said);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
  try {
    place.append(drawCode(await codeOf(address), t('qr.label', { address })));
  } catch (error) {
    said.textContent = error instanceof Error ? error.message : String(error);
  }
}
