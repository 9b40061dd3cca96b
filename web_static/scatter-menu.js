/** The wall as a scatter plot: by which two columns tiles stand, as a part of the layout's menu, and as commands. */

import { fillChoice } from './colour-menu.js';
import { choicesOf } from './columns.js';
import { button, byId, make } from './dom.js';
import { t } from './text.js';
import { openMenu } from './wall-commands.js';

/** @typedef {import('./layout-scatter.js').Scatter} Scatter */

export const SIZE = { least: 0.3, most: 3, step: 0.1 };

/**
 * Return the register with a side by another column; null: the grid. Where just one side is chosen, the other is the first column that is
 * left. Pure.
 * @param {Scatter|null} now @param {'x'|'y'} side @param {string} by '' for none @param {string[]} there what can be a side @returns {Scatter|null}
 */
export function withSide(now, side, by, there) {
  if (by === '') return null;
  const other = side === 'x' ? 'y' : 'x';
  const kept = now?.[other] ?? { by: there.find((each) => each !== by) ?? by, log: false };
  const own = { by, log: (now?.[side].by === by && now[side].log) || false };
  return { .../** @type {{x: import('./layout-scatter.js').Side, y: import('./layout-scatter.js').Side}} */ ({ [side]: own, [other]: kept }), size: now?.size ?? 1 };
}

/** Show the wall by these two columns, or as a grid again. @param {import('./model.js').Model} model @param {Scatter|null} wanted */
export function scatterBy({ room }, wanted) {
  if (JSON.stringify(wanted) !== JSON.stringify(room.document.get('layout/scatter') ?? null)) room.set([['layout/scatter', wanted]], 'scatter');
}

/** Return the part of the menu. @param {import('./model.js').Model} model */
export function scatterRows(model) {
  const { room } = model;
  /** @returns {Scatter|null} */
  const now = () => room.document.get('layout/scatter') ?? null;
  const there = () => choicesOf(model);
  const sides = /** @type {const} */ (['x', 'y']).map((side) => {
    const by = make('select', { id: `scatter-${side}` });
    const log = make('input', { type: 'checkbox', id: `scatter-${side}-log` });
    by.addEventListener('change', () => scatterBy(model, withSide(now(), side, by.value, there().map((each) => each.by))));
    log.addEventListener('change', () => {
      const scatter = now();
      if (scatter) scatterBy(model, { ...scatter, [side]: { ...scatter[side], log: log.checked } });
    });
    const logLabel = make('label', { for: log.id, class: 'logarithm' }, log, t('scatter.log'));
    log.setAttribute('aria-label', t('scatter.log-name', { what: t(`scatter.${side}`) }));
    const element = make('div', { class: 'row side' }, make('label', { for: by.id }, t(`scatter.${side}`)), make('span', { class: 'select' }, by), logLabel);
    const show = () => {
      const scatter = now();
      fillChoice(by, [['', [{ by: '', label: t('scatter.none') }]], [t('sort.columns'), there()]], scatter?.[side].by ?? '');
      log.checked = scatter?.[side].log ?? false;
      log.disabled = scatter === null;
    };
    return { element, show };
  });
  const size = make('input', { type: 'range', id: 'scatter-size', min: String(SIZE.least), max: String(SIZE.most), step: String(SIZE.step) });
  size.addEventListener('change', () => {
    const scatter = now();
    if (scatter) scatterBy(model, { ...scatter, size: Number(size.value) });
  });
  const grid = button(t('scatter.grid'), () => scatterBy(model, null));
  const sized = make('div', { class: 'row' }, make('label', { for: size.id }, t('scatter.size')), size, grid);
  const element = make('div', { class: 'rows scatter', role: 'group', 'aria-labelledby': 'scatter-title', 'data-needs': 'arrange' }, make('h3', { id: 'scatter-title' }, t('scatter.title')), ...sides.map((side) => side.element), sized);
  const show = () => {
    for (const side of sides) side.show();
    const scatter = now();
    sized.hidden = scatter === null;
    if (document.activeElement !== size) size.value = String(scatter?.size ?? 1);
  };
  return { element, show };
}

/** @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function scatterCommands(model) {
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  return [
    {
      ...common,
      id: 'scatter',
      label: () => t('scatter.command'),
      keys: ['Shift+X'],
      run: () => {
        openMenu('layout-menu');
        byId('scatter-x', HTMLSelectElement).focus();
      },
    },
    { ...common, id: 'scatter-grid', label: () => t('scatter.command-grid'), enabled: () => model.room.document.get('layout/scatter') !== undefined, run: () => scatterBy(model, null) },
  ];
}
