/** What was typed into the form of a case and not launched yet: kept in this browser, but for secrets. */

const PREFIX = 'tiledviz.launch.';
const LETTERS_MOST = 100_000;

/** @typedef {{set: Record<string, unknown>, tiles: string}} Draft */

/** @param {string} name of the case @param {Draft} draft */
export function keepDraft(name, draft) {
  try {
    const text = JSON.stringify(draft);
    if (Object.keys(draft.set).length === 0 && draft.tiles === '') dropDraft(name);
    else if (text.length <= LETTERS_MOST) localStorage.setItem(PREFIX + name, text);
  } catch {
    // It is full, or the browser lets no page keep anything: the form works without.
  }
}

/** @param {string} name @returns {Draft|null} */
export function draftOf(name) {
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
    return typeof found?.set === 'object' && found.set !== null && typeof found.tiles === 'string' ? found : null;
  } catch {
    return null;
  }
}

/** @param {string} name */
export const dropDraft = (name) => localStorage.removeItem(PREFIX + name);
