/** A whole page of words instead of the wall. */

import { byId, make } from './dom.js';

/** Show one. @param {string} name of the window @param {string} heading @param {...Node} content */
export function sheet(name, heading, ...content) {
  for (const open of document.querySelectorAll('dialog')) open.close(); // all else is inert under a modal one
  const page = byId('login', HTMLElement);
  page.replaceChildren(make('main', { class: 'sheet' }, make('img', { class: 'mark', src: new URL('./icon.svg', import.meta.url).pathname, alt: '' }), make('h1', {}, heading), ...content));
  page.hidden = false;
  byId('app', HTMLElement).hidden = true;
  document.title = `${name} · TiledViz`;
}
