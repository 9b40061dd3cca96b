/**
 * Colours of people: by hash, so that everybody sees the same. Pure.
 *
 * Okabe and Ito's palette ("Color Universal Design", 2008), told apart with any kind of colour blindness; its black, which is the
 * wall's, is a light grey here.
 */

export const PEOPLE_COLOURS = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#0072b2', '#d55e00', '#cc79a7', '#b0b0b0'];

/** Return the number of a person's colour. @param {string} person */
export function colourIndexOf(person) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const letter of person) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) % PEOPLE_COLOURS.length;
}

/** Return a person's colour. @param {string} person */
export const colourOf = (person) => PEOPLE_COLOURS[colourIndexOf(person)];
