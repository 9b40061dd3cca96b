/** The editor of one tile set: its table, its JSON, what is wrong in it, saving. */

import { ApiError } from './api.js';
import { button, make, setText } from './dom.js';
import * as calls from './tileset-calls.js';
import { askColumn } from './tileset-columns.js';
import { dropDraft, keepDraft } from './tileset-drafts.js';
import { TileSetJson } from './tileset-json.js';
import { TileSetTable, fieldWords } from './tileset-table.js';
import { t } from './text.js';

const DRAFT_MS = 500; // after the last edit
const LISTED_MOST = 200; // problems that the list shows at once

export class TileSetEditor {
  element = make('section', { class: 'ts-editor' });
  #problems = make('ol', { class: 'ts-problems', 'aria-label': t('tilesets.problems') });
  #where = make('p', { id: 'ts-cell-said', class: 'ts-where', role: 'status' });
  #state = make('p', { class: 'ts-state', role: 'status' });
  #title = make('input', { type: 'text', class: 'ts-title', 'aria-label': t('tilesets.title-of'), maxlength: '1000', autocomplete: 'off' });
  #find = make('input', { type: 'search', 'aria-label': t('tilesets.find'), placeholder: t('tilesets.find-hint'), autocomplete: 'off' });
  #tools = make('div', { class: 'ts-tools', role: 'toolbar', 'aria-label': t('tilesets.tools') });
  #main = make('div', { class: 'ts-main' });
  #timer = 0;
  #saving = false;

