/** The last lines of a tile's log: at once where they say why it failed, else when asked for. */

import { log } from './api.js';
import { button, make, setText } from './dom.js';

/** Return the log of a tile: a button that reads it, pressed already if `at_once`. @param {number} id */
export function logOf(id, atOnce = false) {
  const read = button('Show log', () => void show());
  const place = make('div', { class: 'log-of' }, read);
  const show = async () => {
    read.disabled = true;
    const lines = await log(id).catch((error) => [`The log cannot be read: ${error.message}`]);
    read.disabled = false;
    setText(read, 'Read log again');
    const text = make('pre', { class: 'log', tabindex: '0', 'aria-label': 'Last lines of the log' }, lines.join('\n') || 'The log is empty.');
    place.replaceChildren(make('h3', {}, 'Last lines of its log'), text, read);
    text.scrollTop = text.scrollHeight;
  };
  if (atOnce) void show();
  return place;
}
