/**
 * The eight hues of categories: told apart by colour-blind eyes (tokens.css), each theme having its own. The document keeps those of the
 * dark theme; every page shows its theme's instead. Pure.
 */

/** As in tokens.css, dark. */
export const HUES = ['#4b6ef1', '#fa9316', '#00cba0', '#9d6c8e', '#e8e93b', '#92f5fd', '#e42b24', '#b897fd'];
/** Of what is none of the eight. */
export const GREY = '#85858c';

let shown = HUES;

/** Show these from now on. @param {string[]} hues */
export function useHues(hues) {
  shown = hues.length === HUES.length && hues.every((hue) => /^#[0-9a-f]{6}$/i.test(hue)) ? [...hues] : HUES;
}

/** Return the hues of the theme that is on: another list after each change of theme. */
export const huesNow = () => shown;

/** Return a colour as this theme shows it: one of the eight in its own way, any other as it is. @param {string} colour */
export function inTheme(colour) {
  const at = HUES.indexOf(colour.toLowerCase());
  return at < 0 ? colour : shown[at];
}
