/** Launch a case: the list of those there are, the form of one, what was prepared. Escape goes back, one page at a time. */

import { ApiError } from './api.js';
import { announce } from './announce.js';
import { button, byId, make, setText } from './dom.js';
import * as calls from './launch-calls.js';
import { draftOf, dropDraft } from './launch-drafts.js';
import { LaunchForm } from './launch-form.js';
import { caseList, setOf } from './launch-list.js';
import { preparedPage } from './launch-prepared.js';
import { t } from './text.js';
import { ask } from './ask.js';

export class Launch {
  #title = make('h2', { id: 'launch-title', tabindex: '-1' });
  #search = make('input', { type: 'search', 'aria-label': t('launch.search'), placeholder: t('launch.search'), autocomplete: 'off' });
  #back = button('', () => this.#goBack());
  #said = make('div', { class: 'launch-said', role: 'status' });
  #body = make('div', { class: 'launch-page' });
  #dialog = make('dialog', { class: 'launch', 'aria-labelledby': 'launch-title' });
  /** @type {calls.Case[]|null} */ #cases = null;
  /** @type {{saved: calls.Preset[], recent: calls.Preset[]}} */ #presets = { saved: [], recent: [] };
  /** @type {LaunchForm|null} */ #form = null;
  #prepared = false;

  constructor() {
    const head = make('header', {}, this.#back, this.#title, this.#search, button(t('page.close'), () => this.#dialog.close()));
    this.#dialog.append(head, this.#said, this.#body);
    byId('app', HTMLElement).append(this.#dialog);
    this.#search.addEventListener('input', () => this.#list());
    this.#dialog.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape' && this.#form) this.#goBack(event);
    });
    this.#dialog.addEventListener('cancel', (event) => {
      if (event.target === this.#dialog && this.#form) this.#goBack(event); // by a gesture; a browser lets it be kept open once
    });
    this.#dialog.addEventListener('close', () => this.#leave());
  }

  /** Open the list of cases. */
  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#home();
  }

  /** @param {Event} [event] that else closes all */
  #goBack(event) {
    event?.preventDefault();
    if (this.#prepared) this.#showForm();
    else this.#home();
  }

  #leave() {
    this.#form?.leave();
    this.#form = null;
    this.#prepared = false;
  }

  /** @param {string} title @param {string} back word of the way back; empty: there is none @param {boolean} [search] */
  #head(title, back, search = false) {
    setText(this.#title, title);
    setText(this.#back, back);
    this.#back.hidden = back === '';
    this.#search.hidden = !search;
    this.#say('');
    this.#body.scrollTop = 0;
  }

  #home() {
    this.#leave();
    this.#head(t('launch.title'), '', true);
    if (this.#cases) this.#list();
    else this.#body.replaceChildren(make('p', { class: 'launch-none', role: 'status' }, t('launch.loading')));
    this.#search.focus();
    void this.#fill();
  }

  /** Ask anew: plugins and sets come and go. */
  async #fill() {
    try {
      [this.#cases, this.#presets] = await Promise.all([calls.cases(), calls.presets()]);
      if (!this.#form) this.#list();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(error.message, true);
    }
  }

  #list() {
    const held = this.#body.contains(document.activeElement);
    this.#body.replaceChildren(...caseList(this.#cases ?? [], this.#presets, this.#search.value, {
      open: (of, preset) => this.#openCase(of, preset),
      remove: (preset) => void this.#remove(preset),
      rename: (preset) => this.#rename(preset),
    }));
    if (held) this.#search.focus();
  }

  /** @param {calls.Case} of @param {calls.Preset} [preset] */
  #openCase(of, preset) {
    const draft = preset ? null : draftOf(of.name);
    this.#make(of, preset ? { set: setOf(preset), tiles: String(preset.tiles ?? '') } : (draft ?? { set: {}, tiles: '' }));
    if (!draft) return;
    const afresh = button(t('launch.afresh'), () => {
      dropDraft(of.name);
      this.#form?.leave();
      this.#make(of, { set: {}, tiles: '' });
    });
    this.#say(t('launch.draft'), false, [afresh]);
  }

  /** @param {calls.Case} of @param {{set: Record<string, unknown>, tiles: string}} given */
  #make(of, given) {
    this.#form = new LaunchForm(of, given, {
      launched: (job) => {
        this.#dialog.close();
        announce(t('launch.launched', { title: of.title, job: job.id, n: job.tiles }));
      },
      prepared: (prepared) => this.#showPrepared(prepared),
      save: (set, tiles) => this.#save(of, set, tiles),
    });
    this.#showForm();
  }

  #showForm() {
    const form = this.#form;
    if (!form) return;
    this.#prepared = false;
    this.#head(form.of.title, t('launch.back'));
    this.#body.replaceChildren(form.form);
    form.focus();
  }

  /** @param {calls.Prepared} prepared */
  #showPrepared(prepared) {
    if (!this.#form) return; // it was left meanwhile
    this.#prepared = true;
    this.#head(t('launch.prepared', { title: this.#form.of.title }), t('launch.back-form'));
    this.#body.replaceChildren(preparedPage(prepared));
    this.#title.focus();
  }

  /** @param {calls.Case} of @param {calls.Given} set @param {string|null} tiles */
  #save(of, set, tiles) {
    let taken = '';
    ask(this.#dialog, t('launch.save-title'), [{ name: 'name', label: t('launch.name'), hint: t('launch.name-hint') }], t('launch.save'), async ({ name }) => {
      try {
        await calls.savePreset(name.trim(), of.name, set, tiles, taken === name);
        this.#say(t('launch.is-saved', { name: name.trim() }));
        return '';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status !== 409) return error.message;
        taken = name;
        return t('launch.taken', { name });
      }
    });
  }

  /** @param {calls.Preset} preset */
  #rename(preset) {
    ask(this.#dialog, t('launch.rename-name', { name: preset.name }), [{ name: 'to', label: t('launch.name'), value: preset.name, hint: t('launch.name-hint') }], t('launch.rename'), async ({ to }) => {
      try {
        await calls.renamePreset(preset.name, to.trim());
        await this.#fill();
        return '';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return error.message;
      }
    });
  }

  /** Remove a set; for a while it can be had back. @param {calls.Preset} preset */
  async #remove(preset) {
    try {
      await calls.removePreset(preset.name);
      await this.#fill();
      const back = button(t('launch.undo'), async () => {
        this.#say('');
        await calls.savePreset(preset.name, preset.case, setOf(preset), preset.tiles === null ? null : String(preset.tiles), false);
        await this.#fill();
      });
      this.#say(t('launch.removed', { name: preset.name }), false, [back]);
      back.focus();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(error.message, true);
    }
  }

  /** @param {string} text @param {boolean} [problem] @param {HTMLElement[]} [more] */
  #say(text, problem = false, more = []) {
    this.#said.classList.toggle('problem', problem);
    this.#said.replaceChildren(...(text ? [make('span', {}, text), ...more] : []));
  }
}

/** @param {Launch} launch @returns {import('./commands.js').Command[]} */
export const launchCommands = (launch) => [
  { id: 'launch', label: () => t('launch.command'), group: 'session', keys: ['Shift+L'], needs: 'act', run: () => launch.open() },
];
