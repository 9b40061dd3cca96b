/** The bar's controls: what wall this is, order, columns, zoom. */

import { byId, make, setText } from './dom.js';
import { formatCount } from './format.js';

const COLUMNS_MOST = 48;
const FIXED = [
  ['', 'As launched'],
  ['title', 'Title'],
  ['state', 'State'],
  ['node', 'Node'],
];

/** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
export function watchBar(model, stage) {
  const sort = byId('sort', HTMLSelectElement);
  const direction = byId('direction', HTMLButtonElement);
  const columns = byId('columns', HTMLSelectElement);

  const applySort = () => model.sortBy({ key: sort.value, descending: direction.dataset.down === 'true' });
  sort.addEventListener('change', applySort);
  direction.addEventListener('click', () => {
    const down = direction.dataset.down !== 'true';
    direction.dataset.down = String(down);
    direction.textContent = down ? '↓ Down' : '↑ Up';
    direction.setAttribute('aria-label', `Sort direction: ${down ? 'down' : 'up'}`);
    applySort();
  });
  columns.addEventListener('change', () => {
    stage.columns = columns.value === 'auto' ? 'auto' : Number(columns.value);
    stage.relayout();
    stage.fit();
  });
  byId('zoom-in', HTMLButtonElement).addEventListener('click', () => stage.zoomBy(1.4, undefined, undefined, 140));
  byId('zoom-out', HTMLButtonElement).addEventListener('click', () => stage.zoomBy(1 / 1.4, undefined, undefined, 140));
  byId('fit', HTMLButtonElement).addEventListener('click', () => stage.fit());
  watchFold(byId('view', HTMLButtonElement), byId('tools', HTMLElement));

  model.addEventListener('wall', () => {
    fillSort(sort, model);
    fillColumns(columns, model.order.length);
    showSession(model);
  });
  model.addEventListener('tiles', () => showSession(model));
  model.addEventListener('me', () => showRights(model));
}

/** Offer what who looks may do, and say so to who may only look. @param {import('./model.js').Model} model */
function showRights(model) {
  for (const each of document.querySelectorAll('[data-needs]')) {
    if (each instanceof HTMLElement) each.hidden = !model.may(/** @type {import('./model.js').Right} */ (each.dataset.needs));
  }
  const looking = byId('looking', HTMLElement);
  setText(looking, lookingWords(model));
  looking.hidden = looking.textContent === '';
}

/** Return what is said to who may not work in tiles, or ''. @param {import('./model.js').Model} model */
export const lookingWords = (model) => (model.me.role === '' || model.may('operate') ? '' : `You are looking on (${model.me.role})`);

/** Where the bar is narrow its controls fold into one button. @param {HTMLElement} view @param {HTMLElement} tools */
export function watchFold(view, tools) {
  const open = (/** @type {boolean} */ yes) => view.setAttribute('aria-expanded', String(yes));
  view.addEventListener('click', () => open(view.getAttribute('aria-expanded') !== 'true'));
  addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !tools.contains(target) && target !== view) open(false);
  });
  for (const element of [view, tools]) {
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || view.getAttribute('aria-expanded') !== 'true') return;
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
  const what = titles.length > 2 ? `${titles.length} tile sets` : titles.join(' and ');
  const count = `${formatCount(countOf('live'))} of ${formatCount(model.tiles.size)} live${failed > 0 ? `, ${formatCount(failed)} failed` : ''}`;
  const text = model.tiles.size === 0 ? model.session : [what || model.session, count].join(' · ');
  setText(byId('session', HTMLElement), text);
  document.title = `${what || model.session} · TiledViz`;
}

/** @param {HTMLSelectElement} sort @param {import('./model.js').Model} model */
function fillSort(sort, model) {
  const chosen = sort.value;
  const group = make('optgroup', { label: 'Metadata' });
  for (const { name, unit } of model.columns()) group.append(new Option(unit ? `${name} (${unit})` : name, `column:${name}`));
  sort.replaceChildren(...FIXED.map(([value, text]) => new Option(text, value)), ...(group.children.length > 0 ? [group] : []));
  sort.value = chosen;
  if (sort.value !== chosen) sort.value = '';
}

/** @param {HTMLSelectElement} columns @param {number} count */
function fillColumns(columns, count) {
  const chosen = columns.value;
  const most = Math.min(Math.max(count, 1), COLUMNS_MOST);
  const numbers = Array.from({ length: most }, (_, i) => new Option(String(i + 1), String(i + 1)));
  columns.replaceChildren(new Option('Auto', 'auto'), ...numbers);
  columns.value = chosen || 'auto';
  if (columns.value === '') columns.value = 'auto';
}
