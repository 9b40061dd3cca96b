/** The three themes, and the colours that the canvas takes from them. */

import { byId } from './dom.js';
import { t } from './text.js';

/** @typedef {'dark'|'light'|'contrast'} ThemeName */
/** @type {ThemeName[]} */
const ORDER = ['dark', 'light', 'contrast'];

/** Return the colours of the theme that is on, for the canvas. @returns {import('./wall-scene.js').Theme} */
export function canvasTheme() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ground: read('ground'),
    surface: read('surface'),
    edge: read('edge'),
    edgeStrong: read('edge-strong'),
    text: read('text'),
    muted: read('muted'),
    accent: read('accent'),
    onAccent: read('on-accent'),
    failed: read('failed'),
    font: read('font'),
    dim: Number(read('dim')),
  };
}

/** Return the switch to the next theme; `onChange` is called after each change. @param {() => void} onChange */
export function themeSwitch(onChange) {
  const root = document.documentElement;
  const button = byId('theme', HTMLButtonElement);
  const show = () => {
    const name = t(`theme.${/** @type {ThemeName} */ (root.dataset.theme ?? 'dark')}`);
    button.textContent = `◐ ${name}`;
    button.setAttribute('aria-label', t('theme.label', { name }));
  };
  const next = () => {
    const at = ORDER.indexOf(/** @type {ThemeName} */ (root.dataset.theme));
    root.dataset.theme = ORDER[(at + 1) % ORDER.length];
    localStorage.setItem('tiledviz.theme', root.dataset.theme);
    show();
    onChange();
  };
  button.addEventListener('click', next);
  show();
  return next;
}
