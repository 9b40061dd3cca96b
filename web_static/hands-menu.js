/** Groups of hands in the dialog that chooses many tiles: kept from what is chosen there, armed, renamed, removed. */

import { button, make, setText } from './dom.js';
import { NAME_MOST, changing, freeName, keeping, nameFrom, pathOf, readyOf, touchesGroups } from './hands-groups.js';
import { t } from './text.js';
import { newRequest } from './under-way.js';

/** @typedef {import('./hands-groups.js').Group} Group */

export class GroupsMenu {
  #list = make('ul', { class: 'hand-groups', role: 'list' });
  #none = make('p', { class: 'about' }, t('groups.none'));
  #name = make('input', { type: 'text', id: 'group-name', maxlength: String(NAME_MOST), autocomplete: 'off' });
  #said = make('p', { class: 'said', role: 'status' });
  #keep;
  #shown = '';
  /** whether the name is one's own, and not the one that was proposed */ #typed = false;
  element;

  /**
   * @param {import('./model.js').Model} model
   * @param {{all: () => Group[], arm: (id: string) => void, sameView: (id: string) => void, close: () => void,
   *   chosen: () => {leader: number, followers: number[]}|null}} does
   *   chosen: who leads and follows as the dialog stands
   */
  constructor(model, does) {
    this.model = model;
    this.does = does;
    const keep = make('button', { type: 'submit' }, t('groups.keep'));
    this.#keep = make('form', { class: 'keep-group', 'data-needs': 'arrange' }, make('div', { class: 'field' }, make('label', { for: 'group-name' }, make('span', {}, t('groups.name'))), this.#name), keep);
    this.#keep.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#keepChosen();
    });
    this.#name.addEventListener('input', () => (this.#typed = true));
    const title = make('h3', { id: 'groups-title' }, t('groups.title'));
    this.element = make('section', { class: 'groups', 'aria-labelledby': 'groups-title' }, title, this.#keep, this.#said, this.#none, this.#list);
    model.room.addEventListener('change', (event) => touchesGroups(/** @type {CustomEvent<Set<string>>} */ (event).detail) && this.refresh());
    for (const type of ['wall', 'tiles', 'me']) model.addEventListener(type, () => this.refresh());
  }

  /** Begin anew: the dialog was opened. */
  open() {
    this.#typed = false;
    setText(this.#said, '');
    this.refresh();
  }

  /** Bring the list up to what the session has. */
  refresh() {
    if (!this.element.isConnected || !this.element.closest('dialog')?.open) return;
    const groups = this.does.all();
    const rows = groups.map((group) => ({ group, ready: readyOf(group, (id) => this.model.takesInput(id)) }));
    const may = this.model.may('arrange');
    if (!this.#typed) this.#name.value = freeName(groups, (n) => t('groups.proposed', { n }));
    this.#keep.hidden = !may;
    this.#none.hidden = groups.length > 0;
    const key = JSON.stringify([rows, may, rows.map(({ ready }) => this.model.tiles.get(ready?.leader ?? -1)?.title)]);
    if (key === this.#shown) return;
    this.#shown = key;
    const focused = document.activeElement instanceof HTMLElement && this.#list.contains(document.activeElement) ? document.activeElement.dataset.of : null;
    this.#list.replaceChildren(...rows.map(({ group, ready }) => this.#row(group, ready, may)));
    if (focused) (/** @type {HTMLElement|null} */ (this.#list.querySelector(`[data-of="${CSS.escape(focused)}"]`)) ?? this.#name).focus();
  }

  /** @param {Group} group @param {{leader: number, followers: number[]}|null} ready @param {boolean} may */
  #row(group, ready, may) {
    const { id, name } = group;
    const of = (/** @type {string} */ what) => ({ 'data-of': `${what} ${id}` });
    const act = (/** @type {string} */ what, /** @type {string} */ word, /** @type {() => void} */ does) => button(word, does, { 'aria-label': `${word}, ${name}`, ...of(what) });
    const head = make('div', { class: 'head' }, make('b', {}, name), make('span', { class: 'about' }, this.#about(group, ready)));
    const arm = act('arm', t('groups.arm'), () => this.#and(() => this.does.arm(id)));
    const same = act('same', t('same.short'), () => this.#and(() => this.does.sameView(id)));
    const select = act('select', t('groups.select'), () => this.#and(() => this.model.select([...(group.leader === null ? [] : [group.leader]), ...group.tiles])));
    arm.disabled = ready === null;
    same.disabled = ready === null || !this.model.may('act');
    const rename = act('rename', t('groups.rename'), () => this.#rename(head, group));
    const remove = act('remove', t('groups.remove'), () => this.#set([[pathOf(id), null]], 'hands-remove', t('groups.removed', { name })));
    const together = make('input', { type: 'checkbox', ...of('together') });
    together.checked = group.together ?? false;
    together.disabled = !may;
    together.addEventListener('change', () => this.#set(changing(this.model.room.document, id, { together: together.checked }), 'hands'));
    const buttons = make('div', { class: 'buttons' }, arm, same, select, ...(may ? [rename, remove] : []));
    const label = make('label', { class: 'together' }, together, t('groups.together'));
    return make('li', {}, make('div', { class: 'hand-group', role: 'group', 'aria-label': name }, head, buttons, label));
  }

  /** @param {Group} group @param {{leader: number, followers: number[]}|null} ready */
  #about(group, ready) {
    const n = group.tiles.length + (group.leader === null ? 0 : 1);
    if (!ready) return t('groups.about-none', { n });
    return t('groups.about', { n, title: this.model.tiles.get(ready.leader)?.title ?? '' });
  }

  /** Do something that is seen on the wall. @param {() => void} run */
  #and(run) {
    this.does.close();
    run();
  }

  #keepChosen() {
    const chosen = this.does.chosen();
    const name = nameFrom(this.#name.value);
    if (name === '' || !chosen || chosen.followers.length === 0) {
      setText(this.#said, t(name === '' ? 'groups.no-name' : 'groups.no-tiles'));
      return this.#name.focus();
    }
    this.#typed = false;
    this.#set(keeping(this.does.all(), name, chosen.leader, chosen.followers, newRequest()), 'hands', t('groups.kept', { name }));
  }

  /** @param {Element} head @param {Group} group */
  #rename(head, group) {
    const field = make('input', { type: 'text', 'aria-label': t('groups.name'), maxlength: String(NAME_MOST), value: group.name });
    const form = make('form', { class: 'head' }, field, make('button', { type: 'submit' }, t('groups.save')));
    const back = () => {
      this.#shown = '';
      this.refresh();
      /** @type {HTMLElement|null} */ (this.#list.querySelector(`[data-of="${CSS.escape(`rename ${group.id}`)}"]`))?.focus();
    };
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = nameFrom(field.value);
      if (name !== '') this.#set(changing(this.model.room.document, group.id, { name }), 'hands', t('groups.renamed', { name }));
      back();
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      back();
    });
    head.replaceWith(form);
    field.focus();
    field.select();
  }

  /** @param {import('./hands-groups.js').Sets} sets @param {string} label @param {string} [said] */
  #set(sets, label, said = '') {
    this.model.room.set(sets, label);
    setText(this.#said, said);
  }
}
