/** Tile sets: the ones that are kept, and all that one does with them. */

import { ApiError } from './api.js';
import { announce } from './announce.js';
import { button, byId, make, saveFile } from './dom.js';
import { ask } from './ask.js';
import * as calls from './tileset-calls.js';
import { draftOf, dropDraft } from './tileset-drafts.js';
import { TileSetEditor } from './tileset-editor.js';
import { askImport, reportOf } from './tileset-import.js';
import { TileSetEdit } from './tileset-model.js';
import { localeOf, t } from './text.js';

const SEARCH_MS = 200; // after the last letter
const TEXTS = { csv: ['csv', 'text/csv'], tiledviz: ['json', 'application/json'], tileset: ['json', 'application/json'] };

export class TileSets {
  #dialog = make('dialog', { class: 'ts', 'aria-label': t('tilesets.sets') });
  #search = make('input', { type: 'search', 'aria-label': t('tilesets.search'), placeholder: t('tilesets.search'), autocomplete: 'off' });
  #list = make('tbody');
  #said = make('p', { class: 'ts-said', role: 'status' });
  #report = make('div', { class: 'ts-after' });
  #body = make('div', { class: 'ts-page' });
  /** @type {TileSetEditor|null} */ #editor = null;
  #timer = 0;

  /** @param {import('./model.js').Model} model */
  constructor(model) {
    this.model = model;
    this.#dialog.append(this.#body, this.#said);
    byId('app', HTMLElement).append(this.#dialog);
    this.#search.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#try(() => this.#fill()), SEARCH_MS);
    });
    this.#dialog.addEventListener('cancel', (event) => {
      if (event.target !== this.#dialog || !this.#editor) return;
      event.preventDefault(); // out of the editor first
      this.#home();
    });
    this.#dialog.addEventListener('close', () => this.#editor?.leave());
    addEventListener('pagehide', () => this.#editor?.leave());
  }

  /** whether who looks may run what a set holds, or read and write files */
  get #may() {
    return this.model.may('act');
  }

  get #edits() {
    return this.model.may('arrange');
  }

  /** Open the list. */
  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#home();
  }

  /** Say what was done, or what went wrong. @param {string} text @param {boolean} [problem] @param {HTMLElement[]} [more] */
  #say(text, problem = false, more = []) {
    this.#said.classList.toggle('problem', problem);
    this.#said.replaceChildren(text, ...more);
  }

  /** @param {() => Promise<void>} does */
  async #try(does) {
    try {
      await does();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(t('tilesets.failed', { why: error.message }), true);
    }
  }

  #home() {
    this.#editor?.leave();
    this.#editor = null;
    this.#say('');
    const tools = this.#may ? [button(t('tilesets.import'), () => askImport(this.#dialog, (name, report) => this.#imported(name, report)), { class: 'primary' })] : [];
    const head = make('header', {}, make('h2', {}, t('tilesets.sets')), this.#search, ...tools, button(t('page.close'), () => this.#dialog.close()));
    const titles = ['tilesets.set', 'tilesets.head-tiles', 'tilesets.head-columns', 'tilesets.head-changed', 'tilesets.head-wall'].map((key) => make('th', { scope: 'col' }, t(/** @type {import('./text.js').Key} */ (key))));
    const table = make('table', { class: 'ts-list', 'aria-label': t('tilesets.sets') }, make('thead', {}, make('tr', {}, ...titles, make('td'))), this.#list);
    this.#body.replaceChildren(head, this.#report, table);
    this.#search.focus();
    void this.#try(() => this.#fill());
  }

  async #fill() {
    const sets = await calls.list(this.#search.value);
    const none = make('tr', {}, make('td', { colspan: '6', class: 'ts-none' }, t(this.#search.value ? 'tilesets.none-found' : 'tilesets.none')));
    this.#list.replaceChildren(...(sets.length > 0 ? sets.map((each) => this.#row(each)) : [none]));
  }

  /** @param {calls.KeptSet} set */
  #row(set) {
    const { name } = set;
    const open = button('', () => void this.#try(() => this.#edit(name)), { class: 'ts-open', 'aria-label': t('tilesets.open-name', { name }) });
    open.append(make('strong', {}, set.title || name), make('span', { class: 'small' }, name));
    const when = new Date(set.at * 1000).toLocaleString(localeOf(), { dateStyle: 'medium', timeStyle: 'short' });
    const who = this.model.room.nameOf(set.person);
    const operate = [
      button(t('tilesets.show'), () => void this.#try(() => this.#show(name)), { 'aria-label': t('tilesets.show-name', { name }) }),
      button(t('tilesets.export'), () => this.#export(name), { 'aria-label': t('tilesets.export-name', { name }) }),
    ];
    const edit = [
      button(t('tilesets.copy'), () => this.#askName('copy', name), { 'aria-label': t('tilesets.copy-name', { name }) }),
      button(t('tilesets.rename'), () => this.#askName('rename', name), { 'aria-label': t('tilesets.rename-name', { name }) }),
      button(t('tilesets.remove'), () => void this.#try(() => this.#remove(set)), { 'aria-label': t('tilesets.remove-name', { name }) }),
    ];
    const does = [...(this.#may ? operate : []), ...(this.#edits ? edit : [])];
    const draft = draftOf(name) ? [make('span', { class: 'ts-draft' }, t('tilesets.has-draft'))] : [];
    const changed = make('td', {}, when, ...(who ? [make('span', { class: 'small' }, ` ${who}`)] : []));
    return make('tr', {}, make('td', {}, open, ...draft), make('td', { class: 'number' }, String(set.tiles)), make('td', { class: 'number' }, String(set.columns)), changed, make('td', {}, (set.jobs ?? []).length > 0 ? t('tilesets.on-wall') : ''), make('td', {}, make('span', { class: 'buttons' }, ...does)));
  }

  /** @param {string} name */
  async #edit(name) {
    const { revision, document } = await calls.read(name);
    const draft = draftOf(name);
    const edit = new TileSetEdit(document, revision);
    this.#editor = this.#editorOf(name, edit);
    this.#body.replaceChildren(this.#editor.element);
    this.#editor.table.go(0, 0);
    this.#editor.table.element.focus();
    if (!draft) return this.#say('');
    const take = button(t('tilesets.draft-take'), () => {
      const resumed = new TileSetEdit(draft.base, draft.revision);
      resumed.resume(draft.now);
      if (draft.revision !== revision) resumed.rebase(document, revision);
      this.#editor = this.#editorOf(name, resumed);
      this.#body.replaceChildren(this.#editor.element);
      this.#editor.table.element.focus();
      this.#say('');
    });
    const drop = button(t('tilesets.draft-drop'), () => {
      dropDraft(name);
      this.#say('');
    });
    this.#say(t('tilesets.draft'), false, [take, drop]);
  }

  /** @param {string} name @param {TileSetEdit} edit */
  #editorOf(name, edit) {
    const more = [button(t('tilesets.versions'), () => void this.#try(() => this.#versions(name)))];
    if (this.#may) more.push(button(t('tilesets.export'), () => this.#export(name)), button(t('tilesets.show'), () => void this.#try(() => this.#show(name))));
    return new TileSetEditor(name, edit, { back: () => this.#home(), may: this.#edits, say: (text, problem) => this.#say(text, problem), more });
  }

  /** @param {string} name */
  async #show(name) {
    if (this.#editor?.edit.changed) return this.#say(t('tilesets.save-first'), true);
    this.#say(t('tilesets.shown', { name })); // a job begins: it takes a moment
    const shown = (await calls.list(name)).find((each) => each.name === name)?.jobs ?? [];
    await calls.show(name, shown.at(-1) ?? null);
    this.#dialog.close();
    announce(t('tilesets.shown', { name }));
  }

  /** @param {'copy'|'rename'} verb @param {string} name */
  #askName(verb, name) {
    const field = { name: 'to', label: t('tilesets.name'), value: verb === 'copy' ? `${name}-2` : name, hint: t('tilesets.name-hint') };
    ask(this.#dialog, t(verb === 'copy' ? 'tilesets.copy-name' : 'tilesets.rename-name', { name }), [field], t(`tilesets.${verb}`), async ({ to }) => this.#wrong(async () => {
      await calls[verb](name, to.trim());
      await this.#fill();
    }));
  }

  /** Return what goes wrong in a question, empty when nothing does. @param {() => Promise<void>} does */
  async #wrong(does) {
    try {
      await does();
      return '';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error.message;
    }
  }

  /** @param {calls.KeptSet} set */
  async #remove({ name, revision }) {
    await calls.remove(name);
    await this.#fill();
    const back = button(t('tilesets.undo'), () => void this.#try(async () => {
      await calls.restore(name, revision);
      this.#say('');
      await this.#fill();
    }));
    this.#say(t('tilesets.removed', { name }), false, [back]);
    back.focus();
  }

  /** @param {string} name */
  async #versions(name) {
    const found = await calls.revisions(name);
    const rows = found.map(({ revision, at, label }) => {
      const when = new Date(at * 1000).toLocaleString(localeOf(), { dateStyle: 'medium', timeStyle: 'short' });
      const restore = button(t('tilesets.restore'), () => void this.#try(async () => {
        restore.closest('dialog')?.close();
        this.#editor?.leave();
        await calls.restore(name, revision);
        await this.#edit(name);
      }), { 'aria-label': t('tilesets.restore-name', { n: revision }) });
      return make('li', {}, make('strong', {}, t('tilesets.version', { n: revision })), make('span', { class: 'small' }, `${when} ${label}`), ...(this.#edits && revision !== found[0].revision ? [restore] : []));
    });
    ask(this.#dialog, t('tilesets.versions-of', { name }), [], t('page.close'), () => '', make('ul', { class: 'ts-versions' }, ...rows));
  }

  /** @param {string} name */
  #export(name) {
    const formats = /** @type {[string, string][]} */ ([['csv', 'CSV'], ['tiledviz', 'TiledViz JSON'], ['cinema', 'Cinema'], ['tileset', t('tilesets.own-json')]]);
    const fields = [
      { name: 'format', label: t('tilesets.format'), value: 'csv', choices: formats },
      { name: 'path', label: t('tilesets.export-path'), optional: true, hint: t('tilesets.export-path-hint') },
    ];
    ask(this.#dialog, t('tilesets.export-name', { name }), fields, t('tilesets.do-export'), async ({ format, path }) => {
      if (format === 'cinema' && path.trim() === '') return t('tilesets.export-needs-path');
      return this.#wrong(async () => {
        const answer = await calls.exportSet(format, name, path.trim() || null);
        const [ending, type] = TEXTS[/** @type {keyof typeof TEXTS} */ (format)] ?? [];
        if (answer.text !== undefined) saveFile(new Blob([answer.text], { type }), `${name}.${ending}`);
        this.#say(answer.text !== undefined ? t('tilesets.exported') : t('tilesets.exported-to', { path }));
      });
    });
  }

  /** @param {string} name @param {calls.Report} report */
  #imported(name, report) {
    const open = button(t('tilesets.open'), () => {
      this.#report.replaceChildren();
      void this.#try(() => this.#edit(name));
    }, { class: 'primary', 'aria-label': t('tilesets.open-name', { name }) });
    this.#report.replaceChildren(reportOf(name, report), make('div', { class: 'buttons' }, open, button(t('page.close'), () => this.#report.replaceChildren())));
    void this.#try(() => this.#fill());
  }

  /** Keep tiles of the wall as a set. @param {number[]} ids */
  keepTiles(ids) {
    ask(byId('app', HTMLElement), t('tilesets.keep', { n: ids.length }), [{ name: 'name', label: t('tilesets.name'), hint: t('tilesets.name-hint') }], t('tilesets.save'), async ({ name }) => this.#wrong(async () => {
      const kept = await calls.fromWall(name.trim(), ids);
      announce(t('tilesets.kept', { name: kept.name }));
      if (kept.report.items.length === 0) return;
      this.open(); // something of a tile could not be kept: that is to be read
      this.#imported(kept.name, kept.report);
    }));
  }
}

/** @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function tileSetCommands(model) {
  const sets = new TileSets(model);
  return [
    { id: 'tilesets', label: () => t('tilesets.command'), group: 'session', needs: 'read', run: () => sets.open() },
    { id: 'tilesets-keep', label: () => t('tilesets.command-keep'), group: 'session', needs: 'act', enabled: () => model.chosen.size > 0, run: () => sets.keepTiles([...model.chosen]) },
  ];
}
