/**
 * What was done without a connection outlives the page: when it is closed or loaded again, the browser keeps what the portal has not yet
 * taken, and the next page of the same person does it once more.
 *
 * @typedef {import('./document.js').Operation} Operation
 * @typedef {{person: string, at: number, operations: Operation[]}} Kept  at: ms since the epoch
 */

const PREFIX = 'tiledviz.unsent.';
const KEPT_MS = 30 * 24 * 3600 * 1000; // then nobody comes back for it

/**
 * Keep what has no number yet; nothing, if all has. Return whether that could be done. @param {Storage} store @param {string} page
 * @param {string} person @param {Operation[]} operations @param {number} now ms since the epoch
 */
export function keepUnsent(store, page, person, operations, now) {
  try {
    if (operations.length === 0 || person === '') store.removeItem(PREFIX + page);
    else store.setItem(PREFIX + page, JSON.stringify({ person, at: now, operations }));
    return true;
  } catch {
    return false; // there is no room
  }
}

/**
 * Return what earlier pages of a person kept, and keep it no longer. @param {Storage} store @param {string} person
 * @param {number} now ms since the epoch @returns {Operation[]}
 */
export function takeUnsent(store, person, now) {
  const names = Array.from({ length: store.length }, (_, i) => store.key(i) ?? '').filter((name) => name.startsWith(PREFIX));
  /** @type {Kept[]} */
  const found = [];
  for (const name of names) {
    const kept = read(store.getItem(name) ?? '');
    if (kept && kept.person !== person && now - kept.at < KEPT_MS) continue;
    store.removeItem(name);
    if (kept?.person === person) found.push(kept);
  }
  return found.sort((a, b) => a.at - b.at).flatMap(({ operations }) => operations);
}

/** @param {string} text @returns {Kept|null} */
function read(text) {
  try {
    const kept = JSON.parse(text);
    return Array.isArray(kept.operations) ? kept : null;
  } catch {
    return null; // somebody else's
  }
}

/** Keep what is pending in a room when the page goes, and do what others left. @param {import('./room.js').Room} room @param {EventTarget} me fires `me` once the room knows the person */
export function watchUnsent(room, me) {
  const keep = () => keepUnsent(localStorage, room.page, room.person, room.document.pending, Date.now());
  addEventListener('pagehide', keep);
  addEventListener('pageshow', () => keepUnsent(localStorage, room.page, room.person, [], Date.now())); // it never went
  addEventListener('beforeunload', (event) => keep() || event.preventDefault());
  me.addEventListener('me', () => room.again(takeUnsent(localStorage, room.person, Date.now())), { once: true });
}
