/** The last lines of a tile's log, when asked for. */

import { log } from './api.js';
import { button, make, setText } from './dom.js';

/** Return a button that shows the log of a tile below itself. @param {number} id */
export function logButton(id) {
  const open = button('Show log', () => void show(), { class: 'log-open' });
  const show = async () => {
    open.disabled = true;
    const lines = await log(id).catch((error) => [`The log cannot be read: ${error.message}`]);
    open.disabled = false;
    setText(open, 'Read log again');
    const text = make('pre', { class: 'log', tabindex: '0', 'aria-label': 'Last lines of the log' }, lines.join('\n') || 'The log is empty.');
    if (open.nextElementSibling instanceof HTMLPreElement) open.nextElementSibling.remove();
    open.after(text);
    text.scrollTop = text.scrollHeight;
  };
  return open;
}

/** Return whether a tile in this state has a log that says why. @param {import('./model.js').State} state */
export const tellsWhy = (state) => state === 'failed' || state === 'stopped' || state === 'starting';
