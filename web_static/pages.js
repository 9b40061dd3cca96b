/** Words over the wall: how to log in, how to fill an empty wall, the banner of a lost connection, notices. */

import { button, byId, make } from './dom.js';
import { clock } from './times.js';

const WAYS = [
  ['tiledviz launch gray_scott', 'Sixteen members of a reaction and diffusion sweep, live, on this machine.'],
  ['tiledviz cases', 'Lists the cases there are, and what each can be told.'],
  ['tiledviz launch CASE --tiles 8 --set KEY=VALUE', 'Starts the first members of a case as a job, with parameters of your choice.'],
];

/** A line to type in a terminal, with a button that copies it. @param {string} text */
function command(text) {
  const code = make('code', {}, text);
  const copy = button('Copy', () => void copyText(), { 'aria-label': `Copy ${text}` });
  const copyText = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
    setTimeout(() => (copy.textContent = 'Copy'), 1500);
  };
  // Without a secure context there is no clipboard to write to; the text can still be selected by one click.
  return make('div', { class: 'command' }, code, ...(navigator.clipboard ? [copy] : []));
}

/** Show how to come in. @param {string} problem what went wrong, or '' */
export function showLogin(problem) {
  const page = byId('login', HTMLElement);
  page.replaceChildren(
    make(
      'main',
      { class: 'sheet' },
      make('img', { class: 'mark', src: '/static/icon.svg', alt: '' }),
      make('h1', {}, 'Open your wall from the terminal'),
      ...(problem ? [make('p', { class: 'problem', role: 'alert' }, `${problem[0].toUpperCase()}${problem.slice(1)}.`.replace(/\.\.$/, '.'))] : []),
      make('p', {}, 'This tab has no key to the portal. In the terminal where TiledViz is installed, type'),
      make(
        'ul',
        { class: 'ways' },
        make(
          'li',
          {},
          command('tiledviz open'),
          make('p', {}, 'It prints a new address. Open it in this browser; it is good once, for ten minutes, and then this tab stays logged in.'),
        ),
      ),
    ),
  );
  page.hidden = false;
  byId('app', HTMLElement).hidden = true;
  document.title = 'Log in · TiledViz';
}

/** Show or hide the ways to fill an empty wall. @param {boolean} empty @param {boolean} fills whether who looks may fill it */
export function showEmpty(empty, fills) {
  const page = byId('empty', HTMLElement);
  page.hidden = !empty;
  if (!empty || page.hasChildNodes()) return;
  page.append(
    make(
      'section',
      { class: 'sheet', 'aria-labelledby': 'empty-title' },
      make('h2', { id: 'empty-title' }, 'This wall is still empty'),
      ...(fills
        ? [
            make('p', {}, 'Type one of these in a terminal. Tiles appear here as soon as their job is known.'),
            make('ul', { class: 'ways' }, ...WAYS.map(([line, about]) => make('li', {}, command(line), make('p', {}, about)))),
          ]
        : [make('p', {}, 'Tiles appear here as soon as somebody starts some.')]),
    ),
  );
}

/** Show how the connection is. @param {import('./connection.js').Status} status @param {() => void} retry */
export function showStatus({ state, reason, lostAt }, retry) {
  const banner = byId('banner', HTMLElement);
  if (state === 'expired') return showLogin(reason);
  banner.hidden = state !== 'lost' && state !== 'outdated';
  if (banner.hidden) return banner.replaceChildren();
  if (state === 'outdated') {
    const again = button('Reload', () => location.reload(), { class: 'primary' });
    return banner.replaceChildren(make('span', {}, 'The portal was updated: reload this page. Your tiles go on.'), again);
  }
  const since = lostAt ? ` since ${clock(lostAt.getTime() / 1000)}` : '';
  banner.replaceChildren(
    make('span', {}, `No connection${since}: ${reason}. The wall keeps its last pictures and comes back by itself.`),
    button('Try now', retry),
  );
}

/** Show what is to be known of the wall as a whole, a line each; each goes when it is over. @param {string[]} notices */
export function showNotices(notices) {
  const place = byId('notices', HTMLElement);
  // What stands there already stays untouched, so that it is not read aloud again.
  for (const line of [...place.children]) if (!notices.includes(line.textContent ?? '')) line.remove();
  const before = [...place.children].map((line) => line.textContent);
  place.append(...notices.filter((text) => !before.includes(text)).map((text) => make('p', {}, text)));
}
