/**
 * The search: asks the portal, marks what was found, points at what is wrong in the query. What is searched stands in the document, one's
 * own: it is there after a reload, and undone like all else; not every letter is an act, but what one came to rest at.
 */

import { ApiError, query } from './api.js';
import { complete } from './completion.js';
import { byId, make, setText } from './dom.js';
import { formatCount, pointAt } from './format.js';
import { completionsOf, namesState, searchable } from './search-words.js';
import { numbersOf, tagsHere } from './tags.js';
import { t } from './text.js';

const PAUSE_MS = 160; // of typing, before the portal is asked
const SETTLED_MS = 900; // of typing, before it is an act
const RESTS = /** @type {const} */ (['dim', 'hide', 'last']);

/** @typedef {typeof RESTS[number]} Rest */

export class Search {
  #input = byId('search', HTMLInputElement);
  #found = byId('found', HTMLOutputElement);
  #problem = byId('search-error', HTMLElement);
  #rest = make('select', { id: 'search-rest' }, ...RESTS.map((rest) => make('option', { value: rest }, t(`search.${rest}`))));
  /** @type {AbortController|null} of what the portal was asked, and did not answer yet */ #asked = null;
  #pause = 0;
  #settle = 0;
  #kept = ''; // what the document has

  /**
   * @param {import('./model.js').Model} model
   * @param {{first: (id: number) => void, leave: () => void}} does  Enter goes to the first found, Escape leaves
   */
  constructor(model, does) {
    this.model = model;
    this.does = does;
    const below = make('div', { class: 'search-below' });
    const rest = make('div', { class: 'rest' }, make('label', { for: this.#rest.id }, t('search.rest')), make('span', { class: 'select' }, this.#rest));
    this.#problem.before(below);
    complete(this.#input, { label: t('search.completions'), options: () => this.#options(), pick: (option) => this.#take(option), place: below, escape: 'both' });
    below.append(rest);
    this.#input.addEventListener('input', () => this.#typed());
    this.#input.addEventListener('blur', () => this.#keep());
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#rest.addEventListener('change', () => this.setRest(/** @type {Rest} */ (this.#rest.value)));
    for (const type of ['wall', 'said']) model.addEventListener(type, () => this.#again());
    model.addEventListener('tiles', (event) => {
      const { detail } = /** @type {CustomEvent<number[]>} */ (event);
      if (detail.length > 0 && namesState(this.#text)) this.#again();
    });
    model.room.addEventListener('change', (event) => this.#follow(/** @type {CustomEvent<Set<string>>} */ (event).detail));
  }

  /** Put the keyboard into the field. */
  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** Search something, as one act. @param {string} text @param {Rest} [rest] */
  set(text, rest = this.model.rest) {
    this.#input.value = text;
    this.#keep(rest);
    void this.#run();
  }

  /** Say what becomes of what is not found. @param {Rest} rest */
  setRest(rest) {
    this.#rest.value = rest;
    this.#keep(rest);
  }

  get #text() {
    return this.#input.value.trim() === '' ? '' : this.#input.value;
  }

  // ------------------------------------------------------------------ the document

  /** Put into the document what is searched, if it is something else there. @param {Rest} [rest] */
  #keep(rest = this.model.rest) {
    clearTimeout(this.#settle);
    if (this.#text === this.#kept && rest === this.model.rest) return;
    this.#kept = this.#text;
    this.model.room.set([[this.model.own('filter'), this.#kept === '' && rest === 'dim' ? null : { text: this.#kept, rest }]], 'search');
  }

  /** @param {Set<string>} paths */
  #follow(paths) {
    const own = this.model.own('filter');
    if (paths.has(own) || paths.has('')) {
      const { text = '', rest = 'dim' } = this.model.room.document.get(own) ?? {};
      this.#rest.value = rest;
      if (text !== this.#kept) {
        this.#kept = text;
        this.#input.value = text;
        clearTimeout(this.#settle);
        void this.#run();
      }
    }
    if ([...paths].some((path) => /^(tags|note|made)\//.test(path))) this.#again();
  }

  // ----------------------------------------------------------------------- asking

  /** Search once more: the wall, its tags or notes are others now. However often that is: each time what is waiting is enough. */
  #again() {
    if (this.#text === '' || this.#pause !== 0) return;
    this.#wait(PAUSE_MS, () => {
      // What was just done here is not found before the portal has it.
      if (this.#asked || this.model.room.document.pending.length > 0) this.#again();
      else void this.#run();
    });
  }

  /** @param {number} ms @param {() => void} then */
  #wait(ms, then) {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = 0;
      then();
    }, ms);
  }

  /** Ask now; return whether what was found is that of this query. */
  async #run() {
    clearTimeout(this.#pause);
    this.#pause = 0;
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    try {
      return await this.#ask(asked.signal);
    } finally {
      if (this.#asked === asked) this.#asked = null;
    }
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const { model } = this;
    if (this.#text === '') {
      this.#say('', null);
      if (model.matches !== null) model.setMatches(null);
      return true;
    }
    try {
      const { matches, terms } = await query(this.#text, signal);
      if (signal.aborted) return false;
      model.setMatches(matches, terms);
      this.#say(t('search.count', { found: formatCount(model.matches?.size ?? 0), all: formatCount(model.tiles.size) }), null);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#say('', error instanceof ApiError ? error : new ApiError(0, String(error)));
      return false;
    }
  }

  /** @param {string} count @param {ApiError|null} error */
  #say(count, error) {
    setText(this.#found, count);
    this.#input.setAttribute('aria-invalid', String(error !== null));
    this.#problem.hidden = error === null;
    if (!error) return this.#problem.replaceChildren();
    const { before, mark, after } = pointAt(this.#input.value, error.at);
    const code = make('code', {}, before, ...(mark ? [make('mark', {}, mark)] : []), after);
    this.#problem.replaceChildren(...(error.at === null ? [] : [code]), error.message);
  }

  // ----------------------------------------------------------------------- typing

  #typed() {
    clearTimeout(this.#settle);
    // Half-typed queries are often wrong for a moment: no error flashes while the hand still types.
    this.#problem.hidden = true;
    this.#wait(this.#input.value === '' ? 0 : PAUSE_MS, () => void this.#run());
    this.#settle = setTimeout(() => this.#keep(), SETTLED_MS);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (this.#input.value === '') return this.does.leave();
      this.set('');
    } else if (event.key === 'Enter') {
      this.#keep();
      void this.#run().then((answered) => {
        const first = answered && this.model.order.find((id) => this.model.matches?.has(id));
        if (typeof first === 'number') this.does.first(first);
      });
    }
  }

  #options() {
    const here = tagsHere(this.model);
    const tags = [...here.values()].flatMap(({ name, tag }) => (tag.kind === 'numeric' ? [] : [name]));
    const { value, selectionStart } = this.#input;
    return completionsOf(value, selectionStart ?? value.length, searchable({ tiles: this.model.tiles, columns: () => this.model.columns() }, { tags, numbers: [...numbersOf(here).keys()] }));
  }

  /** @param {import('./search-words.js').Completed} option */
  #take({ text, caret }) {
    this.#input.value = text;
    this.#input.setSelectionRange(caret, caret);
    this.#typed();
  }
}

/** @param {Search} search @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function searchCommands(search, model) {
  const searched = () => model.matches !== null;
  return [
    ...RESTS.map((rest) => ({ id: `search-${rest}`, label: () => t(`search.command-${rest}`), group: /** @type {const} */ ('look'), enabled: () => searched() && model.rest !== rest, run: () => search.setRest(rest) })),
    { id: 'search-clear', label: () => t('search.command-clear'), group: 'look', enabled: searched, run: () => search.set('') },
  ];
}
