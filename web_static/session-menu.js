/** The session's own menu: versions, the state as a file, bookmarks, a link to what one sees. */

import { call } from './api.js';
import { differenceWords } from './differences.js';
import { button, make, saveFile, setText } from './dom.js';
import { popover } from './popover.js';
import { localeOf, t } from './text.js';

/** @typedef {{id: number, name: string, at: number, person: string}} Version */

const NAME_MOST = 80;
const FILE_TYPE = 'application/json';

export class SessionMenu {
  #said = make('p', { class: 'said', role: 'status' });
  #versions = make('ul', { class: 'rows', 'data-needs': 'read' });
  #bookmarks = make('ul', { class: 'rows' });
  #file = make('input', { type: 'file', accept: FILE_TYPE, hidden: '', 'aria-label': t('menu.import') });

  /**
   * @param {import('./model.js').Model} model
   * @param {{link: () => string, view: () => object, go: (view: any) => void, run: (command: string) => void}} does  link: an address of what is in sight; view: what a bookmark keeps; go: there again
   * @param {HTMLElement} place in the bar
   */
  constructor(model, does, place) {
    this.model = model;
    this.does = does;
    this.open = make('button', { type: 'button', 'data-needs': 'all' }, t('menu.title'));
    this.#file.addEventListener('change', () => void this.#import());
    this.panel = popover(this.open, this.#content(), { label: t('menu.title'), open: () => void this.#refresh() }).panel;
    place.append(this.open);
    model.room.addEventListener('change', () => this.#showBookmarks());
  }

  #content() {
    const link = button(t('menu.link'), () => void this.#try(async () => {
      await navigator.clipboard.writeText(this.does.link());
      return t('menu.link-copied');
    }));
    const files = make('div', { class: 'buttons' }, button(t('menu.export'), () => void this.#try(() => this.#export()), { 'data-needs': 'read' }), button(t('menu.import'), () => this.#file.click(), { 'data-needs': 'arrange' }), this.#file);
    return make(
      'div',
      { class: 'session-menu' },
      link,
      button(t('present.command'), () => this.does.run('present'), { 'data-needs': 'all' }),
      button(t('tilesets.command'), () => this.does.run('tilesets'), { 'data-needs': 'read' }),
      make('h3', {}, t('menu.bookmarks')),
      this.#bookmarks,
      nameForm(t('menu.bookmark'), t('menu.bookmark-do'), (name) => this.#try(async () => this.#bookmark(name))),
      make('h3', { 'data-needs': 'read' }, t('menu.versions')),
      this.#versions,
      nameForm(t('menu.save'), t('menu.save-do'), (name) => this.#try(() => this.#save(name))),
      make('h3', { 'data-needs': 'read' }, t('menu.file')),
      files,
      make('h3', { 'data-needs': 'read' }, t('menu.take')),
      make('div', { class: 'buttons', 'data-needs': 'read' }, button(t('sheet.command'), () => this.does.run('sheet')), button(t('csv.command'), () => this.does.run('csv'))),
      this.#said,
    );
  }

  /** Do something and say what came of it; return whether it worked. @param {() => Promise<string>} doing */
  async #try(doing) {
    try {
      this.#say(await doing(), false);
      return true;
    } catch (error) {
      this.#say(t('menu.failed', { why: error instanceof Error ? error.message : String(error) }), true);
      return false;
    }
  }

  /** Show the rows of a list; the keyboard stays in the menu when a button that had it goes. @param {HTMLElement} list @param {Node[]} rows @param {string} none */
  #fill(list, rows, none) {
    const held = list.contains(document.activeElement);
    list.replaceChildren(...(rows.length > 0 ? rows : [make('li', { class: 'none' }, none)]));
    if (held) this.panel.focus();
  }

  /** @param {string} text @param {boolean} bad */
  #say(text, bad) {
    this.#said.classList.toggle('problem', bad);
    setText(this.#said, text);
  }

  async #refresh() {
    this.#say('', false);
    this.#showBookmarks();
    if (!this.model.may('read')) return;
    await this.#try(async () => {
      this.#showVersions((await call('GET', '/session/versions')).versions);
      return '';
    });
  }

  // ----------------------------------------------------------------- versions

  /** @param {Version[]} versions */
  #showVersions(versions) {
    const may = this.model.may('arrange');
    const row = (/** @type {Version} */ { id, name, at }) => {
      const when = new Date(at * 1000).toLocaleString(localeOf(), { dateStyle: 'medium', timeStyle: 'short' });
      const of = (/** @type {'compare'|'restore'|'delete'} */ what, /** @type {() => Promise<string>} */ run) =>
        button(t(`menu.${what}`), () => void this.#try(run), { 'aria-label': t(`menu.${what}-name`, { name }) });
      const change = [of('restore', () => this.#restore(id, name)), of('delete', () => this.#delete(id, name))];
      return make('li', {}, make('span', { class: 'words' }, make('strong', {}, name), make('span', {}, when)), of('compare', () => this.#compare(id)), ...(may ? change : []));
    };
    this.#fill(this.#versions, versions.map(row), t('menu.no-versions'));
  }

  /** @param {string} name */
  async #save(name) {
    await call('POST', '/session/versions', { name });
    this.#showVersions((await call('GET', '/session/versions')).versions);
    return t('menu.saved', { name });
  }

  /** @param {number} id */
  async #compare(id) {
    const { differences } = await call('GET', `/session/versions/${id}`);
    const words = differenceWords(differences);
    return words.length === 0 ? t('menu.same') : `${t('menu.differs', { n: differences.length })} ${words.join(', ')}.`;
  }

  /** @param {number} id @param {string} name */
  async #restore(id, name) {
    const { missing } = await call('POST', `/session/versions/${id}/restore`, {});
    return missing.length > 0 ? t('menu.restored-but', { name, n: missing.length, what: missing.slice(0, 3).join(', ') }) : t('menu.restored', { name });
  }

  /** @param {number} id @param {string} name */
  async #delete(id, name) {
    await call('POST', `/session/versions/${id}/delete`, {});
    this.#showVersions((await call('GET', '/session/versions')).versions);
    return t('menu.deleted', { name });
  }

  // -------------------------------------------------------------------- files

  async #export() {
    const content = await call('GET', '/session/export');
    saveFile(new Blob([JSON.stringify(content, null, 1)], { type: FILE_TYPE }), `${this.model.me.title || this.model.session}.tiledviz.json`);
    return content.notes.join(' ');
  }

  async #import() {
    const [file] = this.#file.files ?? [];
    this.#file.value = '';
    if (!file) return;
    await this.#try(async () => {
      const { missing } = await call('POST', '/session/import', JSON.parse(await file.text()));
      return missing.length > 0 ? t('menu.imported', { n: missing.length, what: missing.slice(0, 3).join(', ') }) : t('menu.imported-all');
    });
  }

  // ---------------------------------------------------------------- bookmarks

  /** @param {string} name */
  #bookmark(name) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
    this.model.room.set([[`bookmark/${id}`, { name, view: /** @type {any} */ (this.does.view()) }]], 'bookmark');
    return t('menu.bookmarked', { name });
  }

  #showBookmarks() {
    const found = this.model.room.document.below('bookmark/');
    const key = JSON.stringify([found, this.model.me]);
    if (this.#bookmarks.dataset.of === key) return;
    this.#bookmarks.dataset.of = key;
    const row = (/** @type {[string, {name: string, view: object}]} */ [id, { name, view }]) => {
      const remove = () => {
        this.model.room.set([[`bookmark/${id}`, null]], 'bookmark');
        this.#say(t('menu.deleted', { name }), false);
      };
      const buttons = [button(t('menu.go'), () => this.does.go(view), { 'aria-label': t('menu.go-name', { name }) })];
      if (this.model.may('arrange')) buttons.push(button(t('menu.delete'), remove, { 'aria-label': t('menu.delete-name', { name }) }));
      return make('li', {}, make('span', { class: 'words' }, make('strong', {}, name)), ...buttons);
    };
    found.sort((a, b) => a[1].name.localeCompare(b[1].name));
    this.#fill(this.#bookmarks, found.map(row), t('menu.no-bookmarks'));
  }
}

/** A name and what to do with it. @param {string} label @param {string} go @param {(name: string) => Promise<boolean>} run returns whether it worked: else the name stays */
function nameForm(label, go, run) {
  const input = make('input', { type: 'text', maxlength: String(NAME_MOST), required: '', autocomplete: 'off' });
  const form = make('form', { class: 'name-form', 'data-needs': 'arrange' }, make('label', {}, make('span', {}, label), input), make('button', { type: 'submit' }, go));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name !== '') void run(name).then((done) => done && (input.value = ''));
  });
  return form;
}

/** @param {SessionMenu} menu @returns {import('./commands.js').Command[]} */
export const sessionCommands = (menu) => [
  { id: 'session', label: () => t('menu.open'), group: 'session', keys: ['B'], needs: 'all', run: () => menu.open.click() },
];
