/** What one does with the linked views, each as a command. */

import { passingOf, wayIn, WAYS } from './brushed.js';
import { t } from './text.js';
import { NAMES } from './views.js';

/** @param {import('./views.js').Views} views @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function viewsCommands(views, model) {
  const group = /** @type {const} */ ('look');
  const needs = /** @type {const} */ ('arrange');
  return [
    { id: 'views', label: () => t('views.command'), group, keys: ['Shift+V'], run: () => views.toggle() },
    { id: 'views-full', label: () => t(views.isOpen && views.isFull ? 'views.command-beside' : 'views.command-full'), group, run: () => views.full(!(views.isOpen && views.isFull)) },
    ...NAMES.map((name) => ({ id: `views-${name}`, label: () => t('views.command-look', { what: t(`views.${name}`) }), group, run: () => views.look(name) })),
    ...WAYS.map((way) => ({ id: `brushing-${way}`, label: () => t(`views.command-${way}`), group, needs, enabled: () => wayIn(model.room.document) !== way, run: () => views.setWay(way) })),
    { id: 'brush-clear', label: () => t('views.command-clear'), group, needs, enabled: () => views.brushed, run: () => views.clear() },
    { id: 'brush-choose', label: () => t('views.command-choose'), group: 'select', enabled: () => passingOf(model) !== null, run: () => model.select(passingOf(model) ?? []) },
  ];
}