  /** @param {string} name @param {import('./tileset-model.js').TileSetEdit} edit @param {{back: () => void, may: boolean, say: (text: string, problem?: boolean) => void, more: HTMLElement[]}} does more: what else is done with the set */
  constructor(name, edit, does) {
    this.name = name;
    this.edit = edit;
    this.does = does;
    this.table = new TileSetTable(edit, (at) => askColumn(this.element, edit, at));
    this.json = new TileSetJson(edit);
    this.undo = button(t('tilesets.undo'), () => edit.undo());
    this.redo = button(t('tilesets.redo'), () => edit.redo());
    this.save = button(t('tilesets.save'), () => void this.#save(), { class: 'primary' });
    this.views = [button(t('tilesets.as-table'), () => this.#view(false)), button(t('tilesets.as-json'), () => this.#view(true))];
    this.#build();
    edit.addEventListener('change', () => this.#changed());
    this.table.addEventListener('moved', () => this.#tell());
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#view(false);
    this.#show();
  }

  #build() {
    const { edit, table } = this;
    const block = () => table.block;
    const rows = [
      button(t('tilesets.add-row'), () => {
        edit.add(block().bottom + (edit.now.tiles.length > 0 ? 1 : 0));
        table.go(block().bottom + (edit.now.tiles.length > 1 ? 1 : 0), 0);
        table.element.focus();
      }),
      button(t('tilesets.duplicate-rows'), () => edit.duplicate(block().top, block().bottom)),
      button(t('tilesets.remove-rows'), () => edit.remove(block().top, block().bottom)),
    ];
    const columns = [button(t('tilesets.add-column'), () => askColumn(this.element, edit, null))];
    this.#tools.append(...rows, make('span', { class: 'ts-gap' }), ...columns, make('span', { class: 'ts-gap' }), this.undo, this.redo, this.#find);
    this.#title.addEventListener('change', () => edit.rename(this.#title.value.trim()));
    this.#find.addEventListener('keydown', (event) => this.#finding(event));
    const views = make('span', { class: 'ts-views', role: 'group', 'aria-label': t('tilesets.views') }, ...this.views);
    const head = make('header', {}, button(t('tilesets.all'), () => this.does.back()), this.#title, views, ...this.does.more, ...(this.does.may ? [this.save] : []));
    this.element.append(head, this.#tools, this.#main, make('footer', {}, this.#where, this.#state));
  }

  /** @param {boolean} json */
  #view(json) {
    if (!json && this.json.element.isConnected && !this.json.take()) return this.json.focus(); // what was typed is not lost
    this.table.leave(true, false);
    this.views.forEach((each, i) => each.setAttribute('aria-pressed', String(json === (i === 1))));
    for (const each of this.#tools.querySelectorAll('button')) each.hidden = json && each !== this.undo && each !== this.redo;
    for (const each of [this.#find, ...this.#tools.querySelectorAll('.ts-gap')]) /** @type {HTMLElement} */ (each).hidden = json;
    this.#main.replaceChildren(json ? this.json.element : this.table.element, this.#problems);
    if (json) this.json.show();
    (json ? this.json.element.querySelector('textarea') : this.table.element)?.focus();
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keep(), DRAFT_MS);
    this.#show();
  }

  /** Keep what is edited as a draft, now. */
  keep() {
    clearTimeout(this.#timer);
    const { edit } = this;
    if (!edit.changed) return dropDraft(this.name);
    if (!keepDraft(this.name, { revision: edit.revision, base: edit.base, now: edit.now })) this.does.say(t('tilesets.no-draft'), true);
  }

  /** Take over what is being typed, and keep it: before one goes. */
  leave() {
    this.table.leave(true, false);
    if (this.json.element.isConnected) this.json.take();
    this.keep();
  }

  #show() {
    const { edit } = this;
    const { problems } = edit;
    this.undo.disabled = !edit.canUndo;
    this.redo.disabled = !edit.canRedo;
    if (document.activeElement !== this.#title) this.#title.value = edit.now.title;
    const conflicts = [...edit.conflicts.values()];
    this.#problems.hidden = problems.length + conflicts.length === 0;
    this.#problems.replaceChildren(...conflicts.map((each) => this.#conflict(each)), ...problems.slice(0, LISTED_MOST).map((each) => this.#problem(each)));
    if (problems.length > LISTED_MOST) this.#problems.append(make('li', { class: 'small' }, t('tilesets.more', { n: problems.length - LISTED_MOST })));
    const counts = [t('tilesets.tiles', { n: edit.now.tiles.length }), t('tilesets.columns', { n: edit.now.columns.length })];
    if (problems.length > 0) counts.push(t('tilesets.wrong', { n: problems.length }));
    counts.push(edit.changed ? t('tilesets.unsaved') : t('tilesets.all-saved', { n: edit.revision }));
    setText(this.#state, counts.join(' · '));
    this.#tell();
  }

  /** @param {import('./tileset-model.js').Problem} problem */
  #problem(problem) {
    const { row, field } = problem;
    const said = problem.text ? t(problem.text) : (problem.said ?? '');
    if (row === null) return make('li', {}, make('strong', {}, t('tilesets.the-set')), ` ${field} ${said}`);
    const jump = button('', () => {
      this.#view(false);
      this.table.go(row, this.edit.fields.indexOf(field));
      this.table.element.focus();
    });
    jump.append(make('strong', {}, t('tilesets.cell', { field: fieldOf(field), row: row + 1 })), make('span', {}, said));
    return make('li', {}, jump);
  }

  /** @param {import('./tileset-model.js').Conflict} conflict */
  #conflict(conflict) {
    const row = this.edit.now.tiles.findIndex(({ key }) => key === conflict.key);
    const name = t('tilesets.cell', { field: fieldOf(conflict.field), row: row + 1 });
    const shown = (/** @type {any} */ value) => (value === null || value === '' ? '—' : typeof value === 'object' && 'typed' in value ? value.typed : String(value));
    const choose = (/** @type {boolean} */ mine) => button(shown(mine ? conflict.mine : conflict.theirs), () => this.edit.settle(conflict, mine), { 'aria-label': t(mine ? 'tilesets.mine' : 'tilesets.theirs', { cell: name, value: shown(mine ? conflict.mine : conflict.theirs) }) });
    return make('li', { class: 'both' }, make('strong', {}, name), make('span', {}, t('tilesets.both-changed')), make('span', { class: 'buttons' }, make('span', {}, t('tilesets.yours'), ' ', choose(true)), make('span', {}, t('tilesets.others'), ' ', choose(false))));
  }

  /** Say where one is, and what is wrong there. */
  #tell() {
    const { row, at } = this.table.active;
    const field = this.edit.fields[at];
    const said = this.table.said(row, field);
    this.#where.classList.toggle('problem', said !== '');
    setText(this.#where, this.edit.now.tiles.length === 0 ? t('tilesets.empty') : `${t('tilesets.cell', { field: fieldWords(field), row: row + 1 })}${said && `: ${said}`}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (key === 's') void (this.does.may && this.#save());
    else if (key === 'f' && this.table.element.isConnected) this.#find.focus();
    else if (event.target instanceof Element && event.target.closest('input, textarea')) return; // they undo by themselves
    else if (key === 'z' && !event.shiftKey) this.edit.undo();
    else if (key === 'y' || key === 'z') this.edit.redo();
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #finding(event) {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      return this.table.element.focus();
    }
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const found = this.edit.find(this.#find.value, this.table.active);
    if (found) this.table.go(found.row, found.at);
    else this.does.say(t('tilesets.not-found', { text: this.#find.value }));
  }

  async #save() {
    if (this.#saving) return;
    this.leave();
    const { edit, does } = this;
    if (this.json.element.isConnected && !this.json.take()) return this.json.focus();
    const { problems } = edit;
    if (problems.length > 0 && edit.refused.length < problems.length) return does.say(t('tilesets.not-saved', { n: problems.length }), true);
    this.#saving = true;
    this.save.disabled = true;
    const sent = edit.now;
    try {
      const { revision, wall } = await calls.write(this.name, edit.revision, sent);
      edit.saved(sent, revision);
      this.keep();
      const again = (wall?.again ?? []).length > 0 ? ` ${t('tilesets.again')}` : '';
      does.say(`${t('tilesets.saved', { n: revision })}${wall && wall.updated > 0 ? ` ${t('tilesets.updated', { n: wall.updated })}` : ''}${again}`);
    } catch (error) {
      await this.#refused(error);
    } finally {
      this.#saving = false;
      this.save.disabled = false;
    }
  }

  /** @param {unknown} error */
  async #refused(error) {
    const { edit, does } = this;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409) {
      const { revision, document } = await calls.read(this.name);
      edit.rebase(document, revision);
      return does.say(edit.conflicts.size > 0 ? t('tilesets.rebased-both', { n: edit.conflicts.size }) : t('tilesets.rebased'), edit.conflicts.size > 0);
    }
    const found = error.answer?.problems;
    if (Array.isArray(found)) edit.refuse(found.map(({ row, field, text }) => ({ row, field, text: null, said: text })));
    does.say(t('tilesets.failed', { why: error.message }), true);
  }
}

/** @param {string} field also one that the table has no column of */
const fieldOf = (field) => (['title', 'kind', 'source', 'tags', 'note'].includes(field) || field.startsWith('values/') ? fieldWords(field) : field);
