/**
 * The wall as a scatter plot of tiles: each stands where its values of two columns are, as near as tiles that cover each other little
 * allow; those without a value stand in rows below. Pure. (What one does there: scatter-ways.js.)
 *
 * Wall units as on the grid: a tile is 1 wide.
 *
 * @typedef {import('./camera.js').Rect} Rect
 * @typedef {import('./camera.js').Size} Size
 * @typedef {import('./layout.js').Grid} Grid
 * @typedef {import('./columns.js').Column} Column
 * @typedef {{by: string, log: boolean}} Side
 * @typedef {{x: Side, y: Side, size?: number}} Scatter  register `layout/scatter`
 * @typedef {{label: string, ticks: {at: number, text: string}[]}} DrawnAxis  at: in wall units
 * @typedef {{rect: Rect, x: DrawnAxis, y: DrawnAxis}} Axes  rect: of the plot
 * @typedef {{label: string, log: string, missing: string}} Words  of an axis that has no column; of one that is logarithmic; of tiles without a value
 * @typedef {{x: number, y: number}} Point
 */

import { scaleOf } from './axis-scale.js';
import { clamp } from './camera.js';
import { formatValue } from './format.js';
import { MARGIN_PX } from './layout.js';
import { covered, nudged } from './scatter-apart.js';
import { ticksOf as roundNumbers } from './scales.js';

const AXIS_PX = { left: 82, bottom: 48, top: 12, right: 14 }; // room for ticks and labels, when all of the wall is shown
const TAKEN = 0.42; // share of the plot that tiles take where there is room
const COVERED_MOST = 0.12; // share of the tiles that others may cover, before all are made smaller
const [SHRINK, SHRINK_MOST] = [0.86, 0.5];
const TRIES = { most: 6, work: 40_000 };
const TILE_PX = { least: 10, most: 420 };
const ACROSS_MOST = 0.3; // of the plot, that one tile takes
const STRIP = { px: 22, most: 0.2 };
const LABEL_PX = 30;
const GAP = 0.06; // between tiles
const BELOW_MOST = 0.3; // of the height, that rows below may take from the plot
const TICKS_APART_PX = { x: 64, y: 26 };

/**
 * Return the wall as a scatter plot. Sizes and places are those of all tiles, whichever are shown: a search moves none.
 * @param {number[]} ids @param {Column} across their values @param {Column} up @param {Scatter} scatter @param {number} aspect a picture's width / height
 * @param {Size} view @param {{title?: number}} wish @param {Words} words @param {Set<number>} [shown] all, unless it says otherwise @returns {Grid & {axes: Axes}}
 */
export function makeScatter(ids, across, up, { x, y, size = 1 }, aspect, view, wish, words, shown = new Set(ids)) {
  const [toX, toY] = [scaleOf(across, x), scaleOf(up, y)];
  const places = ids.map((id, i) => ({ id, x: toX.place(across.values[i]), y: toY.place(up.values[i]) }));
  const there = places.filter((place) => !Number.isNaN(place.x + place.y));
  const missing = places.filter((place) => Number.isNaN(place.x + place.y)).map(({ id }) => id);
  const room = { width: Math.max(120, view.width - 2 * MARGIN_PX - AXIS_PX.left - AXIS_PX.right), height: Math.max(120, view.height - 2 * MARGIN_PX - AXIS_PX.top - AXIS_PX.bottom) };
  const plotAt = (/** @type {number} */ tile) => plotOf(there, missing.length, tile, aspect, room, wish);
  const plot = plotAt(clamp(size * suiting(there, missing.length, aspect, room, plotAt), TILE_PX.least / 2, room.width * 0.9));
  const { tile, rect, cell, at } = plot;
  const drawn = { x: { label: labelOf(across, toX.log, words), ticks: ticksOf(toX, across, (place) => at(place, 0).x, TICKS_APART_PX.x / tile) }, y: { label: labelOf(up, toY.log, words), ticks: ticksOf(toY, up, (place) => at(0, place).y, TICKS_APART_PX.y / tile) } };
  const bottom = rect.y + rect.height + AXIS_PX.bottom / tile;
  /** @type {Grid & {axes: Axes}} */
  const grid = { columns: plot.columns, aspect, strip: plot.strip, gap: GAP, size: { width: rect.x + rect.width + AXIS_PX.right / tile, height: bottom + plot.below }, ids: [], cells: [], rows: [], lanes: [], axes: { rect, ...drawn } };
  const standing = there.map(({ id }, i) => ({ id, ...plot.moved[i] })).filter(({ id }) => shown.has(id));
  stand(grid, standing, cell);
  grid.lanes.push({ key: '', label: '', count: standing.length, rect: null, height: rect.height });
  const lost = missing.filter((id) => shown.has(id));
  if (lost.length > 0) standBelow(grid, lost, cell, { x: rect.x, y: bottom, width: rect.width, height: LABEL_PX / tile }, words.missing);
  return grid;
}

/**
 * Where everything is when tiles are so wide: in wall units.
 * @param {Point[]} there where tiles are to be, 0 to 1 @param {number} missing how many have no value @param {number} tile CSS pixels @param {number} aspect @param {Size} room @param {{title?: number}} wish
 */
