/** Short ways to elements. */

/**
 * Return the element with this id. Throws when the page lacks it.
 * @template {HTMLElement} E
 * @param {string} id @param {new () => E} type @returns {E}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Make an element with attributes and children (text stays text).
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string>} [attributes] @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make a button. @param {string} text @param {() => void} onClick @param {Record<string, string>} [attributes] */
export function button(text, onClick, attributes = {}) {
  const element = make('button', { type: 'button', ...attributes }, text);
  element.addEventListener('click', onClick);
  return element;
}

/** Set an element's text only when it differs: what is selected or read aloud stays. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const lessMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
