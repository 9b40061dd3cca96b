/**
 * The time of a wall: what on it has one, from when to when, and which members stand there at a moment. Pure.
 *
 * Three things have a time: movies (seconds), live tiles whose case has an action that means `time`, and members of a series: those of one
 * tile set whose values in all *parameter* columns are the same, but for the column of the time. That is the first that is called as one
 * of NAMES and in which the members of a series differ.
 *
 * @typedef {import('./model.js').Tile} Tile
 * @typedef {import('./model.js').TileSet} TileSet
 * @typedef {{least: number, most: number, unit: string, step: number, whole?: boolean}} Range  step: to the next moment; whole: it takes whole
 *   numbers alone
 * @typedef {object} Span  what the slider goes over
 * @property {number} least
 * @property {number} most
 * @property {string} unit    '' where there is none, or more than one
 * @property {number} step
 * @property {number[]} values  the moments of members, in order
 * @property {boolean} whole  all that has a time has it in whole numbers, and something besides members has one
 * @property {boolean} alone  nothing else has a time than members
 * @property {boolean} clock  nothing else has a time than movies: it is told in minutes and seconds
 */

const NAMES = ['time', 'timestep', 'time_step', 'step'];
const MOVIE_PACE = 25; // pictures a second of one that does not say
const STEPS = 100; // of a range that has none of its own
const MEMBER_SECONDS = 0.5; // that members of one moment are shown while it plays
const [RUN_LEAST, RUN_MOST] = [2, 20]; // seconds that a whole run takes, unless movies say

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/**
 * @typedef {{set: TileSet, column: string, series: Map<string, Map<number, Tile[]>>}} Timed  the series of a tile set, by the values they share; the
 *   members of each by their moment
 */

/**
 * Return the series of each tile set whose members have a time.
 * @param {Iterable<Tile>} tiles @param {Map<number, TileSet>} sets @returns {Timed[]}
 */
export function timedSets(tiles, sets) {
  const named = [...sets.values()].map((set) => ({ set, names: NAMES.flatMap((name) => set.columns.find((column) => column.name.toLowerCase() === name)?.name ?? []) }));
  const wanted = named.filter(({ names }) => names.length > 0);
  if (wanted.length === 0) return [];
  /** @type {Map<number, Tile[]>} */
  const of = new Map();
  for (const tile of tiles) gather(of, tile.set, tile);
  return wanted.flatMap(({ set, names }) => {
    const all = names.map((column) => ({ set, column, series: seriesOf(of.get(set.id) ?? [], set, column) }));
    return all.find(({ series }) => [...series.values()].some((moments) => moments.size > 1)) ?? [];
  });
}

/** @param {Map<number, Tile[]>} into @param {number} key @param {Tile} tile */
function gather(into, key, tile) {
  const there = into.get(key);
  if (there) there.push(tile);
  else into.set(key, [tile]);
}

/** @param {Tile[]} tiles @param {TileSet} set @param {string} column */
function seriesOf(tiles, set, column) {
  const shared = set.columns.filter(({ name, role }) => role === 'parameter' && name !== column).map(({ name }) => name);
  /** @type {Map<string, Map<number, Tile[]>>} */
  const series = new Map();
  for (const tile of tiles) {
    const time = tile.metadata[column];
    if (!isNumber(time)) continue;
    const key = JSON.stringify(shared.map((name) => tile.metadata[name] ?? null));
    const moments = series.get(key) ?? new Map();
    gather(moments, time, tile);
    series.set(key, moments);
  }
  return series;
}

/** Return the moment of a series that is shown at a time: the last that is not later, else its first. @param {Iterable<number>} moments @param {number} time */
function momentAt(moments, time) {
  const sorted = [...moments].sort((a, b) => a - b);
  return sorted.findLast((moment) => moment <= time) ?? sorted[0];
}

/**
 * Return which tiles a time leaves out, each with the one of its series that is there instead. All that has no time stays.
 * @param {Timed[]} timed @param {number|undefined} time undefined: all are there @returns {Map<number, number>}
 */
export function leftOut(timed, time) {
  /** @type {Map<number, number>} */
  const out = new Map();
  if (time === undefined) return out;
  for (const { series } of timed) {
    for (const moments of series.values()) {
      const now = momentAt(moments.keys(), time);
      const [shown] = moments.get(now) ?? [];
      for (const [moment, tiles] of moments) if (moment !== now) for (const { id } of tiles) out.set(id, shown.id);
    }
  }
  return out;
}

/** The series of a wall, made anew when its tiles are others, or say something else. */
export class Series {
  /** @type {Timed[]} */ #timed = [];
  /** @type {unknown[]} what that was made of */ #of = [];

  /** What tiles say changed. */
  forget() {
    this.#of = [];
  }

