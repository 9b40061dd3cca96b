/** The view of one tile for others: by the action of their case that copies its camera; where there is none, by hands, if one wants. */

import { announce } from './announce.js';
import { ApiError, caseActions } from './api.js';
import { Act } from './case-act.js';
import { button, byId, make, setText } from './dom.js';
import { Newest } from './newest.js';
import { offer } from './offer.js';
import { t } from './text.js';
import { shareOf } from './view-share.js';

/** @typedef {{leader: number, followers: number[], quiet: boolean}} Wanted  quiet: what went well is not told */

export class SameView {
  /** @type {Newest<string, Wanted>} one at a time, and the newest of what waits */ #newest = new Newest((_, wanted) => this.#copy(wanted));
  /** @type {Map<number, import('./api.js').CaseAction>} by tile set: the action that copies the camera */ #known = new Map();
  /** @type {() => void} takes back what was offered */ #closeOffer = () => {};

  /** @param {import('./model.js').Model} model @param {import('./follow.js').Follow} follow */
  constructor(model, follow) {
    this.model = model;
    this.follow = follow;
  }

  /** Have the followers look from where the leader does. @param {number} leader @param {number[]} followers @param {boolean} [quiet] */
  copy(leader, followers, quiet = false) {
    return this.#newest.put(quiet ? `of ${leader}` : '', { leader, followers, quiet });
  }

  /** @param {Wanted} wanted */
  async #copy({ leader, followers, quiet }) {
    this.#closeOffer();
    const line = quiet ? null : new Line(followers.length);
    try {
      const share = await this.#shareOf(leader, followers, quiet);
      if (share) await this.#do(share, leader, line);
      const left = share ? share.left : followers;
      if (left.length > 0 && !quiet) this.#offerHands(leader, left, share ? t('same.left', { n: left.length }) : t('same.none'));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#known.clear();
      announce(t('same.failed', { why: error.message }));
    } finally {
      line?.remove();
    }
  }

  /** Return how followers take the view; views that are kept together ask their case once. @param {number} leader @param {number[]} followers @param {boolean} quiet */
  async #shareOf(leader, followers, quiet) {
    const setOf = (/** @type {number} */ id) => this.model.tiles.get(id)?.set;
    const set = setOf(leader) ?? -1;
    const known = quiet ? this.#known.get(set) : undefined;
    const live = [leader, ...followers].filter((id) => this.model.takesInput(id) && setOf(id) === set);
    const actions = known ? [{ ...known, tiles: live }] : (await caseActions([leader, ...followers])).actions;
    const action = actions.find(({ means, tiles }) => means === 'camera' && tiles.includes(leader));
    if (action) this.#known.set(set, action);
    return shareOf(actions, leader, followers, setOf);
  }

  /** @param {import('./view-share.js').Share} share @param {number} leader @param {Line|null} line */
  async #do({ name, able }, leader, line) {
    const act = new Act((far) => line?.far(far));
    line?.start(able.length, act);
    const results = await act.run([leader, ...able], name, {});
    const bad = results.filter(({ error, tile }) => error && tile !== leader);
    if (bad.length > 0) announce(t('same.bad', { n: able.length - bad.length, all: able.length, why: bad[0].error }));
    else if (line) announce(t('same.done', { n: able.length, title: this.model.tiles.get(leader)?.title ?? '' }));
  }

  /** @param {number} leader @param {number[]} followers @param {string} text */
  #offerHands(leader, followers, text) {
    const may = this.model.may('operate') && this.model.takesInput(leader);
    const hands = /** @type {[string, () => void]} */ ([t('same.hands'), () => this.follow.arm(leader, followers.filter((id) => this.model.takesInput(id)))]);
    this.#closeOffer = offer(text, [...(may ? [hands] : []), [t('page.close'), () => {}]]);
  }
}

/** The line over the wall's lower edge while it is under way. */
class Line {
  #words = make('span', { class: 'what' });
  #progress = make('progress', { 'aria-label': t('case.progress') });
  #cancel = button(t('case.cancel'), () => {
    setText(this.#words, t('case.cancelling'));
    void this.#act?.cancel();
  });
  #line = make('p', {}, this.#words, this.#progress, this.#cancel);
  /** @type {Act|null} */ #act = null;

  /** @param {number} count of tiles that take the view */
  constructor(count) {
    setText(this.#words, t('same.under-way', { n: count }));
    this.#cancel.disabled = true; // it is asked yet who can
    byId('offers', HTMLElement).append(this.#line);
  }

  /** @param {number} count @param {Act} act */
  start(count, act) {
    this.#act = act;
    this.#cancel.disabled = false;
    this.#progress.max = count + 1;
    setText(this.#words, t('same.under-way', { n: count }));
  }

  /** @param {import('./api.js').Far[]} tiles how far each is */
  far(tiles) {
    this.#progress.value = tiles.reduce((sum, { fraction, state }) => sum + (state === 'done' || state === 'failed' ? 1 : fraction), 0);
  }

  remove() {
    this.#line.remove();
  }
}
