/**
 * What hands and keys make of the brush of one axis: spans of places, 0 to 1, and the values that they stand for. Pure.
 *
 * @typedef {[number, number]} Span  low, high
 * @typedef {{span: number, part: 'low'|'high'|'middle'}} Grip  what of the spans a hand took hold of
 * @typedef {import('./brushing.js').Brush} Brush
 * @typedef {import('./axis-scale.js').Scale} Scale
 * @typedef {Pick<import('./columns.js').Column, 'kind'|'words'|'low'|'high'>} Of
 */

import { merged } from './brushing.js';

const LEAST = 0.004; // of an axis: less was a click
const DIGITS = 4; // that tell one place of an axis from the next

const within = (/** @type {number} */ place) => Math.max(0, Math.min(1, place));

/** Return what of the spans is at a place: an end within reach, else the inside of one. @param {Span[]} spans @param {number} at @param {number} reach @returns {Grip|null} */
export function gripAt(spans, at, reach) {
  /** @type {{grip: Grip, away: number}[]} */
  const ends = spans.flatMap(([low, high], span) => [{ grip: { span, part: 'low' }, away: Math.abs(at - low) }, { grip: { span, part: 'high' }, away: Math.abs(at - high) }]);
  const [nearest] = ends.filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away);
  if (nearest) return nearest.grip;
  const span = spans.findIndex(([low, high]) => at > low && at < high);
  return span < 0 ? null : { span, part: 'middle' };
}

/**
 * Return the spans after a drag. One beside them makes a new span: instead of the others, or with `more` beside them; a click takes all away.
 * @param {Span[]} spans @param {Grip|null} grip @param {number} from @param {number} to @param {boolean} [more] @returns {Span[]}
 */
export function dragged(spans, grip, from, to, more = false) {
  if (grip === null) {
    const [one, other] = [within(from), within(to)];
    if (Math.abs(to - from) < LEAST) return more ? spans : [];
    return [...(more ? spans : []), [Math.min(one, other), Math.max(one, other)]];
  }
  return spans.map((span, i) => (i === grip.span ? changed(span, grip.part, to - from) : span));
}

/** @param {Span} span @param {Grip['part']} part @param {number} by @returns {Span} */
function changed([low, high], part, by) {
  if (part === 'middle') {
    const step = Math.max(-low, Math.min(1 - high, by));
    return [low + step, high + step];
  }
  const [one, other] = part === 'low' ? [within(low + by), high] : [low, within(high + by)];
  return [Math.min(one, other), Math.max(one, other)];
}

/** Return the spans with one moved, or made wider on both sides, by a step. @param {Span[]} spans @param {number} at @param {number} step @param {boolean} wider @returns {Span[]} */
export function nudged(spans, at, step, wider) {
  return spans.map((span, i) => {
    if (i !== at) return span;
    if (!wider) return changed(span, 'middle', step);
    const [low, high] = [within(span[0] - step), within(span[1] + step)];
    return low < high ? [low, high] : span;
  });
}

/** Return a value as short as tells it from its neighbours along the axis. @param {number} value @param {Of} of @param {boolean} log */
function short(value, { low, high }, log) {
  if (log) return Number(value.toPrecision(DIGITS));
  const size = high / 2 - low / 2;
  const decimals = size > 0 ? DIGITS - 1 - Math.floor(Math.log10(size) + Math.log10(2)) : DIGITS;
  return decimals > 0 ? Number(value.toFixed(Math.min(100, decimals))) : Number(value.toPrecision(15));
}

/** Return the brush that spans of an axis stand for, or null for none. An end of the axis is no end of the range. @param {Span[]} spans @param {Of} column @param {Scale} scale @returns {Brush|null} */
export function brushOf(spans, column, scale) {
  if (spans.length === 0) return null;
  if (column.kind === 'words') {
    const taken = column.words.filter((_, i) => spans.some(([low, high]) => {
      const [one, other] = [scale.value(low), scale.value(Math.max(low, high - 1e-9))];
      return i >= Math.min(one, other) && i <= Math.max(one, other);
    }));
    return taken.length > 0 ? { values: taken } : null;
  }
  const flipped = scale.value(0) > scale.value(1);
  const end = (/** @type {number} */ place) => (place <= 0 || place >= 1 ? null : short(scale.value(place), column, scale.log));
  const ranges = spans.map(([low, high]) => /** @type {import('./brushing.js').Range} */ (flipped ? [end(high), end(low)] : [end(low), end(high)]));
  return { ranges: merged(ranges) };
}

/** Return the spans of an axis that a brush takes. @param {Brush|null|undefined} brush @param {Of} column @param {Scale} scale @returns {Span[]} */
export function spansOf(brush, column, scale) {
  if (!brush) return [];
  if ('values' in brush) {
    if (column.kind !== 'words') return [];
    const half = 0.5 / Math.max(1, column.words.length);
    const slots = column.words.flatMap((word, i) => (brush.values.includes(word) ? [/** @type {Span} */ ([scale.place(i) - half, scale.place(i) + half])] : []));
    return joined(slots);
  }
  if (column.kind === 'words') return [];
  const flipped = scale.value(0) > scale.value(1);
  const place = (/** @type {number|null} */ value, /** @type {boolean} */ high) => {
    const at = value === null ? NaN : scale.place(value);
    return Number.isNaN(at) ? Number(high !== flipped) : within(at); // on a log scale what is not above zero is below all
  };
  return merged(brush.ranges).map(([low, high]) => {
    const below = high !== null && scale.log && high <= 0;
    const [one, other] = [place(low, false), below ? place(null, false) : place(high, true)];
    return [Math.min(one, other), Math.max(one, other)];
  });
}

/** @param {Span[]} spans @returns {Span[]} */
function joined(spans) {
  /** @type {Span[]} */
  const found = [];
  for (const [low, high] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && low <= last[1] + 1e-9) last[1] = Math.max(last[1], high);
    else found.push([low, high]);
  }
  return found;
}

/** Return a brush of words with one more, or less; null when none is left. @param {Brush|null|undefined} brush @param {string} word @returns {Brush|null} */
export function toggledWord(brush, word) {
  const before = brush && 'values' in brush ? brush.values : [];
  const values = before.includes(word) ? before.filter((each) => each !== word) : [...before, word];
  return values.length > 0 ? { values } : null;
}
