/** A column's values over all members, drawn small, with the part marked that this one is in. */

import { makeSvg } from './dom.js';
import { formatValue } from './format.js';
import { t } from './text.js';

/** @param {import('./format.js').Histogram} histogram @param {string} name @param {string|null} unit */
export function drawHistogram({ low, high, counts, mark }, name, unit) {
  const range = [t('histogram.range', { low: formatValue(low), high: formatValue(high) }), unit].filter(Boolean).join(' ');
  const all = t('histogram.label', { name, range });
  const label = mark === null ? all : t('histogram.mark', { label: all, part: mark + 1, count: counts.length });
  const width = counts.length * 8;
  const most = Math.max(...counts);
  const bars = counts.flatMap((count, i) => {
    const height = Math.max(2.5, (count / most) * 22);
    return count === 0 ? [] : [makeSvg('rect', { x: i * 8 + 0.75, y: 23.5 - height, width: 6.5, height, class: i === mark ? 'mark' : '' })];
  });
  const frame = { viewBox: `0 0 ${width} 24`, preserveAspectRatio: 'none', class: 'histogram', role: 'img', 'aria-label': label };
  return makeSvg('svg', frame, makeSvg('title', {}, range), makeSvg('line', { x1: 0, y1: 23.75, x2: width, y2: 23.75 }), ...bars);
}
