/** The bar above the wall: what wall this is, what of it is shown, and what the bar offers to who looks. */

import { roleWords } from './desk-words.js';
import { byId, setText } from './dom.js';
import { formatCount } from './format.js';
import { t } from './text.js';

/** @param {import('./model.js').Model} model */
export function watchBar(model) {
  watchFold(byId('view', HTMLButtonElement), byId('tools', HTMLElement));
  for (const type of ['wall', 'tiles', 'order', 'matches']) model.addEventListener(type, () => showSession(model));
  model.addEventListener('me', () => showRights(model));
}

/** Offer what who looks may do, and say so to who may only look. @param {import('./model.js').Model} model */
function showRights(model) {
  for (const each of document.querySelectorAll('[data-needs]')) {
    if (each instanceof HTMLElement) each.hidden = !model.may(/** @type {import('./me.js').Needed} */ (each.dataset.needs));
  }
  const looking = byId('looking', HTMLElement);
  setText(looking, lookingWords(model));
  looking.hidden = looking.textContent === '';
}

/** Return what is said to who may not work in tiles, or ''. @param {import('./model.js').Model} model */
export const lookingWords = (model) => (model.me.role === '' || model.may('operate') ? '' : t('bar.looking', { role: roleWords(model.me.role) }));

/** Where the bar is narrow its controls fold into one button. @param {HTMLElement} view @param {HTMLElement} tools */
export function watchFold(view, tools) {
  const open = (/** @type {boolean} */ yes) => view.setAttribute('aria-expanded', String(yes));
  view.addEventListener('click', () => open(view.getAttribute('aria-expanded') !== 'true'));
  addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !tools.contains(target) && target !== view) open(false);
  });
  for (const element of [view, tools]) {
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || view.getAttribute('aria-expanded') !== 'true') return;
      event.preventDefault();
      event.stopPropagation();
      open(false);
      view.focus();
    });
  }
}

/** @param {import('./model.js').Model} model */
function showSession(model) {
  const titles = [...new Set([...model.sets.values()].map(({ title }) => title))];
  const countOf = (/** @type {string} */ wanted) => [...model.tiles.values()].filter(({ state }) => state === wanted).length;
  const failed = countOf('failed');
  const what = titles.length > 2 ? t('bar.sets', { n: titles.length }) : titles.join(t('bar.and'));
  const all = model.tiles.size;
  const shown = model.order.filter((id) => !model.isDimmed(id)).length;
  const counts = [
    ...(shown < all ? [t('bar.shown', { shown: formatCount(shown), all: formatCount(all) })] : []),
    t('bar.live', { live: formatCount(countOf('live')), all: formatCount(all) }),
    ...(failed > 0 ? [t('bar.failed', { n: failed, failed: formatCount(failed) })] : []),
  ];
  setText(byId('session', HTMLElement), all === 0 ? '' : [what || model.session, counts.join(', ')].join(' · '));
  document.title = `${what || model.session} · TiledViz`;
}
