/**
 * What the linked views show of the members: their columns along axes, who passes the brushes, and how many stand where. Pure.
 *
 * @typedef {import('./columns.js').Column} Column
 * @typedef {import('./columns.js').Axis} Axis
 * @typedef {import('./brushing.js').Brush} Brush
 * @typedef {import('./axis-scale.js').Scale} Scale
 * @typedef {{axis: Axis, column: Column, scale: Scale, places: Float32Array}} Along  an axis; places: of each member, NaN where it has none
 */

import { scaleOf } from './axis-scale.js';
import { Brushing, intervalsOf } from './brushing.js';
import { binsOf, Tallies } from './tallies.js';

export const LINES_MOST = 1000; // members with a line of their own; more are drawn as densities
const MANY = 0.25; // of the members change at once: to count anew is quicker than to follow each

export class Linked {
  /** @type {Along[]} */ axes;
  /** @type {Tallies|null} what is drawn of many members */ tallies = null;
  /** @type {string[]} by column: its brush, as text */ #brushes;
  /** @type {Uint8Array[]|null} */ #bins = null;

  /**
   * @param {number[]} ids of the members @param {Column[]} columns those of the axes, and others that are brushed @param {Axis[]} axes
   */
  constructor(ids, columns, axes) {
    this.ids = ids;
    this.columns = columns;
    /** members by their ids @type {Map<number, number>} */ this.at = new Map(ids.map((id, member) => [id, member]));
    this.brushing = new Brushing(columns.map(({ values }) => values), ids.length);
    this.#brushes = columns.map(() => '');
    this.axes = axes.flatMap((axis) => {
      const column = columns.find(({ by }) => by === axis.by);
      if (!column) return [];
      const scale = scaleOf(column, axis);
      return [{ axis, column, scale, places: Float32Array.from(column.values, scale.place) }];
    });
  }

  get size() {
    return this.ids.length;
  }

  /** Whether there are too many members for a line each. */
  get many() {
    return this.size > LINES_MOST;
  }

  /** @returns {Uint8Array[]} by axis, of each member */
  get bins() {
    return (this.#bins ??= this.axes.map(({ column, scale }) => binsOf(column.values, scale)));
  }

  /** Count from now on in pairs of axes; none: no longer. @param {[number, number][]} pairs @param {number} [shift] */
  count(pairs, shift) {
    this.tallies = pairs.length > 0 ? new Tallies(this.bins, pairs, shift) : null;
    this.tallies?.recount(this.brushing.fails);
  }

  /** Take these brushes, and no others. Return whether anything is otherwise now. @param {Map<string, Brush>} brushes by column */
  brush(brushes) {
    const changed = this.columns.flatMap((column, at) => {
      const brush = brushes.get(column.by);
      const text = brush ? JSON.stringify(brush) : '';
      if (text === this.#brushes[at]) return [];
      this.#brushes[at] = text;
      return [{ at, intervals: intervalsOf(brush, column) }];
    });
    if (changed.length === 0) return false;
    const { brushing, tallies } = this;
    const touched = changed.reduce((sum, { at, intervals }) => sum + brushing.cost(at, intervals), 0);
    const follow = tallies && touched < MANY * this.size ? (/** @type {number} */ member, /** @type {1|-1} */ by) => tallies.add(member, by) : undefined;
    for (const { at, intervals } of changed) brushing.set(at, intervals, follow);
    if (tallies && !follow) tallies.recount(brushing.fails);
    return true;
  }

  /** Return whether a member passes all brushes. @param {number} member */
  passes(member) {
    return this.brushing.fails[member] === 0;
  }
}
