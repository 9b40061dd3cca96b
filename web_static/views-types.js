/**
 * What the linked views ask of the region that they stand in, and are told by it.
 *
 * @typedef {import('./brushing.js').Brush} Brush
 * @typedef {import('./columns.js').Axis} Axis
 * @typedef {Map<string, Brush|null>} Brushes  by column; null: none
 * @typedef {object} Host
 * @property {(changes: Brushes, done: boolean) => void} brush  done: they stand; else they are being drawn
 * @property {() => void} cancel                what was being drawn is let go of
 * @property {() => boolean} may                whether one may brush, and change axes
 * @property {(by: string) => import('./linked.js').Along|undefined} along
 * @property {(by: string) => Brush|null} brushOf
 * @property {(by: string, to: number) => void} place  put an axis to another place among them
 * @property {(by: string, step: 1|-1) => void} step   one place further, or back
 * @property {(by: string, way: Partial<Axis>|null) => void} turn  flip an axis, make it a log scale; null: take it off
 * @property {(by: string) => void} colour      colour the wall by a column
 * @typedef {object} Shown
 * @property {import('./linked.js').Linked} linked
 * @property {Map<string, Brush>} brushes
 * @property {boolean} may
 * @property {(member: number) => string|null} colourOf
 * @property {number[]} selected  members
 * @property {number[]} looked    what one points at, and what has the focus
 * @property {import('./parallel-paint.js').Colours} colours
 * @property {number} ratio       device pixels of a CSS pixel
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {(shown: Shown) => void} show     all is new: members, axes, sizes
 * @property {(shown: Shown) => void} paint    other brushes
 * @property {(shown: Shown) => void} light    another selection, another focus
 */

export {};
