/**
 * What the address of a display wall's screen says, or of its remote control: `screen=NAME,COLUMN,ROW` and `remote=NAME`, behind '#'. Pure.
 *
 * @typedef {{wall: string, screen: [number, number]|null}} DisplayAddress  screen: its column and row, from 1; null: the remote control
 */

const SCREEN = /^([0-9A-Za-z-]{1,64}),([1-9]|1[0-6]),([1-9]|1[0-6])$/;
const REMOTE = /^[0-9A-Za-z-]{1,64}$/;
const TRIES = ['', ' b', ' c', ' d', ' e', ' f'];

/** Return what the part of an address behind '#' says, null if it is of neither. @param {string} hash @returns {DisplayAddress|null} */
export function readDisplay(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const found = SCREEN.exec(parts.get('screen') ?? '');
  if (found) return { wall: found[1], screen: [Number(found[2]), Number(found[3])] };
  const remote = parts.get('remote') ?? '';
  return REMOTE.test(remote) ? { wall: remote, screen: null } : null;
}

/**
 * Return the names that a browser comes in by, one after another as long as somebody is here who is called so. @param {DisplayAddress} address
 */
export const namesOf = ({ wall, screen }) => TRIES.map((last) => `${wall} ${screen ? screen.join('x') : 'remote'}${last}`);
