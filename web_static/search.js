/** The search: asks the portal, dims what was not found, points at what is wrong in the query. */

import { ApiError, query } from './api.js';
import { byId, make, setText } from './dom.js';
import { formatCount, pointAt } from './format.js';

const PAUSE_MS = 160; // of typing, before the portal is asked

/**
 * @param {import('./model.js').Model} model
 * @param {{first: (id: number) => void, leave: () => void}} does  Enter goes to the first found, Escape leaves
 */
export function watchSearch(model, does) {
  const input = byId('search', HTMLInputElement);
  const found = byId('found', HTMLOutputElement);
  const problem = byId('search-error', HTMLElement);
  let asked = new AbortController();
  let timer = 0;

  async function search() {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const text = input.value.trim() === '' ? '' : input.value;
    if (text === '') {
      say('', null);
      return model.setMatches(null);
    }
    try {
      const { matches } = await query(text, signal);
      if (signal.aborted) return;
      model.setMatches(matches);
      say(`${formatCount(model.matches?.size ?? 0)} of ${formatCount(model.tiles.size)}`, null);
    } catch (error) {
      if (signal.aborted) return;
      say('', error instanceof ApiError ? error : new ApiError(0, String(error)));
    }
  }

  /** @param {string} count @param {ApiError|null} error */
  function say(count, error) {
    setText(found, count);
    input.setAttribute('aria-invalid', String(error !== null));
    problem.hidden = error === null;
    if (!error) return problem.replaceChildren();
    const { before, mark, after } = pointAt(input.value, error.at);
    const code = make('code', {}, before, ...(mark ? [make('mark', {}, mark)] : []), after);
    problem.replaceChildren(...(error.at === null ? [] : [code]), error.message);
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    // Half-typed queries are often wrong for a moment: no error flashes while the hand still types.
    problem.hidden = true;
    timer = setTimeout(() => void search(), input.value === '' ? 0 : PAUSE_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (input.value === '') return does.leave();
      input.value = '';
      clearTimeout(timer);
      void search();
    } else if (event.key === 'Enter') {
      clearTimeout(timer);
      void search().then(() => {
        const first = model.order.find((id) => model.matches?.has(id));
        if (first !== undefined) does.first(first);
      });
    }
  });
  const again = () => {
    if (input.value.trim() === '') return;
    clearTimeout(timer);
    timer = setTimeout(() => void search(), PAUSE_MS);
  };
  model.addEventListener('wall', again);
  return () => {
    input.focus();
    input.select();
  };
}
