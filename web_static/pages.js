/** Words over the wall: how to fill an empty one, the banner of a lost connection, notices. */

import { forgetKey } from './api.js';
import { command } from './command-line.js';
import { button, byId, make } from './dom.js';
import { showLogin } from './login-page.js';
import { showGone, showOut } from './out-page.js';
import { t } from './text.js';
import { clock } from './times.js';

const EXAMPLE = 'tiledviz launch gray_scott';

/**
 * Say over a wall on which nothing stands why that is, and what brings tiles there.
 * @param {import('./model.js').Model} model @param {import('./commands.js').Commands} commands @param {() => void} leave gives the keyboard to the wall
 */
export function watchEmpty(model, commands, leave) {
  const page = byId('empty', HTMLElement);
  const back = (/** @type {import('./text.js').Key} */ key, /** @type {string[]} */ ...ids) => button(t(key), () => ids.forEach((id) => commands.run(id)), { class: 'primary' });
  const way = (/** @type {HTMLElement} */ first, /** @type {string} */ about) => make('li', {}, first, make('p', {}, about));
  const ways = () => [
    make(
      'ul',
      { class: 'ways' },
      way(back('launch.command', 'launch'), t('empty.form')),
      way(button(t('tilesets.command'), () => commands.run('tilesets')), t('empty.sets')),
      way(command(EXAMPLE), t('empty.terminal')),
    ),
  ];
  const contents = {
    full: () => [],
    bare: () => (model.may('act') ? ways() : [make('p', {}, t('empty.wait'))]),
    hidden: () => (model.may('arrange') ? [back('empty.show', 'show-hidden', 'tag-show-all')] : []),
    searched: () => [back('empty.clear', 'search-clear')],
  };
  const show = () => {
    const kind = model.order.length > 0 ? 'full' : model.tiles.size === 0 ? 'bare' : model.matches && model.rest === 'hide' ? 'searched' : 'hidden';
    const key = JSON.stringify([kind, model.me]);
    if (page.dataset.of === key) return;
    page.dataset.of = key;
    const held = page.contains(document.activeElement);
    page.hidden = kind === 'full';
    page.replaceChildren(...(kind === 'full' ? [] : [make('section', { class: 'sheet', 'aria-labelledby': 'empty-title' }, make('h2', { id: 'empty-title' }, t(`empty.${kind}`)), ...contents[kind]())]));
    if (held) leave();
  };
  for (const type of ['wall', 'order', 'me']) model.addEventListener(type, show);
}

/** Show how the connection is. @param {import('./connection.js').Status} status @param {() => void} retry @param {boolean} guest whether who looks came by an invitation */
export function showStatus({ state, reason, lostAt }, retry, guest) {
  const banner = byId('banner', HTMLElement);
  if (state === 'expired') {
    forgetKey(); // it is good for nothing: one comes in anew
    return guest ? showOut(reason) : showLogin(reason);
  }
  if (state === 'gone') return void showGone(reason);
  banner.hidden = state !== 'lost' && state !== 'outdated';
  if (banner.hidden) return banner.replaceChildren();
  if (state === 'outdated') {
    const again = button(t('status.reload'), () => location.reload(), { class: 'primary' });
    return banner.replaceChildren(make('span', {}, t('status.updated')), again);
  }
  const words = lostAt ? t('status.lost-since', { at: clock(lostAt.getTime() / 1000), reason }) : t('status.lost', { reason });
  banner.replaceChildren(make('span', {}, words), button(t('status.try'), retry));
}

/** Show what is to be known of the wall as a whole, a line each; each goes when it is over. @param {string[]} notices */
export function showNotices(notices) {
  const place = byId('notices', HTMLElement);
  // What stands there already stays untouched, so that it is not read aloud again.
  for (const line of [...place.children]) if (!notices.includes(line.textContent ?? '')) line.remove();
  const before = [...place.children].map((line) => line.textContent);
  place.append(...notices.filter((text) => !before.includes(text)).map((text) => make('p', {}, text)));
}
