/** What was prepared and not launched: the script, and for each tile what one types to run it by hand. */

import { make } from './dom.js';
import { command } from './command-line.js';
import { t } from './text.js';

/** @param {import('./launch-calls.js').Prepared} prepared */
export function preparedPage({ script, path, submit, commands }) {
  const rows = commands.map((each) => {
    const program = each.program ? [make('details', {}, make('summary', {}, t('launch.program')), command(each.program))] : [];
    return make('tr', {}, make('th', { scope: 'row' }, each.title), make('td', {}, command(each.command), ...program));
  });
  const head = make('tr', {}, make('th', { scope: 'col' }, t('launch.tile')), make('th', { scope: 'col' }, t('launch.by-hand')));
  const element = make(
    'div',
    { class: 'launch-prepared' },
    make('p', { class: 'about' }, t('launch.prepared-about')),
    ...(submit ? [make('h3', {}, t('launch.submit')), command(submit)] : []),
    make('p', { class: 'small' }, t('launch.script-at', { path })),
    make('details', { class: 'launch-script' }, make('summary', {}, t('launch.script')), make('pre', { class: 'log', tabindex: '0', 'aria-label': t('launch.script') }, script)),
    make('h3', {}, t('launch.tiles')),
    make('table', { 'aria-label': t('launch.by-hand') }, make('thead', {}, head), make('tbody', {}, ...rows)),
  );
  return element;
}
