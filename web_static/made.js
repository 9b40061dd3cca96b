/**
 * Columns that an analysis made, as the session's document has them: `made/NAME`. Pure; tvcore/analysis/made.py is its twin.
 * They are put into what the wall says of tiles and tile sets, so that all that reads columns has them. A column that a tile has by
 * itself goes before one of the same name that was made.
 *
 * @typedef {import('./wall-types.js').Column} Column
 * @typedef {import('./wall-types.js').Value} Value
 * @typedef {Map<number, {id: number, columns: Column[]}>} Sets
 * @typedef {Map<number, {id: number, metadata: Record<string, Value>}>} Tiles
 * @typedef {{how: string, unit: string, values: [number, number|string][], tagged: 'values'|number|null}} MadeColumn
 */

const MADE = /^made\//;

/** Return whether a change of the document is about columns that were made. @param {Iterable<string>} paths */
export const makes = (paths) => [...paths].some((path) => path === '' || MADE.test(path));

/** Return the path of a column. @param {string} name */
export const pathOf = (name) => `made/${encodeURIComponent(name)}`;

export class Made {
  /** @type {Map<string, MadeColumn>} by name */ columns = new Map();
  /** @type {Map<number, Record<string, Value>>} what was made of each tile */ #of = new Map();
  /** @type {Map<number, Record<string, Value>>} what each tile has by itself */ #given = new Map();
  /** @type {Map<number, Column[]>} */ #columns = new Map();

  /** Take what the document says now; return whether that is something else. @param {{below: (prefix: string) => [string, any][]}} document */
  read(document) {
    const before = this.columns;
    this.columns = new Map(document.below('made/').map(([rest, column]) => [decodeURIComponent(rest), column]));
    if (before.size === this.columns.size && [...this.columns].every(([name, column]) => before.get(name) === column)) return false;
    this.#of = new Map();
    for (const [name, { values }] of this.columns) {
      for (const [id, value] of values) {
        const of = this.#of.get(id);
        if (of) of[name] = value;
        else this.#of.set(id, { [name]: value });
      }
    }
    return true;
  }

  /** Take a whole wall anew, its sets and tiles as the portal said them, and put what was made into them. @param {Sets} sets @param {Tiles} tiles */
  begin(sets, tiles) {
    this.#given = new Map([...tiles.values()].map(({ id, metadata }) => [id, metadata]));
    this.#columns = new Map([...sets.values()].map(({ id, columns }) => [id, columns]));
    this.put(sets, tiles);
  }

  /** Take what the portal says of a tile now. @param {{id: number, metadata: Record<string, Value>}} tile */
  given(tile) {
    this.#given.set(tile.id, tile.metadata);
    this.#tile(tile);
  }

  /** Put what was made into sets and tiles. @param {Sets} sets @param {Tiles} tiles */
  put(sets, tiles) {
    const made = [...this.columns].map(([name, column]) => describe(name, column));
    for (const set of sets.values()) {
      const own = this.#columns.get(set.id) ?? [];
      const names = new Set(own.map(({ name }) => name));
      set.columns = made.length > 0 ? [...own, ...made.filter(({ name }) => !names.has(name))] : own;
    }
    for (const tile of tiles.values()) this.#tile(tile);
  }

  /** @param {{id: number, metadata: Record<string, Value>}} tile */
  #tile(tile) {
    const [given, of] = [this.#given.get(tile.id) ?? tile.metadata, this.#of.get(tile.id)];
    tile.metadata = of ? { ...of, ...given } : given;
  }
}

/** @param {string} name @param {MadeColumn} column @returns {Column} */
function describe(name, { how, unit, values }) {
  return { name, dtype: typeof values[0]?.[1] === 'string' ? 'S' : 'float64', unit, description: how, role: 'result' };
}
