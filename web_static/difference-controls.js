/** How a difference is shown: absolute or signed, by which factor; and apart, what its colours mean. */

import { button, make } from './dom.js';
import { DifferenceLegend } from './difference-legend.js';
import { FACTORS } from './pixel-differences.js';
import { t } from './text.js';

/** @typedef {import('./pixel-differences.js').Kind} Kind */

/** @type {Kind[]} */
const KINDS = ['absolute', 'signed'];

export class DifferenceControls {
  #legend = new DifferenceLegend();
  legend = this.#legend.element;
  #kinds;
  #factor;
  element;

  /** @param {(change: {kind?: Kind, factor?: number}) => void} change */
  constructor(change) {
    this.#kinds = KINDS.map((kind) => button(t(`difference.${kind}`), () => change({ kind }), { 'aria-pressed': 'false', title: t(`difference.${kind}-title`) }));
    this.#factor = make('select', { 'aria-label': t('difference.factor') }, ...FACTORS.map((factor) => make('option', { value: String(factor) }, `×\u202f${factor}`)));
    this.#factor.addEventListener('change', () => change({ factor: Number(this.#factor.value) }));
    this.element = make(
      'span',
      { class: 'difference-controls' },
      make('span', { class: 'kinds', role: 'group', 'aria-label': t('difference.kind') }, ...this.#kinds),
      make('span', { class: 'select' }, this.#factor),
    );
  }

  /** @param {Kind} kind @param {number} factor @param {boolean} [may] whether who looks may change it */
  show(kind, factor, may = true) {
    this.#kinds.forEach((each, i) => {
      each.setAttribute('aria-pressed', String(KINDS[i] === kind));
      each.disabled = !may;
    });
    this.#factor.value = String(factor);
    this.#factor.disabled = !may;
    this.#legend.show(kind, factor);
  }
}
