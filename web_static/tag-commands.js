/** What one can do with tags, as commands. */

import { announce } from './announce.js';
import * as acts from './tag-acts.js';
import { tagWords } from './tag-mark.js';
import { tagsHere, tagsOf } from './tags.js';
import { t } from './text.js';

/**
 * @param {{model: import('./model.js').Model, palette: Pick<import('./palette.js').Palette, 'choose'>, dialog: import('./tag-dialog.js').TagDialog}} deps
 * @returns {import('./commands.js').Command[]}
 */
export function tagCommands({ model, palette, dialog }) {
  const { room } = model;
  const common = { group: /** @type {const} */ ('tags'), needs: /** @type {const} */ ('arrange') };
  const tags = () => [...tagsHere(model).values()];
  const own = () => {
    const ids = new Set(model.meant);
    return tags().filter((tag) => tag.ids.some((id) => ids.has(id)));
  };
  /** Ask which tag. @param {string} title @param {import('./tags.js').TagHere[]} offered @param {(name: string) => void} run */
  const ask = (title, offered, run) =>
    palette.choose(title, offered.map(({ name, tag, ids }) => ({ label: t('tags.choice', { tag: tagWords(tag), n: ids.length }), run: () => run(name) })));
  const any = () => tags().length > 0;
  const shown = () => tags().filter(({ hidden }) => !hidden);
  const hidden = () => tags().filter((tag) => tag.hidden);
  const remove = (/** @type {string} */ name) => room.set(acts.takeOff(model, model.meant, name), 'tag');
  const takeOff = (/** @type {string} */ name) => {
    const set = acts.takeOffWall(model, name);
    room.set(set, 'hide');
    announce(t('tags.off-wall', { n: set.length }));
  };
  /** Sort by a tag; once more by the same: the other way. @param {string} by */
  const sort = (by) => model.sortBy({ key: by, descending: model.sorting.key === by && !model.sorting.descending });
  const grouped = () => room.document.get('group')?.by === 'tags';
  return [
    { ...common, id: 'tag', label: () => t('tags.command-tag'), keys: ['K'], enabled: () => model.meant.length > 0, run: () => dialog.edit(model.meant) },
    { ...common, id: 'tag-remove', label: () => t('tags.command-remove'), enabled: () => own().length > 0, run: () => ask(t('tags.which-remove'), own(), remove) },
    { ...common, id: 'tag-colour', label: () => t('tags.command-colour'), enabled: any, run: () => ask(t('tags.which-colour'), tags(), (name) => dialog.paint(name)) },
    { ...common, id: 'tag-merge', label: () => t('tags.command-merge'), enabled: any, run: () => ask(t('tags.which-merge'), tags(), (name) => dialog.merge(name)) },
    { ...common, id: 'tag-hide', label: () => t('tags.command-hide'), enabled: () => shown().length > 0, run: () => ask(t('tags.which-hide'), shown(), (name) => room.set(acts.hide(name, true), 'tag-hide')) },
    { ...common, id: 'tag-show', label: () => t('tags.command-show'), enabled: () => hidden().length > 0, run: () => ask(t('tags.which-show'), hidden(), (name) => room.set(acts.hide(name, false), 'tag-show')) },
    { ...common, id: 'tag-show-all', label: () => t('tags.command-show-all'), enabled: () => hidden().length > 0, run: () => room.set(hidden().flatMap(({ name }) => acts.hide(name, false)), 'tag-show') },
    { ...common, id: 'tag-off-wall', label: () => t('tags.command-off-wall'), enabled: any, run: () => ask(t('tags.which-off-wall'), tags(), takeOff) },
    { ...common, id: 'tag-group', label: () => t(grouped() ? 'tags.command-ungroup' : 'tags.command-group'), enabled: () => any() || grouped(), run: () => room.set([['group', grouped() ? null : { by: 'tags' }]], 'group') },
    { ...common, id: 'tag-sort', label: () => t('tags.command-sort'), enabled: any, run: () => ask(t('tags.which-sort'), tags(), (name) => sort(byOf(model, name))) },
    { ...common, id: 'tag-select-alike', needs: undefined, group: 'select', label: () => t('tags.command-alike'), enabled: () => own().length > 0, run: () => model.select(alike(model)) },
  ];
}

/** Return what sorts by a tag: by the number, if it is one. @param {import('./model.js').Model} model @param {string} name */
function byOf(model, name) {
  const tag = tagsHere(model).get(name)?.tag;
  return `tag:${tag?.kind === 'numeric' ? tag.about : name}`;
}

/** Return the tiles that share a tag with the one in focus. @param {import('./model.js').Model} model */
function alike(model) {
  const tile = model.focused();
  const tags = tagsHere(model);
  return tile ? [...new Set(tagsOf(tile, model.room.document).flatMap((name) => tags.get(name)?.ids ?? []))] : [];
}
