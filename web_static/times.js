/** Times of day and lengths of time as people say them; times in seconds since the epoch. Pure but for the clock's language. */

import { localeOf, t } from './text.js';

const DAY = 86400;

export const nowSeconds = () => Date.now() / 1000;

/** Return the time of day as the person's language writes it, with the day where that could be mistaken. */
export function clock(/** @type {number} */ at, /** @type {number} */ now = nowSeconds()) {
  const [time, today] = [new Date(at * 1000), new Date(now * 1000)];
  const hour = time.toLocaleTimeString(localeOf(), { hour: '2-digit', minute: '2-digit' });
  if (time.toDateString() === today.toDateString() || Math.abs(at - now) < DAY / 2) return hour;
  const near = Math.abs(at - now) < 6 * DAY;
  return `${time.toLocaleDateString(localeOf(), near ? { weekday: 'short' } : { day: 'numeric', month: 'short' })} ${hour}`;
}

/** Return a length of time in whole minutes, hours or days, never more than two of them. */
export function span(/** @type {number} */ minutes) {
  if (minutes < 1) return t('time.under');
  if (minutes < 60) return `${minutes} min`;
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return [t('time.days', { n: days }), hours > 0 ? `${hours} h` : ''].filter(Boolean).join(' ');
  return [`${hours} h`, rest > 0 && hours < 10 ? `${rest} min` : ''].filter(Boolean).join(' ');
}

/** Return how long it is from now until then: the minute that has begun counts. */
export const ahead = (/** @type {number} */ at, /** @type {number} */ now) => (at - now < 60 ? span(0) : span(Math.ceil((at - now) / 60)));

/** Return how long ago it was, in minutes that are over; clocks of nodes may go a little before ours. */
export const ago = (/** @type {number} */ at, /** @type {number} */ now) => span(Math.floor(Math.max(0, now - at) / 60));

/** Return the seconds until the first of these ages is said otherwise, never below `least`. */
export function untilOlder(/** @type {number[]} */ times, /** @type {number} */ now, least = 5) {
  return Math.max(least, Math.min(60, ...times.map((at) => 60 - (Math.max(0, now - at) % 60))));
}
