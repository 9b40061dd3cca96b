/** A tile grows from its place on the wall to its full size, and back: the eye can follow. */

import { lessMotion } from './dom.js';

const MOTION_MS = 170;
const EASING = 'cubic-bezier(0.65, 0, 0.35, 1)';

/** Return the transform that puts the picture shown within `screen` where `rect` is, in the window. */
function transformTo(
  /** @type {HTMLElement} */ screen,
  /** @type {import('./camera.js').Rect} */ rect,
  /** @type {{width: number, height: number}} */ picture,
) {
  const { left, top, width, height } = screen.getBoundingClientRect();
  const fit = Math.min(width / (picture.width || 4), height / (picture.height || 3));
  const shown = { width: (picture.width || 4) * fit, height: (picture.height || 3) * fit };
  const scale = rect.width / shown.width;
  const x = rect.x - left - ((width - shown.width) / 2) * scale;
  const y = rect.y - top - ((height - shown.height) / 2) * scale;
  return `translate(${x}px, ${y}px) scale(${scale})`;
}

/**
 * @param {HTMLElement} screen @param {import('./camera.js').Rect} from @param {{width: number, height: number}} picture
 * @param {() => void} end
 */
export function grow(screen, from, picture, end) {
  if (lessMotion()) return end();
  const motion = screen.animate([{ transform: transformTo(screen, from, picture) }, { transform: 'none' }], { duration: MOTION_MS, easing: EASING });
  motion.addEventListener('finish', end);
}

/**
 * @param {HTMLElement} screen @param {import('./camera.js').Rect} to @param {{width: number, height: number}} picture
 * @param {() => void} end
 */
export function shrink(screen, to, picture, end) {
  if (lessMotion()) return end();
  const motion = screen.animate([{ transform: 'none' }, { transform: transformTo(screen, to, picture) }], { duration: MOTION_MS, easing: EASING });
  motion.addEventListener('finish', end);
  motion.addEventListener('cancel', end);
}
