/** What the colours of a difference mean: a band from one end to the other, with the differences that they stand for. */

import { make, setText } from './dom.js';
import { formatValue } from './format.js';
import { gradientOf } from './scales.js';
import { t } from './text.js';

const MOST = 255;
const GREY = 'linear-gradient(to right, #000000, #ffffff)'; // of red, green and blue alike

export class DifferenceLegend {
  #band = make('span', { class: 'band' });
  #low = make('span', {});
  #high = make('span', {});
  element = make('span', { class: 'difference-legend', role: 'img' }, this.#low, this.#band, this.#high);

  /** @param {import('./pixel-differences.js').Kind} kind @param {number} factor */
  show(kind, factor) {
    const end = formatValue(Number((MOST / factor).toPrecision(3)));
    const signed = kind === 'signed';
    this.#band.style.background = signed ? gradientOf({ scale: 'diverging', reversed: false }) : GREY;
    setText(this.#low, signed ? t('difference.darker', { end }) : formatValue(0));
    setText(this.#high, signed ? t('difference.brighter', { end }) : end);
    this.element.setAttribute('aria-label', t(signed ? 'difference.legend-signed' : 'difference.legend-absolute', { end }));
  }
}
