/**
 * The labels of lanes: a name, how many, and a hairline to the lane's end; and the line where dragged tiles would be inserted.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Camera} Camera
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./wall-scene.js').SceneLane} SceneLane
 * @typedef {import('./wall-paint.js').Style} Style
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 */

import { toScreen } from './camera.js';
import { inView } from './demand.js';
import { fitText } from './wall-type.js';

const LETTERS_PX = 14;
const LETTERS_MOST_PX = 22;
const LETTERS_LEAST_PX = 8;
const INSERTION_PX = 3;

/** Draw the labels that are in sight; one whose lane begins left of the view stands at the view's edge. @param {Context} context @param {SceneLane[]} lanes @param {Camera} camera @param {Size} view @param {Style} style */
export function drawLanes(context, lanes, camera, view, style) {
  for (const lane of lanes) {
    const rect = toScreen(camera, lane.rect);
    if (inView(rect, view)) drawLabel(context, lane, rect, view, style);
  }
}

/** @param {Context} context @param {SceneLane} lane @param {Rect} rect @param {Size} view @param {Style} style */
function drawLabel(context, { label, count }, rect, view, { theme, ratio }) {
  const size = Math.min(LETTERS_MOST_PX, Math.max(Math.min(LETTERS_PX, rect.height * 0.62), rect.height * 0.4));
  if (size < LETTERS_LEAST_PX) return;
  const px = size * ratio;
  const left = Math.max(rect.x, 8) * ratio;
  const right = Math.min(rect.x + rect.width, view.width) * ratio;
  const middle = Math.round((rect.y + rect.height) * ratio - Math.min(rect.height * ratio * 0.5, px * 1.1));
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.font = `600 ${px}px ${theme.font}`;
  context.fillStyle = theme.text;
  const name = fitText(context, label, right - left - 3 * px);
  context.fillText(name, left, middle);
  let end = left + context.measureText(name).width + px * 0.6;
  context.font = `${px * 0.86}px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.fillText(count, end, middle);
  end += context.measureText(count).width + px * 0.8;
  if (right - end < px) return;
  context.fillStyle = theme.edge;
  context.fillRect(Math.round(end), middle, Math.round(right - end), Math.max(1, Math.floor(ratio)));
}

/** Draw the line between two tiles where others would come. @param {Context} context @param {Rect} line CSS pixels @param {Style} style */
export function drawInsertion(context, line, { theme, ratio }) {
  const width = INSERTION_PX * ratio;
  context.fillStyle = theme.accent;
  context.beginPath();
  context.roundRect(line.x * ratio - width / 2, line.y * ratio, width, line.height * ratio, width / 2);
  context.fill();
}
