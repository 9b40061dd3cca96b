/** The menu of how the wall stands: columns, sizes and gaps, which are the session's; zoom, theme and language, which are one's own. */

import { button, byId, make } from './dom.js';
import { popover } from './popover.js';
import { t } from './text.js';

const ZOOM = 1.4;
const ZOOM_MS = 140;
/** Registers below layout/, and what they may be. */
const FIELDS = /** @type {const} */ ([
  { name: 'columns', least: 1, most: 64, step: 1, unit: '' },
  { name: 'tile', least: 40, most: 4000, step: 10, unit: 'px' },
  { name: 'gap', least: 0, most: 200, step: 1, unit: 'px' },
  { name: 'title', least: 0, most: 60, step: 1, unit: 'px' },
]);

/**
 * Return what a field's text means: a number within its bounds, or null for what suits by itself. Pure.
 * @param {string} text @param {{least: number, most: number}} field
 */
export function valueOf(text, { least, most }) {
  const value = Math.round(Number(text));
  return text.trim() === '' || Number.isNaN(value) ? null : Math.max(least, Math.min(most, value));
}

/** Put the menu into the bar. @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
export function layoutMenu(model, stage) {
  const { room } = model;
  const rows = FIELDS.map((field) => {
    const path = `layout/${field.name}`;
    const input = make('input', { type: 'number', id: `layout.${field.name === 'title' ? 'title-size' : field.name}`, min: String(field.least), max: String(field.most), step: String(field.step) });
    const set = (/** @type {number|null} */ value) => {
      if ((room.document.get(path) ?? null) !== value) room.set([[path, value]], 'layout');
    };
    const auto = button(t('layout.auto'), () => set(null), { 'aria-label': t('layout.auto-name', { what: t(`layout.${field.name === 'title' ? 'title-size' : field.name}`) }) });
    input.addEventListener('change', () => {
      set(valueOf(input.value, field));
      show();
    });
    const show = () => {
      const value = room.document.get(path);
      input.value = value === undefined ? '' : String(value);
      input.placeholder = field.name === 'columns' ? t('layout.auto-now', { n: stage.columns }) : t('layout.auto-value');
      auto.setAttribute('aria-disabled', String(value === undefined));
    };
    const label = make('label', { for: input.id }, t(`layout.${field.name === 'title' ? 'title-size' : field.name}`));
    return { show, element: make('div', { class: 'row' }, label, input, make('span', { class: 'unit' }, field.unit), auto) };
  });
  const show = () => rows.forEach((row) => row.show());
  const zoom = (/** @type {number} */ factor) => stage.zoomBy(factor, undefined, undefined, ZOOM_MS);
  const content = make(
    'div',
    { class: 'layout-menu' },
    make('div', { class: 'rows', role: 'group', 'aria-labelledby': 'layout-title', 'data-needs': 'arrange' }, make('h3', { id: 'layout-title' }, t('layout.title')), ...rows.map(({ element }) => element)),
    make(
      'div',
      { class: 'buttons', role: 'group', 'aria-label': t('bar.zoom') },
      button('−', () => zoom(1 / ZOOM), { 'aria-label': t('bar.zoom-out') }),
      button(t('bar.fit'), () => stage.fit(), { title: t('bar.fit-title') }),
      button('+', () => zoom(ZOOM), { 'aria-label': t('bar.zoom-in') }),
    ),
    make('div', { class: 'buttons' }, make('button', { id: 'theme', type: 'button' }), make('button', { id: 'language', type: 'button' })),
  );
  const open = make('button', { type: 'button' }, t('bar.view'));
  byId('layout-menu', HTMLElement).append(open);
  popover(open, content, { label: t('bar.view'), open: show });
  room.addEventListener('change', show);
  model.addEventListener('order', show);
}

/** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @returns {import('./commands.js').Command[]} */
export function layoutCommands({ room }, stage) {
  const columns = (/** @type {number|null} */ value) => room.set([['layout/columns', value === null ? null : Math.max(1, Math.min(64, value))]], 'layout');
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  return [
    { ...common, id: 'columns-more', label: () => t('layout.more'), keys: ['.'], run: () => columns(stage.columns + 1) },
    { ...common, id: 'columns-fewer', label: () => t('layout.fewer'), keys: [','], enabled: () => stage.columns > 1, run: () => columns(stage.columns - 1) },
    { ...common, id: 'columns-auto', label: () => t('layout.auto-columns'), enabled: () => room.document.get('layout/columns') !== undefined, run: () => columns(null) },
    { ...common, id: 'layout-auto', label: () => t('layout.auto-all'), run: () => room.set(FIELDS.map(({ name }) => [`layout/${name}`, null]), 'layout') },
  ];
}