  /** @param {{tiles: Map<number, Tile>, sets: Map<number, TileSet>}} wall */
  of({ tiles, sets }) {
    if (tiles !== this.#of[0] || sets !== this.#of[1]) [this.#timed, this.#of] = [timedSets(tiles.values(), sets), [tiles, sets]];
    return this.#timed;
  }

  /** Return the tiles that stand there at a time, and which are left out, as `leftOut` does. @param {{tiles: Map<number, Tile>, sets: Map<number, TileSet>}} wall @param {number|undefined} time */
  standing(wall, time) {
    const out = leftOut(this.of(wall), time);
    return { out, there: out.size > 0 ? [...wall.tiles.values()].filter(({ id }) => !out.has(id)) : wall.tiles.values() };
  }
}

/** Return the moments of members, in order. @param {Timed[]} timed */
const momentsOf = (timed) => [...new Set(timed.flatMap(({ series }) => [...series.values()].flatMap((moments) => [...moments.keys()])))].sort((a, b) => a - b);

/** Return the tiles that show a movie now. @param {Iterable<Tile>} tiles @param {(tile: Tile) => boolean} isLive */
export function moviesOf(tiles, isLive) {
  const found = [];
  for (const tile of tiles) if (tile.media?.clock === 'seconds' && (tile.media.length ?? 0) > 0 && isLive(tile)) found.push(tile);
  return found;
}

/** Return the range of a movie. @param {Tile} tile @returns {Range} */
export const movieRange = ({ media }) => ({ least: 0, most: media?.length ?? 0, unit: 's', step: 1 / (media?.pace || MOVIE_PACE) });

/**
 * Return the range that an action says of its parameter `time`; null: it says no end.
 * @param {any} schema JSON Schema of its parameters @returns {Range|null}
 */
export function actionRange(schema) {
  const time = schema?.properties?.time ?? {};
  const [least, most] = [time.minimum ?? time.exclusiveMinimum ?? 0, time.maximum ?? time.exclusiveMaximum];
  if (!isNumber(least) || !isNumber(most) || least >= most) return null;
  const whole = time.type === 'integer';
  const step = isNumber(time.multipleOf) && time.multipleOf > 0 ? time.multipleOf : whole ? 1 : (most - least) / STEPS;
  return { least, most, unit: typeof time.unit === 'string' ? time.unit : '', step, whole };
}

/**
 * Return what the slider goes over: all of it together, or null when nothing has a time.
 * @param {Timed[]} timed @param {Range[]} movies @param {Range[]} actions @returns {Span|null}
 */
export function spanOf(timed, movies, actions) {
  const values = momentsOf(timed);
  const units = timed.map(({ set, column }) => set.columns.find(({ name }) => name === column)?.unit ?? '');
  const ranges = [...movies, ...actions, ...(values.length > 0 ? [{ least: values[0], most: /** @type {number} */ (values.at(-1)), step: Infinity }] : [])];
  if (ranges.length === 0) return null;
  const unit = new Set([...units, ...[...movies, ...actions].map((range) => range.unit)]);
  const [only] = unit;
  return {
    least: ranges.reduce((least, range) => Math.min(least, range.least), Infinity),
    most: ranges.reduce((most, range) => Math.max(most, range.most), -Infinity),
    unit: unit.size === 1 ? only : '',
    step: ranges.reduce((step, range) => Math.min(step, range.step), Infinity),
    values,
    whole: movies.length === 0 && actions.length > 0 && actions.every(({ whole }) => whole) && values.every(Number.isInteger),
    alone: movies.length + actions.length === 0,
    clock: values.length + actions.length === 0,
  };
}

/** Return a time within the slider; where members alone have one, the nearest of theirs. @param {Span} span @param {number} time */
export function snapped({ least, most, values, whole, alone }, time) {
  if (alone) return values.reduce((near, value) => (Math.abs(value - time) < Math.abs(near - time) ? value : near));
  const within = Math.min(most, Math.max(least, time));
  return whole ? Math.round(within) : within;
}

/** Return the next time, or the one before: of members if there are some there. @param {Span} span @param {number} time @param {1|-1} way */
export function stepped(span, time, way) {
  const { values, step } = span;
  const next = way > 0 ? values.find((value) => value > time) : values.findLast((value) => value < time);
  if (next !== undefined || !Number.isFinite(step)) return snapped(span, next ?? time);
  return snapped(span, Number((time + way * step).toPrecision(12)));
}

/** Return by how much the time goes on in a second, while it plays: as movies do, else so that a run is neither over at once nor never. @param {Span} span @param {boolean} movies whether some are there */
export function paceOf({ least, most, values, alone }, movies) {
  if (movies) return 1;
  const seconds = alone ? Math.min(RUN_MOST, Math.max(RUN_LEAST, values.length * MEMBER_SECONDS)) : RUN_MOST;
  return (most - least) / seconds;
}
