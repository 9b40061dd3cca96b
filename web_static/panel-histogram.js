/** A column's values over all members, drawn small, with the part marked that this one is in. */

import { formatValue } from './format.js';
import { t } from './text.js';

/** @param {import('./format.js').Histogram} histogram @param {string} name @param {string|null} unit */
export function drawHistogram({ low, high, counts, mark }, name, unit) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const range = [t('histogram.range', { low: formatValue(low), high: formatValue(high) }), unit].filter(Boolean).join(' ');
  const all = t('histogram.label', { name, range });
  const label = mark === null ? all : t('histogram.mark', { label: all, part: mark + 1, count: counts.length });
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