function plotOf(there, missing, tile, aspect, room, wish) {
  const strip = Math.min(wish.title ?? STRIP.px, tile * STRIP.most) / tile;
  const cell = { width: 1, height: 1 / aspect + strip };
  const columns = Math.max(1, Math.floor((room.width / tile + GAP) / (1 + GAP)));
  const lines = Math.ceil(missing / columns);
  const below = lines > 0 ? LABEL_PX / tile + lines * (cell.height + GAP) : 0;
  const rect = { x: AXIS_PX.left / tile, y: AXIS_PX.top / tile, width: room.width / tile, height: room.height / tile - Math.min(below, (room.height / tile) * BELOW_MOST) };
  const inside = { x: rect.x + cell.width / 2, y: rect.y + cell.height / 2, width: Math.max(0, rect.width - cell.width), height: Math.max(0, rect.height - cell.height) };
  const at = (/** @type {number} */ px, /** @type {number} */ py) => ({ x: inside.x + px * inside.width, y: inside.y + (1 - py) * inside.height });
  return { tile, strip, cell, columns, below, rect, at, moved: nudged(there.map((place) => at(place.x, place.y)), cell, inside, GAP) };
}

/**
 * Return the width of tiles in CSS pixels at which they take some of the plot and cover each other little.
 * @param {Point[]} there @param {number} missing @param {number} aspect @param {Size} room @param {(tile: number) => ReturnType<typeof plotOf>} plotAt
 */
function suiting(there, missing, aspect, room, plotAt) {
  const count = Math.max(1, there.length || missing);
  let tile = clamp(Math.sqrt((TAKEN * room.width * room.height * aspect) / count), TILE_PX.least, Math.min(TILE_PX.most, ACROSS_MOST * room.width));
  const least = Math.max(TILE_PX.least, tile * SHRINK_MOST);
  for (let tries = clamp(Math.round(TRIES.work / count), 0, TRIES.most); tries > 0 && tile > least; tries -= 1) {
    const { moved, cell } = plotAt(tile);
    if (covered(moved, cell) <= COVERED_MOST) break;
    tile = Math.max(least, tile * SHRINK);
  }
  return tile;
}

/** @param {Column} column @param {boolean} log @param {Words} words */
const labelOf = ({ label }, log, words) => (label === '' ? words.label : log ? `${label}, ${words.log}` : label);

/** Return the ticks of an axis that have room beside each other. @param {import('./axis-scale.js').Scale} scale @param {Column} column @param {(place: number) => number} at @param {number} apart wall units */
function ticksOf(scale, column, at, apart) {
  /** @type {{at: number, text: string}[]} */
  const ticks = [];
  const round = column.kind === 'number' && !scale.log; // as many as have room
  const all = round ? roundNumbers(column.low, column.high, Math.max(3, Math.abs(at(1) - at(0)) / apart / 1.7)).map((value) => ({ place: scale.place(value), value })) : scale.ticks();
  for (const { place, value } of all) {
    if (!(place >= -1e-9 && place <= 1 + 1e-9)) continue;
    const tick = { at: at(place), text: column.kind === 'words' ? column.words[value] : formatValue(value) };
    if (ticks.length === 0 || Math.abs(tick.at - ticks[ticks.length - 1].at) >= apart) ticks.push(tick);
  }
  return ticks;
}

/** Let tiles stand around these points, in bands from top to bottom, each from left to right: so they are read. @param {Grid} grid @param {(Point & {id: number})[]} points @param {Size} cell */
function stand(grid, points, cell) {
  const band = (/** @type {Point} */ { y }) => Math.floor(y / cell.height);
  const sorted = [...points].sort((a, b) => band(a) - band(b) || a.x - b.x || a.y - b.y || a.id - b.id);
  for (const point of sorted) {
    const row = grid.rows.at(-1);
    const y = band(point) * cell.height;
    if (row && row.y === y) row.count += 1;
    else grid.rows.push({ lane: 0, first: grid.ids.length, count: 1, y });
    grid.ids.push(point.id);
    grid.cells.push({ x: point.x - cell.width / 2, y: point.y - cell.height / 2, ...cell });
  }
}

/** Let those without a value stand in rows under a label. @param {Grid} grid @param {number[]} ids @param {Size} cell @param {Rect} rect of the label @param {string} label */
function standBelow(grid, ids, cell, rect, label) {
  const begin = rect.y + rect.height;
  for (let at = 0; at < ids.length; at += grid.columns) {
    const line = ids.slice(at, at + grid.columns);
    const y = begin + (at / grid.columns) * (cell.height + GAP);
    grid.rows.push({ lane: 1, first: grid.ids.length, count: line.length, y });
    line.forEach((id, i) => {
      grid.ids.push(id);
      grid.cells.push({ x: rect.x + i * (1 + GAP), y, ...cell });
    });
  }
  grid.lanes.push({ key: 'missing', label, count: ids.length, rect, height: grid.size.height - begin });
}
