/**
 * Letters and shapes on the canvas: text cut to a width, text in lines, one shape for each state.
 *
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

const CACHED_MOST = 4000;
/** @type {Map<string, string>} */
const fitted = new Map();

/** Return the text, cut with '…' so that it is at most `width` wide in the context's font. */
export function fitText(/** @type {Context} */ context, /** @type {string} */ text, /** @type {number} */ width) {
  const key = `${context.font}|${Math.round(width)}|${text}`;
  const known = fitted.get(key);
  if (known !== undefined) return known;
  const result = cut(context, text, width);
  if (fitted.size > CACHED_MOST) fitted.clear();
  fitted.set(key, result);
  return result;
}

/** @param {Context} context @param {string} text @param {number} width */
function cut(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const points = [...text];
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(`${points.slice(0, middle).join('')}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? `${points.slice(0, low).join('').trimEnd()}…` : '';
}

/** Return the text in at most `most` lines, each at most `width` wide; the last is cut if there is more. */
export function wrapText(
  /** @type {Context} */ context,
  /** @type {string} */ text,
  /** @type {number} */ width,
  /** @type {number} */ most,
) {
  const words = text.split(/\s+/).filter(Boolean);
  /** @type {string[]} */
  const lines = [];
  while (words.length > 0 && lines.length < most) {
    let line = words.shift() ?? '';
    while (words.length > 0 && context.measureText(`${line} ${words[0]}`).width <= width) line += ` ${words.shift()}`;
    if (lines.length === most - 1 && words.length > 0) line += ` ${words.join(' ')}`;
    lines.push(fitText(context, line, width));
  }
  return lines;
}

/** Draw the shape of a state, or of a live tile whose picture is not of now, `size` high around (x, y): each differs without its colour too. */
export function drawShape(
  /** @type {Context} */ context,
  /** @type {import('./model.js').State|'off'|'aged'} */ state,
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {number} */ size,
  /** @type {string} */ color,
) {
  const r = size / 2;
  context.save();
  context.translate(x, y);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = Math.max(1, size * 0.11);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  SHAPES[state](context, r);
  context.restore();
}

/** @type {Record<import('./model.js').State|'off'|'aged', (context: Context, r: number) => void>} */
const SHAPES = {
  // a full disc
  live(context, r) {
    context.arc(0, 0, r * 0.72, 0, 2 * Math.PI);
    context.fill();
  },
  // an empty disc
  aged(context, r) {
    context.arc(0, 0, r * 0.72, 0, 2 * Math.PI);
    context.stroke();
  },
  // a clock
  queued(context, r) {
    context.arc(0, 0, r * 0.9, 0, 2 * Math.PI);
    context.moveTo(0, -r * 0.5);
    context.lineTo(0, 0);
    context.lineTo(r * 0.38, r * 0.22);
    context.stroke();
  },
  // a ring not yet closed
  starting(context, r) {
    context.arc(0, 0, r * 0.85, -Math.PI / 2, Math.PI);
    context.stroke();
  },
  // a triangle that warns
  failed(context, r) {
    context.moveTo(0, -r * 0.9);
    context.lineTo(r, r * 0.85);
    context.lineTo(-r, r * 0.85);
    context.closePath();
    context.moveTo(0, -r * 0.25);
    context.lineTo(0, r * 0.2);
    context.moveTo(0, r * 0.52);
    context.lineTo(0, r * 0.53);
    context.stroke();
  },
  // a switch
  off(context, r) {
    context.arc(0, 0, r * 0.8, -Math.PI * 0.3, Math.PI * 1.3);
    context.moveTo(0, -r);
    context.lineTo(0, -r * 0.2);
    context.stroke();
  },
  // a square
  stopped(context, r) {
    context.rect(-r * 0.7, -r * 0.7, r * 1.4, r * 1.4);
    context.stroke();
  },
};
