/** The menu of how the tiles are arranged: what they are sorted by, which way, and what groups them into lanes. */

import { fillChoice } from './colour-menu.js';
import { PLAIN, propertiesOf } from './colouring.js';
import { byId, make } from './dom.js';
import { popover } from './popover.js';
import { t } from './text.js';
import { openMenu } from './wall-commands.js';

/** Put the menu into the bar. @param {import('./model.js').Model} model */
export function sortMenu(model) {
  const { room } = model;
  const by = make('select', { id: 'sort-by' });
  const ways = make('select', { id: 'sort-way' }, make('option', { value: 'up' }, t('sort.up')), make('option', { value: 'down' }, t('sort.down')));
  const group = make('select', { id: 'group-by' });
  const sort = () => model.sortBy({ key: by.value, descending: ways.value === 'down' });
  by.addEventListener('change', sort);
  ways.addEventListener('change', sort);
  group.addEventListener('change', () => groupBy(model, group.value));
  const row = (/** @type {import('./text.js').Key} */ label, /** @type {HTMLElement} */ field) => make('div', { class: 'row' }, make('label', { for: field.id }, t(label)), make('span', { class: 'select' }, field));
  const content = make('div', { class: 'choose-menu' }, row('sort.by', by), row('sort.way', ways), row('sort.group', group));

  const show = () => {
    const { columns, numbers, tags } = propertiesOf(model);
    const { key, descending } = model.sorting;
    const plain = [{ by: '', label: t('sort.placed') }, { by: 'title', label: t('sort.title') }, { by: 'state', label: t('sort.state') }, { by: 'node', label: t('sort.node') }];
    fillChoice(by, [['', plain], [t('sort.columns'), columns], [t('sort.numbers'), numbers], [t('sort.tags'), tags]], key);
    ways.value = descending ? 'down' : 'up';
    fillChoice(group, [['', [{ by: '', label: t('sort.no-group') }, { by: 'tags', label: t('sort.first-tag') }]], [t('sort.columns'), columns]], room.document.get('group')?.by ?? '');
  };
  const place = byId('arrange-menu', HTMLElement);
  const open = make('button', { type: 'button', 'data-needs': 'arrange' }, t('sort.menu'));
  place.append(open);
  popover(open, content, { label: t('sort.menu'), open: show });
  const refresh = () => open.getAttribute('aria-expanded') === 'true' && show();
  room.addEventListener('change', refresh);
  model.addEventListener('wall', refresh);
}

function openGroups() {
  openMenu('arrange-menu');
  byId('group-by', HTMLSelectElement).focus();
}

/** Group the wall into lanes; '' for none. @param {import('./model.js').Model} model @param {string} by */
export function groupBy({ room }, by) {
  const wanted = by === '' ? null : { by };
  if (JSON.stringify(wanted) !== JSON.stringify(room.document.get('group') ?? null)) room.set([['group', wanted]], 'group');
}

/**
 * What one can sort, group and colour by, each as a command.
 * @param {import('./model.js').Model} model @param {Pick<import('./palette.js').Palette, 'choose'>} palette
 * @returns {import('./commands.js').Command[]}
 */
export function sortCommands(model, palette) {
  const { room } = model;
  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  const choices = () => {
    const { columns, numbers, tags } = propertiesOf(model);
    return { columns, all: [...columns, ...numbers, ...tags] };
  };
  const coloured = () => room.document.get('colour') !== undefined;
  return [
    { ...common, id: 'sort-choose', label: () => t('sort.command'), run: () => palette.choose(t('sort.by'), [{ by: '', label: t('sort.placed') }, { by: 'title', label: t('sort.title') }, { by: 'state', label: t('sort.state') }, { by: 'node', label: t('sort.node') }, ...choices().all].map(({ by, label }) => ({ label, run: () => model.sortBy({ key: by, descending: model.sorting.key === by && !model.sorting.descending }) }))) },
    { ...common, id: 'group', label: () => t('sort.command-group'), keys: ['G'], run: openGroups },
    { ...common, id: 'group-choose', label: () => t('sort.command-lanes'), run: () => palette.choose(t('sort.group'), [{ by: '', label: t('sort.no-group') }, { by: 'tags', label: t('sort.first-tag') }, ...choices().columns].map(({ by, label }) => ({ label, run: () => groupBy(model, by) }))) },
    { ...common, id: 'group-none', label: () => t('sort.command-no-group'), enabled: () => room.document.get('group') !== undefined, run: () => groupBy(model, '') },
    { ...common, id: 'colour', label: () => t('colour.command'), keys: ['Q'], run: () => openMenu('colour-menu') },
    { ...common, id: 'colour-choose', label: () => t('colour.command-choose'), enabled: () => choices().all.length > 0, run: () => palette.choose(t('colour.by'), choices().all.map(({ by, label }) => ({ label, run: () => room.set([['colour', { ...PLAIN, by, scale: room.document.get('colour')?.scale ?? PLAIN.scale }]], 'colour') }))) },
    { ...common, id: 'colour-none', label: () => t('colour.command-none'), enabled: coloured, run: () => room.set([['colour', null]], 'colour') },
  ];
}
