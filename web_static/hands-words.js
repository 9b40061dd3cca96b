/** What is seen of the hands on the wall: a pressed button in the bar, and a line that says where keys go and how to leave. */

import { button, byId, make, setText } from './dom.js';
import { partsOf, t } from './text.js';

/**
 * Return what the line says, in three parts: before, the tile's name, after. Pure.
 * @param {string|null} title @param {boolean} takesInput @param {{connected: boolean, ready: boolean}} is @returns {string[]}
 */
export function handsWords(title, takesInput, { connected, ready }) {
  if (!ready) return [t('hands.moment'), '', ''];
  if (!connected) return [t('hands.lost'), '', t('hands.leaves')];
  if (title === null) return [t('hands.click'), '', t('hands.leaves')];
  if (!takesInput) return partsOf('hands.takes-none', { title });
  return partsOf('hands.keys-to', { title });
}

/** @param {import('./hands.js').Hands} hands @param {() => void} many opens what arms many tiles */
export function showHands(hands, many) {
  const { model, connection } = hands;
  const pressed = byId('hands', HTMLButtonElement);
  const place = byId('hands-line', HTMLElement);
  const parts = [make('span', {}), make('b', {}), make('span', {})];
  const escape = button(t('hands.send-escape'), () => hands.sendEscape(), { 'aria-label': t('hands.send-escape-label') });
  const toMany = button(t('many.open'), many);
  const leave = button(t('hands.leave'), () => hands.leave());
  // The words alone are read aloud when they change.
  const words = make('span', { class: 'what', role: 'status' }, ...parts);
  const line = make('p', {}, words, escape, toMany, leave);
  pressed.addEventListener('click', () => hands.toggle());

  const show = () => {
    pressed.setAttribute('aria-pressed', String(hands.on));
    if (!hands.on) return place.replaceChildren();
    const title = hands.working === null ? null : (model.tiles.get(hands.working)?.title ?? null);
    const takes = model.takesInput(hands.working);
    const said = hands.problem ? [hands.problem, '', t('hands.leaves')] : handsWords(title, takes, { connected: connection.status.state === 'open', ready: hands.ready });
    said.forEach((text, i) => setText(parts[i], text));
    escape.disabled = !takes;
    if (!line.isConnected) place.append(line);
  };
  hands.addEventListener('change', show);
  connection.addEventListener('status', show);
}
