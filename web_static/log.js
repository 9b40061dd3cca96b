/** The last lines of a tile's log: at once where they say why it failed, else when asked for. */

import { log } from './api.js';
import { button, make, setText } from './dom.js';
import { t } from './text.js';

/** Return the log of a tile: a button that reads it, pressed already if `at_once`. @param {number} id */
export function logOf(id, atOnce = false) {
  const read = button(t('log.show'), () => void show());
  const place = make('div', { class: 'log-of' }, read);
  const show = async () => {
    read.disabled = true;
    const lines = await log(id).catch((error) => [t('log.unreadable', { why: error.message })]);
    read.disabled = false;
    setText(read, t('log.again'));
    const text = make('pre', { class: 'log', tabindex: '0', 'aria-label': t('log.label') }, lines.join('\n') || t('log.empty'));
    place.replaceChildren(make('h3', {}, t('log.title')), text, read);
    text.scrollTop = text.scrollHeight;
  };
  if (atOnce) void show();
  return place;
}
