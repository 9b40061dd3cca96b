/**
 * What the wall's worker is told of what stands on the canvas, and how it is drawn.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Motion} Motion
 * @typedef {object} SceneTile
 * @property {number} id
 * @property {Rect} cell      with the title strip, in wall units
 * @property {Rect} picture   in wall units
 * @property {string} title
 * @property {import('./model.js').State|'off'} state
 * @property {import('./words.js').Said} said
 * @property {boolean} dimmed
 * @property {boolean} focused
 * @property {boolean} hovered
 * @property {import('./wall-mark.js').Mark|null} marked
 * @property {string|null} edge       colour of its edge, of a scale or of what a search found
 * @property {Sticker[]} stickers     its tags
 * @property {boolean} selected
 * @property {string[]} others        colours of the others who selected it
 * @property {0|90|180|270} rotation  degrees, clockwise
 * @property {number} opacity
 * @property {string} note            its first words; '' for none
 * @property {import('./shapes.js').Shape[]} shapes  drawn on its picture
 * @typedef {{colour: string, shape: number, label: string}} Sticker
 * @typedef {{label: string, count: string, rect: Rect, height: number}} SceneLane  height: of its rows, below the label
 * @typedef {object} Standing  how the wall stands
 * @property {SceneTile[]} tiles     those that stand or look otherwise than before
 * @property {number[]} order        ids of all that are on the wall
 * @property {SceneLane[]} lanes     those with labels
 * @property {import('./layout-scatter.js').Axes|null} [axes]  of a scatter plot
 * @property {number} strip          height of titles, in wall units
 * @property {number} start          when tiles begin to travel, in ms since the epoch
 * @property {number} duration
 * @typedef {{context: OffscreenCanvasRenderingContext2D, camera: import('./camera.js').Camera, view: import('./camera.js').Size,
 *   style: import('./wall-paint.js').Style, now: number}} Paint
 * @typedef {Record<'ground'|'surface'|'edge'|'edgeStrong'|'text'|'muted'|'accent'|'onAccent'|'failed'|'font', string>
 *   & {dim: number}} Theme
 */

export {};
