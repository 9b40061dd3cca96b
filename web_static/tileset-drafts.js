/** What was edited in tile sets and is not kept yet: it outlives the page, in this browser. */

const PREFIX = 'tiledviz.tileset.';
const LETTERS_MOST = 4_000_000; // what a browser keeps for all pages of an address is about five million

/** @typedef {{revision: number, base: object, now: object}} Draft */

/** Keep a draft; return whether this browser could. @param {string} name @param {Draft} draft */
export function keepDraft(name, draft) {
  const text = JSON.stringify(draft);
  try {
    if (text.length > LETTERS_MOST) return false;
    localStorage.setItem(PREFIX + name, text);
    return true;
  } catch {
    return false; // it is full, or the browser lets no page keep anything
  }
}

/** @param {string} name @returns {Draft|null} */
export function draftOf(name) {
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
    return found && Number.isInteger(found.revision) && found.base && found.now ? found : null;
  } catch {
    return null;
  }
}

/** @param {string} name */
export const dropDraft = (name) => localStorage.removeItem(PREFIX + name);
