/** The wall alone, without all that people work with: for the screens of a display wall, and for its remote control. */

import { ApiError, call, forgetKey, hasKey } from './api.js';
import { Connection } from './connection.js';
import { namesOf } from './display-address.js';
import { byId, make } from './dom.js';
import { arriveHere } from './here.js';
import { sentence } from './login-form.js';
import * as come from './login.js';
import { Model } from './model.js';
import { referring } from './reference.js';
import { Room } from './room.js';
import { sheet } from './sheet.js';
import { Stage } from './stage.js';
import { takeHues } from './tagging.js';
import { t } from './text.js';
import { expose } from './window.js';

const TICK_MS = 10_000;
const AGAIN_MS = 15_000;
const TAKEN = 409; // by somebody who is here and is called so

/** @typedef {import('./display-address.js').DisplayAddress} DisplayAddress */

/** Come in without anybody typing. Returns null, or the line that says why not. @param {DisplayAddress} address @param {import('./login.js').Brought|null} brought */
export async function comeIn(address, brought) {
  arriveHere();
  if (hasKey() && (await isGood())) return null; // a page that was loaded again: it costs no other use of the address
  if (brought?.what === 'login') return (await come.problemOf(() => come.loginBy({ ticket: brought.secret }))) || null;
  if (brought?.what !== 'invite') return hasKey() ? null : t('screens.no-key');
  for (const name of namesOf(address)) {
    try {
      await come.accept(brought.secret, name);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== TAKEN) return error.message;
    }
  }
  return t('screens.no-key');
}

/** Return whether the key of this tab is good; where nobody answers it may be. */
async function isGood() {
  try {
    await call('GET', '/me');
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) return true;
    forgetKey();
    return false;
  }
  return true;
}

/** Say on the whole page why nothing is shown. @param {string} reason */
export function showNoWay(reason) {
  sheet(t('screens.title'), t('screens.no-way'), make('p', { class: 'problem', role: 'alert' }, sentence(reason)), make('p', {}, t('screens.no-way-about')));
}

/** Begin the wall. @param {'screen'|'remote'} kind what of the page's look is for @returns {{room: Room, model: Model, connection: Connection, stage: Stage}} */
export function bareWall(kind) {
  document.documentElement.dataset.bare = kind;
  byId('app', HTMLElement).hidden = false;
  const room = new Room();
  const model = new Model(room);
  const connection = new Connection();
  room.connect(connection);
  const stage = new Stage(model, connection);
  takeHues();
  referring(model, stage);
  connection.addEventListener('event', (event) => {
    const { detail } = /** @type {CustomEvent<any>} */ (event);
    if (detail.event === 'wall') {
      model.setMe(detail.me);
      model.replace(detail.wall);
    }
    if (detail.event === 'tiles') model.update(detail.tiles);
  });
  connection.addEventListener('status', () => {
    const { state, reason, lostAt } = connection.status;
    const stale = (state === 'lost' || state === 'outdated') && lostAt;
    connection.tell({ type: 'stale', since: stale ? lostAt.getTime() / 1000 : null });
    if (state === 'outdated') setTimeout(() => location.reload(), AGAIN_MS * Math.random()); // nobody is there to press a button
    if (state === 'expired') forgetKey();
    if (state === 'expired' || state === 'gone') showNoWay(reason || t('screens.no-key'));
  });
  setInterval(() => document.hidden || stage.tick(), TICK_MS);
  expose(model, stage, connection);
  return { room, model, connection, stage };
}
