/** A line over the wall's lower edge that offers something, until one says yes or no to it. */

import { button, byId, make } from './dom.js';

/**
 * Offer something; return what takes the offer back.
 * @param {string} text @param {[string, () => void][]} choices words of buttons, and what each does besides ending the offer
 */
export function offer(text, choices) {
  const line = make('p', {}, make('span', { class: 'what' }, text));
  const close = () => line.remove();
  const buttons = choices.map(([words, run]) =>
    button(words, () => {
      close();
      run();
    }),
  );
  line.append(...buttons);
  byId('offers', HTMLElement).append(line);
  return close;
}
