/** The menu of how the wall stands: columns, sizes and gaps, which are the session's; zoom, theme and language, which are one's own. */

import { button, byId, make } from './dom.js';
import { popover } from './popover.js';
import { scatterCommands, scatterRows } from './scatter-menu.js';
import { t } from './text.js';

/** Registers below layout/, what they are called, and what they may be. */
const FIELDS = /** @type {const} */ ([
  { name: 'columns', word: 'layout.columns', least: 1, most: 64, step: 1, unit: '' },
  { name: 'tile', word: 'layout.tile', least: 40, most: 4000, step: 10, unit: 'px' },
  { name: 'gap', word: 'layout.gap', least: 0, most: 200, step: 1, unit: 'px' },
  { name: 'title', word: 'layout.title-size', least: 0, most: 60, step: 1, unit: 'px' },
]);

/**
 * Return what a field's text means: a number within its bounds, or null for what suits by itself. Pure.
 * @param {string} text @param {{least: number, most: number}} field
 */
export function valueOf(text, { least, most }) {
  const value = Math.round(Number(text));
  return text.trim() === '' || Number.isNaN(value) ? null : Math.max(least, Math.min(most, value));
}

/** Put the menu into the bar. @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @param {(command: string) => void} run */
export function layoutMenu(model, stage, run) {
  const { room } = model;
  const rows = FIELDS.map((field) => {
    const path = `layout/${field.name}`;
    const input = make('input', { type: 'number', id: field.word, min: String(field.least), max: String(field.most), step: String(field.step) });
    const set = (/** @type {number|null} */ value) => {
      if ((room.document.get(path) ?? null) !== value) room.set([[path, value]], 'layout');
    };
    const auto = button(t('layout.auto'), () => set(null), { 'aria-label': t('layout.auto-name', { what: t(field.word) }) });
    input.addEventListener('change', () => {
      set(valueOf(input.value, field));
      show(true);
    });
    input.addEventListener('blur', () => show(true));
    /** @param {boolean} anyhow also what is just typed */
    const show = (anyhow) => {
      const value = room.document.get(path);
      if (anyhow || document.activeElement !== input) input.value = value === undefined ? '' : String(value);
      input.placeholder = field.name === 'columns' ? t('layout.auto-now', { n: stage.columns }) : t('layout.auto-value');
      auto.setAttribute('aria-disabled', String(value === undefined));
    };
    const label = make('label', { for: input.id }, t(field.word));
    return { show, element: make('div', { class: 'row' }, label, input, make('span', { class: 'unit' }, field.unit), auto) };
  });
  const scatter = scatterRows(model);
  const show = (anyhow = false) => {
    rows.forEach((row) => row.show(anyhow));
    scatter.show();
  };
  const content = make(
    'div',
    { class: 'layout-menu' },
    make('div', { class: 'rows', role: 'group', 'aria-labelledby': 'layout-title', 'data-needs': 'arrange' }, make('h3', { id: 'layout-title' }, t('layout.title')), ...rows.map(({ element }) => element)),
    scatter.element,
    make(
      'div',
      { class: 'buttons', role: 'group', 'aria-label': t('bar.zoom') },
      button('−', () => run('zoom-out'), { 'aria-label': t('bar.zoom-out') }),
      button(t('bar.fit'), () => run('fit'), { title: t('bar.fit-title') }),
      button('+', () => run('zoom-in'), { 'aria-label': t('bar.zoom-in') }),
    ),
    make('div', { class: 'buttons' }, make('button', { id: 'theme', type: 'button' }), make('button', { id: 'language', type: 'button' })),
  );
  const open = make('button', { type: 'button' }, t('bar.view'));
  byId('layout-menu', HTMLElement).append(open);
  popover(open, content, { label: t('bar.view'), open: () => show(true) });
  room.addEventListener('change', () => show());
  model.addEventListener('order', () => show());
}

/** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage @returns {import('./commands.js').Command[]} */
export function layoutCommands(model, stage) {
  const { room } = model;
  const isSet = (/** @type {string} */ name) => room.document.get(`layout/${name}`) !== undefined;
  const whole = () => model.zoomed.length === 0 && !isSet('scatter'); // what one zoomed on says nothing of everybody's wall
  const columns = (/** @type {number|null} */ value) => room.set([['layout/columns', value === null ? null : Math.max(1, Math.min(64, value))]], 'layout');
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  return [
    ...scatterCommands(model),
    { ...common, id: 'columns-more', label: () => t('layout.more'), keys: ['.'], repeats: true, enabled: whole, run: () => columns(stage.columns + 1) },
    { ...common, id: 'columns-fewer', label: () => t('layout.fewer'), keys: [','], repeats: true, enabled: () => whole() && stage.columns > 1, run: () => columns(stage.columns - 1) },
    { ...common, id: 'columns-auto', label: () => t('layout.auto-columns'), enabled: () => isSet('columns'), run: () => columns(null) },
    { ...common, id: 'layout-auto', label: () => t('layout.auto-all'), enabled: () => FIELDS.some(({ name }) => isSet(name)), run: () => room.set(FIELDS.map(({ name }) => [`layout/${name}`, null]), 'layout') },
  ];
}
