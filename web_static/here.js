/**
 * Which session this tab is in. Its key stands in the address, behind '#' (`#s=KEY`), and is kept by the tab; none: the portal takes the
 * first that one is in. Every call says it.
 */

const STORED = 'tiledviz.session';
const SHAPE = /^[A-Za-z0-9._-]{1,80}$/;

/** Return the key of a session in the part of an address behind '#', '' if there is none. Pure. @param {string} hash */
export function sessionIn(hash) {
  const key = new URLSearchParams(hash.replace(/^#/, '')).get('s') ?? '';
  return SHAPE.test(key) ? key : '';
}

/** Return the part of an address behind '#' for a view in a session; both may be ''. Pure. @param {string} key @param {string} view as `writeView` has it */
export const hashOf = (key, view) => [...(key ? [`s=${key}`] : []), ...(view ? [view] : [])].join('&');

/** Return the key of the session that this tab is in, '' if it was told none. */
export const sessionKey = () => sessionStorage.getItem(STORED) ?? '';

/** Keep in mind which session this tab is in. @param {string} key */
export const keepSession = (key) => (key ? sessionStorage.setItem(STORED, key) : sessionStorage.removeItem(STORED));

/** Take the session that the address names; the tab stays where it is when that names none. */
export function arriveHere() {
  const key = sessionIn(location.hash);
  if (key) keepSession(key);
}

/** Go to another session: the page starts anew there. @param {string} key '' the first that one is in */
export function goTo(key) {
  keepSession(key);
  history.pushState(null, '', key ? `#s=${key}` : location.pathname + location.search);
  location.reload();
}
