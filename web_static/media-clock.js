/**
 * Where a movie or a PDF stands. Pure.
 *
 * @typedef {{at: number, since: number|null, rate: number}} Play  at `at`; since then going on at `rate` a second, null: it stays
 * @typedef {{clock?: ''|'seconds'|'pages', length?: number, pace?: number, play?: Play|null, url?: string, framing?: 'allowed'|'refused', why?: string}} Media
 */

/** Return where it stands at a time. @param {Media} media @param {number} now seconds since the epoch */
export function placeOf(media, now) {
  const { at, since, rate } = media.play ?? { at: 0, since: null, rate: 1 };
  const place = since === null ? at : at + (now - since) * rate;
  return Math.min(Math.max(place, firstOf(media)), media.length ?? 0);
}

/** Return the beginning: pages are counted from 1. @param {Media} media */
export const firstOf = (media) => (media.clock === 'pages' ? 1 : 0);

/** Return whether it goes on: not once it has come to its end. @param {Media} media @param {number} now */
export function goesOn(media, now) {
  const { since, rate } = media.play ?? { since: null, rate: 1 };
  const place = placeOf(media, now);
  return since !== null && (rate > 0 ? place < (media.length ?? 0) : place > firstOf(media));
}

/** Return the place a step further or back: a frame of a movie, a page. @param {Media} media @param {number} now @param {1|-1} way */
export function stepFrom(media, now, way) {
  const step = media.clock === 'pages' ? 1 : 1 / (media.pace || 25);
  const whole = media.clock === 'pages' ? Math.floor(placeOf(media, now)) : (Math.floor(placeOf(media, now) / step + 1e-6) + 0.25) * step;
  return Math.min(Math.max(whole + way * step, firstOf(media)), media.length ?? 0);
}

/** Return a place in words: minutes and seconds, or a page. @param {Media} media @param {number} place */
export function placeWords(media, place) {
  if (media.clock === 'pages') return String(Math.floor(place));
  const [minutes, seconds] = [Math.floor(place / 60), Math.floor(place % 60)];
  return `${minutes}:${String(seconds).padStart(2, '0')}`;
}
