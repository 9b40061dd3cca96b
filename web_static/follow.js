/**
 * Input to many: a leader, the followers that get what it gets, and a banner that cannot be overlooked while that is so.
 *
 * Fires `change`.
 */

import { OFF, asked, disarmed, heard, lost, refused } from './arming.js';
import { button, byId, make } from './dom.js';
import { formatCount } from './format.js';
import { partsOf, t } from './text.js';

export class Follow extends EventTarget {
  /** @type {import('./arming.js').Armed} */ state = OFF;
  #banner = byId('armed', HTMLElement);
  #disarm = button(t('follow.disarm'), () => this.disarm(), { class: 'primary', title: t('follow.disarm-title') });
  #close = button(t('page.close'), () => this.#take(OFF));

  /**
   * @param {import('./model.js').Model} model @param {import('./connection.js').Connection} connection
   * @param {{typing: () => number|null, go: (leader: number) => void, release: () => void}} does
   *   typing: the tile that has the keys; go: give them to the leader; release: let go of what is down
   */
  constructor(model, connection, does) {
    super();
    this.model = model;
    this.connection = connection;
    this.does = does;
    connection.addEventListener('event', (event) => this.#hear(/** @type {CustomEvent<any>} */ (event).detail));
    connection.addEventListener('status', () => connection.status.state === 'open' || this.#take(lost(this.state)));
    // Before anything else hears of it, wherever the keyboard is: this is the key of a person in haste.
    addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
    addEventListener('blur', () => this.#release());
    document.addEventListener('visibilitychange', () => document.hidden && this.#release());
  }

  /** Return whether input into the leader goes into followers too, or may yet. */
  get armed() {
    return this.state.phase !== 'off';
  }

  /** @param {number} leader @param {number[]} followers */
  arm(leader, followers) {
    const state = asked(leader, followers);
    this.#take(state);
    this.connection.tell({ type: 'say', message: { arm: { leader, followers: state.followers } } });
  }

  /** Let go of everything, and type into one tile again. */
  disarm() {
    if (!this.armed) return;
    this.does.release();
    this.connection.tell({ type: 'say', message: { arm: null, release: true } });
    this.#take(disarmed(this.state));
  }

  #release() {
    if (this.armed) this.connection.tell({ type: 'say', message: { release: true } });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.armed || event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.disarm();
  }

  /** @param {any} event */
  #hear(event) {
    if (event.event === 'refused' && event.what === 'arm') return this.#take(refused(this.state, event.why));
    if (event.event !== 'armed') return;
    const before = this.state.phase;
    this.#take(heard(this.state, event));
    if (before === 'asking' && this.state.phase === 'armed' && this.state.leader !== null) this.does.go(this.state.leader);
  }

  /** @param {import('./arming.js').Armed} state */
  #take(state) {
    this.state = state;
    this.show();
    this.dispatchEvent(new Event('change'));
  }

  /** Bring the banner up to date: also when the keys went to another tile. */
  show() {
    const { phase, leader, note } = this.state;
    const armed = phase === 'armed';
    document.documentElement.toggleAttribute('data-armed', armed);
    const words = this.#words().map((text, i) => (i % 2 ? make('b', {}, text) : text));
    const key = JSON.stringify([this.state, this.does.typing(), this.#words()]);
    if (this.#banner.dataset.of === key) return; // what stands there is not read aloud again
    this.#banner.dataset.of = key;
    this.#banner.hidden = phase === 'off' && !note;
    this.#banner.classList.toggle('on', armed);
    const go = armed && leader !== null && this.does.typing() !== leader ? [button(t('follow.to-leader'), () => this.does.go(leader))] : [];
    const ends = phase === 'off' ? [this.#close] : [...go, this.#disarm];
    this.#banner.replaceChildren(make('p', { role: 'alert' }, ...words), ...ends);
  }

  /** Return what the banner says, every other part of it stressed. @returns {string[]} */
  #words() {
    const { phase, leader, count, note } = this.state;
    if (phase === 'off') return [note];
    if (phase === 'asking') return [t('follow.arming')];
    if (phase === 'disarming') return [t('follow.disarming')];
    return armedWords(this.#title(leader), count, this.#typingInto());
  }

  /** Return the title of the tile that has the keys if that is not the leader; '' if none has them; null for the leader. */
  #typingInto() {
    const typing = this.does.typing();
    if (typing === this.state.leader) return null;
    return typing === null ? '' : this.#title(typing);
  }

  /** @param {number|null} id */
  #title(id) {
    return this.model.tiles.get(id ?? -1)?.title ?? t('follow.a-tile');
  }
}

/**
 * Return what is said while armed; every other part is stressed. Pure.
 * @param {string} leader its title @param {number} count of followers
 * @param {string|null} elsewhere the title of the tile that has the keys, '' for none, null for the leader
 */
export function armedWords(leader, count, elsewhere) {
  const tiles = t('follow.tiles', { shown: formatCount(count + 1) });
  const followers = t('follow.followers', { n: count, shown: formatCount(count) });
  if (elsewhere === null) return partsOf('follow.words', { typing: t('follow.typing', { tiles }), leader }, { followers });
  const armed = t('follow.armed', { tiles });
  return elsewhere === '' ? partsOf('follow.nowhere', { armed, leader }) : partsOf('follow.elsewhere', { armed, leader }, { tile: elsewhere });
}
