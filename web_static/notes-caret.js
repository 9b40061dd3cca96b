/**
 * One's hand in a text in which others write too: where the caret goes, and how what one typed and did not say yet meets what they wrote.
 * Pure. Places are UTF-16 units, as fields count them.
 *
 * @typedef {{start: number, end: number, text: string}} Splice  from start to end stands this text instead
 */

/** Return the one place at which a text became another. @param {string} before @param {string} after @returns {Splice} */
export function spliceOf(before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  if (isLow(before, start) || isLow(after, start)) start -= 1;
  let tail = 0;
  while (tail < most - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  if (isLow(before, before.length - tail) || isLow(after, after.length - tail)) tail -= 1;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

/** Return whether a place is amid a character of two units. @param {string} text @param {number} at */
const isLow = (text, at) => at > 0 && at < text.length && text.charCodeAt(at) >= 0xdc00 && text.charCodeAt(at) <= 0xdfff;

/** Return where a place of the text before a splice is after it; what was inserted just there is behind it. @param {number} at @param {Splice} splice */
function moved(at, { start, end, text }) {
  if (at <= start) return at;
  if (at >= end) return at + text.length - (end - start);
  return start + text.length;
}

/** Return where the caret belongs once others made of a text another one. @param {string} before @param {string} after @param {number} caret */
export const caretAfter = (before, after, caret) => moved(caret, spliceOf(before, after));

/**
 * Return the text in which both stand: what I typed and did not say yet, and what others made of it meanwhile. What either wrote is in it.
 * @param {string} base what both began with @param {string} mine @param {string} theirs
 */
export function merged(base, mine, theirs) {
  if (mine === base || mine === theirs) return theirs;
  if (theirs === base) return mine;
  const [own, other] = [spliceOf(base, mine), spliceOf(base, theirs)];
  if (own.end <= other.start) return theirs.slice(0, own.start) + own.text + theirs.slice(own.end);
  if (own.start >= other.end) {
    const shift = other.text.length - (other.end - other.start); // also where they wrote just before: that is theirs
    return theirs.slice(0, own.start + shift) + own.text + theirs.slice(own.end + shift);
  }
  // Both in one place: theirs stays whole, mine stands behind it, and what I removed is what they left of it outside.
  const before = Math.min(own.start, other.start);
  const written = other.start + other.text.length;
  const after = written + Math.max(0, own.end - other.end);
  return theirs.slice(0, before) + theirs.slice(other.start, written) + own.text + theirs.slice(after);
}
