/** Words over the wall: how to log in, how to fill an empty wall, the banner of a lost connection, notices. */

import { button, byId, make } from './dom.js';
import { t } from './text.js';
import { clock } from './times.js';

const WAYS = [
  ['tiledviz launch gray_scott', t('empty.demo')],
  ['tiledviz cases', t('empty.cases')],
  ['tiledviz launch CASE --tiles 8 --set KEY=VALUE', t('empty.launch')],
];

/** A line to type in a terminal, with a button that copies it. @param {string} text */
function command(text) {
  const code = make('code', {}, text);
  const copy = button(t('page.copy'), () => void copyText(), { 'aria-label': t('page.copy-what', { text }) });
  const copyText = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t('page.copied');
    setTimeout(() => (copy.textContent = t('page.copy')), 1500);
  };
  // Without a secure context there is no clipboard to write to; the text can still be selected by one click.
  return make('div', { class: 'command' }, code, ...(navigator.clipboard ? [copy] : []));
}

/** Show how to come in. @param {string} problem what went wrong, or '' */
export function showLogin(problem) {
  for (const open of document.querySelectorAll('dialog')) open.close(); // all else is inert under a modal one
  const page = byId('login', HTMLElement);
  page.replaceChildren(
    make(
      'main',
      { class: 'sheet' },
      make('img', { class: 'mark', src: '/static/icon.svg', alt: '' }),
      make('h1', {}, t('login.heading')),
      ...(problem ? [make('p', { class: 'problem', role: 'alert' }, `${problem[0].toUpperCase()}${problem.slice(1)}.`.replace(/\.\.$/, '.'))] : []),
      make('p', {}, t('login.no-key')),
      make(
        'ul',
        { class: 'ways' },
        make(
          'li',
          {},
          command('tiledviz open'),
          make('p', {}, t('login.about')),
        ),
      ),
    ),
  );
  page.hidden = false;
  byId('app', HTMLElement).hidden = true;
  document.title = `${t('login.title')} · TiledViz`;
}

/**
 * Say over a wall on which nothing stands why that is, and what brings tiles there.
 * @param {import('./model.js').Model} model @param {import('./commands.js').Commands} commands @param {() => void} leave gives the keyboard to the wall
 */
export function watchEmpty(model, commands, leave) {
  const page = byId('empty', HTMLElement);
  const back = (/** @type {import('./text.js').Key} */ key, /** @type {string[]} */ ...ids) => button(t(key), () => ids.forEach((id) => commands.run(id)), { class: 'primary' });
  const ways = () => [make('p', {}, t('empty.type')), make('ul', { class: 'ways' }, ...WAYS.map(([line, about]) => make('li', {}, command(line), make('p', {}, about))))];
  const contents = {
    full: () => [],
    bare: () => (model.may('operate') ? ways() : [make('p', {}, t('empty.wait'))]),
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

/** Show how the connection is. @param {import('./connection.js').Status} status @param {() => void} retry */
export function showStatus({ state, reason, lostAt }, retry) {
  const banner = byId('banner', HTMLElement);
  if (state === 'expired') return showLogin(reason);
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
