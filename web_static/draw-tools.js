/** The bar of drawing: tools, colours, widths, and behind a button what is done with the whole drawing. */

import { button, make } from './dom.js';
import { popover } from './popover.js';
import { t } from './text.js';

/**
 * @typedef {'pen'|'line'|'arrow'|'text'|'eraser'} Tool
 * @typedef {{tool: Tool, colour: string, width: number}} Pen
 * @typedef {{copy: (selection: boolean) => void, show: () => void, remove: () => void, save: (kind: 'svg'|'png') => void, close: () => void,
 *   chosen: () => void}} Does  chosen: another tool, colour or width
 */

/** @type {Tool[]} */ const TOOLS = ['pen', 'line', 'arrow', 'text', 'eraser'];
/** Colours of ink: the same in every theme, as they lie on pictures. @type {[string, import('./text.js').Key][]} */
export const COLOURS = [
  ['#ff3b30', 'draw.red'],
  ['#ff9f0a', 'draw.orange'],
  ['#ffd60a', 'draw.yellow'],
  ['#30d158', 'draw.green'],
  ['#40c8f5', 'draw.blue'],
  ['#c77dff', 'draw.violet'],
  ['#ffffff', 'draw.white'],
  ['#000000', 'draw.black'],
];
/** @type {[number, import('./text.js').Key][]} */
const WIDTHS = [
  [4, 'draw.thin'],
  [8, 'draw.medium'],
  [16, 'draw.thick'],
];

export class DrawTools {
  /** @type {Pen} */ pen = { tool: 'pen', colour: COLOURS[0][0], width: WIDTHS[1][0] };
  #copy = this.#act('draw.copy-selection', () => this.does.copy(true));
  #show = this.#act('draw.hide', () => this.does.show());
  #title = make('strong', { class: 'of' });

  /** @param {Does} does */
  constructor(does) {
    this.does = does;
    const tools = TOOLS.map((tool) => this.#choice(t(`draw.${tool}`), 'tool', tool));
    const colours = COLOURS.map(([colour, key]) => {
      const swatch = make('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.backgroundColor = colour;
      return this.#choice(t(key), 'colour', colour, swatch);
    });
    const widths = WIDTHS.map(([width, key]) => {
      const line = make('span', { class: 'line', 'aria-hidden': 'true' });
      line.style.height = `${width / 2}px`;
      return this.#choice(t(key), 'width', width, line);
    });
    const more = button(t('draw.more'), () => undefined);
    const acts = make(
      'div',
      { class: 'draw-more' },
      this.#act('draw.copy-all', () => does.copy(false)),
      this.#copy,
      this.#show,
      this.#act('draw.save-svg', () => does.save('svg')),
      this.#act('draw.save-png', () => does.save('png')),
      this.#act('draw.delete-all', () => does.remove()),
    );
    this.element = make(
      'div',
      { class: 'draw-bar', role: 'group', 'aria-label': t('draw.title'), hidden: '' },
      this.#title,
      group('draw.tools', tools),
      group('draw.colours', colours, 'swatches'),
      group('draw.widths', widths),
      more,
      button(t('draw.done'), () => does.close(), { class: 'primary', title: t('draw.done-title') }),
    );
    this.more = popover(more, acts, { label: t('draw.more-title') });
    this.#mark();
  }

  /** @param {string} title of the tile @param {number} selected how many tiles are @param {boolean} hidden whether the drawing is */
  refresh(title, selected, hidden) {
    this.#title.textContent = t('draw.on', { title });
    this.#copy.disabled = selected === 0;
    this.#show.textContent = t(hidden ? 'draw.show' : 'draw.hide');
  }

  /** Return a button behind `More`: it does its work and folds that. @param {import('./text.js').Key} key @param {() => void} run */
  #act(key, run) {
    return button(t(key), () => {
      this.more.close(true);
      run();
    });
  }

  /** @param {string} label @param {keyof Pen} what @param {string|number} value @param {Node} [picture] instead of the word */
  #choice(label, what, value, picture) {
    const made = button(picture ? '' : label, () => {
      this.pen = { ...this.pen, [what]: value };
      this.#mark();
      this.does.chosen();
    }, { 'data-of': `${what} ${value}`, ...(picture ? { 'aria-label': label, title: label } : {}) });
    if (picture) made.append(picture);
    return made;
  }

  #mark() {
    const { tool, colour, width } = this.pen;
    const on = [`tool ${tool}`, `colour ${colour}`, `width ${width}`];
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll('[data-of]'))) each.setAttribute('aria-pressed', String(on.includes(each.dataset.of ?? '')));
  }
}

/** @param {import('./text.js').Key} key @param {HTMLElement[]} children @param {string} [name] */
const group = (key, children, name = '') => make('div', { class: `group ${name}`, role: 'group', 'aria-label': t(key) }, ...children);
