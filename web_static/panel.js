/** The panel at the side: what is known of the member in focus. */

import { button, byId, make, setText } from './dom.js';
import { formatCount, formatValue, histogramOf, isSoftware } from './format.js';
import { logButton, tellsWhy } from './log.js';

/** @typedef {import('./model.js').Tile} Tile */

const SECTIONS = [
  { title: 'Parameters', roles: ['parameter'] },
  { title: 'Results', roles: ['result'] },
  { title: 'More', roles: ['tag', 'title', 'path', ''] },
];
const STORE = 'tiledviz.panel';

export class Panel {
  #element = byId('panel', HTMLElement);
  /** @type {Element|null} the tile's state line */ #state = null;
  /** @type {Map<string, HTMLElement>} what changes while one looks */ #facts = new Map();
  #shown = '';
  #wanted = false;

  /** @param {import('./model.js').Model} model @param {() => void} onClose */
  constructor(model, onClose) {
    this.model = model;
    this.onClose = onClose;
    for (const open of document.querySelectorAll('[aria-controls=panel]')) open.addEventListener('click', () => this.toggle());
    model.addEventListener('focus', () => this.#render());
    model.addEventListener('wall', () => this.#place());
    model.addEventListener('tiles', () => this.#refresh());
    const wide = matchMedia('(min-width: 60rem)').matches;
    this.#wanted = wide && localStorage.getItem(STORE) !== 'closed';
    this.#place();
  }

  /** Open or close the panel. */
  toggle(open = !this.#wanted) {
    this.#wanted = open;
    localStorage.setItem(STORE, open ? 'open' : 'closed');
    this.#place();
  }

  /** On an empty wall there is nothing to tell, so no panel either. */
  #place() {
    this.#element.hidden = !this.#wanted || this.model.tiles.size === 0;
    for (const each of document.querySelectorAll('[aria-controls=panel]')) each.setAttribute('aria-expanded', String(this.#wanted));
    this.#render();
  }

  #render() {
    const tile = this.model.focused();
    if (this.#element.hidden || !tile) return;
    const columns = this.model.sets.get(tile.set)?.columns ?? [];
    // What stands here is kept while it is right, with what was selected in it and the log.
    const key = JSON.stringify([tile.id, tile.title, tile.tags, tile.metadata, columns]);
    if (key === this.#shown) return this.#refresh();
    this.#shown = key;
    this.#facts.clear();
    this.#state = make('p', { class: 'state' });
    const tags = make('ul', { class: 'tags', 'aria-label': 'Tags' }, ...tile.tags.map((tag) => make('li', {}, tag)));
    this.#element.replaceChildren(
      this.#header(tile.title),
      this.#state,
      ...(tile.tags.length > 0 ? [tags] : []),
      logButton(tile.id),
      ...this.#metadata(tile, columns),
      make('h3', {}, 'Display'),
      this.#display(tile),
    );
    this.#element.scrollTop = 0;
    this.#refresh();
  }

  /** @param {string} title */
  #header(title) {
    const close = () => {
      this.toggle(false);
      this.onClose();
    };
    return make('header', {}, make('h2', {}, title), button('Close', close, { 'aria-label': 'Close details' }));
  }

  /** @param {Tile} tile @param {import('./model.js').Column[]} columns */
  #metadata(tile, columns) {
    const known = new Set(SECTIONS.flatMap(({ roles }) => roles));
    return SECTIONS.flatMap(({ title, roles }) => {
      const rows = columns
        .filter(({ name, role }) => name in tile.metadata && roles.includes(known.has(role) ? role : ''))
        .map((column) => this.#row(tile, column));
      return rows.length > 0 ? [make('h3', {}, title), make('dl', {}, ...rows)] : [];
    });
  }

  /** @param {Tile} tile @param {import('./model.js').Column} column */
  #row(tile, { name, unit, description }) {
    const value = tile.metadata[name];
    const shown = make('dd', {}, formatValue(value));
    if (unit && value !== null) shown.append(' ', make('span', { class: 'unit' }, unit));
    const row = make('div', { class: 'row' }, make('dt', {}, name), shown);
    const others = [...this.model.tiles.values()].filter(({ set }) => set === tile.set).map(({ metadata }) => metadata[name]);
    const histogram = histogramOf(others, value);
    if (description || histogram) row.append(make('dd', { class: 'about' }, description ?? ''));
    if (histogram) row.append(make('dd', {}, drawHistogram(histogram, name, unit)));
    return row;
  }

  /** @param {Tile} tile */
  #display(tile) {
    const fact = (/** @type {string} */ name) => {
      const value = make('dd', {});
      this.#facts.set(name, value);
      return make('div', { class: 'row plain' }, make('dt', {}, name), value);
    };
    const list = make('dl', {}, ...['Node', 'Renderer', 'Size', 'Frames', 'Job'].map(fact));
    const set = this.model.sets.get(tile.set);
    if (set) list.append(make('div', { class: 'row plain' }, make('dt', {}, 'Case'), make('dd', {}, set.case)));
    return list;
  }

  /** Bring what changes up to date, and leave the rest alone. */
  #refresh() {
    const tile = this.model.focused();
    if (this.#element.hidden || !tile || !this.#state) return;
    const state = /** @type {HTMLElement} */ (this.#state);
    state.dataset.state = tile.state;
    const line = tile.reason ? `${tile.state}: ${tile.reason}` : tile.state;
    if (state.textContent !== line) {
      state.replaceChildren(make('strong', {}, tile.state), ...(tile.reason ? [`: ${tile.reason}`] : []));
    }
    const { renderer } = tile;
    const facts = {
      Node: tile.node ?? 'not known yet',
      Renderer: renderer === null ? 'not known yet' : `${renderer}${isSoftware(renderer) ? ': drawn by the processor, no GPU' : ''}`,
      Size: tile.width ? `${tile.width} × ${tile.height} px` : '–',
      Frames: formatCount(tile.frames),
      Job: tile.job ?? '–',
    };
    for (const [name, text] of Object.entries(facts)) {
      const value = this.#facts.get(name);
      if (value) setText(value, text);
    }
    const open = this.#element.querySelector('.log-open');
    if (open instanceof HTMLElement) open.hidden = !tellsWhy(tile.state);
  }
}

/** @param {import('./format.js').Histogram} histogram @param {string} name @param {string|null} unit */
function drawHistogram({ low, high, counts, mark }, name, unit) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const range = `${formatValue(low)} to ${formatValue(high)}${unit ? ` ${unit}` : ''}`;
  const label = `${name} over all members, ${range}${mark === null ? '' : `; this one is in part ${mark + 1} of ${counts.length}`}`;
  const set = (/** @type {Element} */ on, /** @type {Record<string, string|number>} */ attributes) => {
    for (const [key, value] of Object.entries(attributes)) on.setAttribute(key, String(value));
    return on;
  };
  const part = (/** @type {string} */ tag) => document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(svg, { viewBox: `0 0 ${counts.length * 8} 24`, preserveAspectRatio: 'none', class: 'histogram', role: 'img', 'aria-label': label });
  const title = part('title');
  title.textContent = range;
  svg.append(title, set(part('line'), { x1: 0, y1: 23.75, x2: counts.length * 8, y2: 23.75 }));
  const most = Math.max(...counts);
  counts.forEach((count, i) => {
    if (count === 0) return;
    const height = Math.max(2.5, (count / most) * 22);
    svg.append(set(part('rect'), { x: i * 8 + 0.75, y: 23.5 - height, width: 6.5, height, class: i === mark ? 'mark' : '' }));
  });
  return svg;
}
