/** The large dialog of sessions, projects and people: pages, one upon another. Escape goes back by one; from the first it closes. */

import { ApiError } from './api.js';
import { ask } from './ask.js';
import { button, byId, make, setText } from './dom.js';
import { t } from './text.js';

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {(desk: Desk) => Promise<Shown>} show  asks for what it shows, anew after each change
 * @typedef {{tools: HTMLElement[], content: Node[]}} Shown  tools: beside the title
 */

const CONTROLS = 'button, input, select, summary';

export class Desk {
  #title = make('h2', { id: 'desk-title', tabindex: '-1' });
  #back = button(t('desk.back'), () => this.back(), { class: 'desk-back' });
  #tools = make('div', { class: 'desk-tools' });
  #said = make('p', { class: 'said desk-said', role: 'status' });
  #body = make('div', { class: 'desk-body' });
  #dialog = make('dialog', { class: 'desk', 'aria-labelledby': 'desk-title' });
  /** @type {Page[]} the one that is seen last */ #pages = [];
  #asked = 0;

  constructor() {
    const close = button(t('page.close'), () => this.close());
    this.#dialog.append(make('header', {}, this.#back, this.#title, this.#tools, close), this.#said, this.#body);
    byId('app', HTMLElement).append(this.#dialog);
    this.#dialog.addEventListener('keydown', (event) => {
      event.stopPropagation(); // the wall's keys are not for here
      if (event.key !== 'Escape' || event.defaultPrevented || this.#pages.length < 2) return;
      event.preventDefault();
      this.back();
    });
    this.#dialog.addEventListener('cancel', (event) => {
      if (event.target !== this.#dialog || this.#pages.length < 2) return;
      event.preventDefault(); // by a gesture
      this.back();
    });
    this.#dialog.addEventListener('close', () => {
      this.#pages = [];
      this.#body.replaceChildren();
    });
  }

  /** Open on a page. @param {Page} page */
  open(page) {
    this.#pages = [];
    if (!this.#dialog.open) this.#dialog.showModal();
    this.go(page);
  }

  /** Show a page upon the one that is seen. @param {Page} page */
  go(page) {
    this.#pages.push(page);
    this.#turn();
  }

  close() {
    this.#dialog.close();
  }

  /** Go back to the page below; from the last one, out. */
  back() {
    this.#pages.pop();
    if (this.#pages.length > 0) this.#turn();
    else this.close();
  }

  /** The page that is seen has another title. */
  retitle() {
    const page = this.#pages[this.#pages.length - 1];
    if (page) setText(this.#title, page.title);
  }

  /** Show the page that is on top, from its beginning. */
  #turn() {
    const page = this.#pages[this.#pages.length - 1];
    setText(this.#title, page.title);
    this.#back.hidden = this.#pages.length < 2;
    this.#tools.replaceChildren();
    this.#body.replaceChildren(make('p', { class: 'none' }, t('desk.loading')));
    this.#body.scrollTop = 0;
    this.say('');
    this.#title.focus();
    void this.refresh();
  }

  /** Show the page anew: something changed. Only the answer to what was asked last counts, whichever comes last. Returns false when there is none. */
  async refresh() {
    const page = this.#pages[this.#pages.length - 1];
    const asked = ++this.#asked;
    if (!page) return true;
    try {
      const shown = await page.show(this);
      if (asked === this.#asked) this.#fill(shown);
      return true;
    } catch (error) {
      if (asked === this.#asked) this.#sayError(error);
      return asked !== this.#asked;
    }
  }

  /** @param {Shown} shown */
  #fill({ tools, content }) {
    const back = this.#place();
    if (tools.length !== this.#tools.childElementCount || tools.some((tool, i) => tool !== this.#tools.children[i])) this.#tools.replaceChildren(...tools);
    this.#body.replaceChildren(...content);
    back();
  }

  /**
   * Return what puts the keyboard back where it is now, if what had it is gone meanwhile: on what has the same name, else in the same row of the
   * lists, or the one that took its place, else at the title.
   */
  #place() {
    const held = document.activeElement;
    if (!(held instanceof HTMLElement) || !this.#body.contains(held)) return () => {};
    const name = nameOf(held);
    const at = this.#rows().findIndex((each) => each.contains(held));
    return () => {
      if (held.isConnected) return held.focus();
      const controls = (/** @type {HTMLElement} */ place) => [.../** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll(CONTROLS))].filter((each) => each.checkVisibility());
      const rows = this.#rows();
      const same = controls(this.#body).find((each) => nameOf(each) === name);
      const beside = at < 0 ? [] : controls(rows[Math.min(at, rows.length - 1)] ?? this.#title);
      (same ?? beside[0] ?? this.#title).focus();
    };
  }

  #rows() {
    return [...this.#body.querySelectorAll('li')];
  }

  /** Say what was done, or what went wrong. @param {string} text @param {boolean} [problem] */
  say(text, problem = false) {
    this.#said.classList.toggle('problem', problem);
    setText(this.#said, text);
  }

  /** Do something; say what goes wrong, and return whether nothing did. @param {() => unknown} does */
  async try(does) {
    try {
      await does();
      return true;
    } catch (error) {
      this.#sayError(error);
      return false;
    }
  }

  /** @param {unknown} error */
  #sayError(error) {
    if (!(error instanceof ApiError)) throw error;
    this.say(t('menu.failed', { why: error.message }), true);
  }

  /** Do something, show the page anew, and say that it was done; return whether it was done. @param {() => Promise<unknown>} does @param {string} done */
  async do(does, done) {
    const worked = await this.try(does);
    if (worked && (await this.refresh())) this.say(done);
    return worked;
  }

  /**
   * Ask for something, and do it.
   * @param {string} title @param {import('./ask.js').Field[]} fields @param {string} go word of the button
   * @param {(given: Record<string, string>) => Promise<string|void|(() => void)>} run returns what is said when it is done, or does something then; throws ApiError
   * @param {...HTMLElement} more
   */
  ask(title, fields, go, run, ...more) {
    const back = this.#place();
    let after = () => {};
    ask(this.#dialog, title, fields, go, async (given) => {
      try {
        const said = await run(given);
        await this.refresh();
        after = typeof said === 'function' ? said : () => this.say(said ?? '');
        return '';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return error.message;
      }
    }, ...more);
    this.#dialog.querySelector('dialog')?.addEventListener('close', () => {
      back();
      after(); // a page below a question says nothing to a screen reader
    });
  }

  /** Show something in a small dialog above the page, to be read and closed. @param {string} title @param {...HTMLElement} content */
  tell(title, ...content) {
    const dialog = make('dialog', { class: 'work ts-ask', 'aria-label': title });
    const close = button(t('page.close'), () => dialog.close(), { class: 'primary' });
    const back = this.#place();
    dialog.addEventListener('close', () => {
      dialog.remove();
      back();
    });
    dialog.addEventListener('keydown', (event) => event.stopPropagation());
    dialog.append(make('header', {}, make('h2', {}, title)), ...content, make('div', { class: 'buttons' }, close));
    this.#dialog.append(dialog);
    dialog.showModal();
    close.focus();
  }
}

/** How a control is called, to find it again. @param {Element} element */
const nameOf = (element) => element.getAttribute('aria-label') ?? (/** @type {HTMLInputElement} */ (element).labels?.[0] ?? element).textContent ?? '';

/** A button for something of a thing that has a name: a screen reader says both. @param {string} text @param {string} name with the thing in it @param {() => void} run */
export const named = (text, name, run) => button(text, run, { 'aria-label': spoken(text.replace(/\s*…$/, ''), name) });

/** A name with the word that is seen in it, which is what one says to a computer that listens (WCAG 2.5.3). @param {string} seen @param {string} name */
const spoken = (seen, name) => (name.toLowerCase().includes(seen.toLowerCase()) ? name : `${seen}: ${name}`);

/** A heading with what is below it. @param {string} title @param {...(Node|null)} content */
export const part = (title, ...content) => make('section', { class: 'desk-part', 'aria-label': title }, make('h3', {}, title), .../** @type {Node[]} */ (content.filter((each) => each !== null)));

/** A list of things; `none` is said where there is none. @param {string} label @param {HTMLElement[]} rows @param {string} none */
export const listOf = (label, rows, none) => (rows.length > 0 ? make('ul', { class: 'desk-list', 'aria-label': label }, ...rows) : make('p', { class: 'none' }, none));

/** A line of such a list: what it is, what is said of it, and what can be done with it. @param {Node} head @param {string[]} facts @param {HTMLElement[]} does */
export const row = (head, facts, does) =>
  make('li', {}, make('div', { class: 'desk-words' }, head, ...facts.filter(Boolean).map((fact) => make('span', { class: 'small' }, fact))), ...(does.length > 0 ? [make('div', { class: 'buttons' }, ...does)] : []));
