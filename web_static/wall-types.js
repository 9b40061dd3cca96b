/**
 * What the portal says of a wall: tile sets, their columns, tiles.
 *
 * @typedef {number|string|boolean|null} Value
 * @typedef {'queued'|'starting'|'live'|'failed'|'stopped'} State
 * @typedef {{name: string, dtype: string, unit: string|null, description: string|null, role: string}} Column
 * @typedef {object} TileSet   times in seconds since the epoch
 * @property {number} id
 * @property {string} case
 * @property {string} title
 * @property {string|null} job
 * @property {string} state    of its job
 * @property {string|null} reason
 * @property {Column[]} columns
 * @property {('camera'|'time')[]} [means]  what actions of its case are for that the page does by itself
 * @property {Record<string, string>} [images]      digests by path
 * @property {number|null} [expected_start]
 * @property {number|null} [started]
 * @property {number|null} [ends]    when its time limit is reached
 * @property {number|null} [warns]   from when that is told
 * @typedef {object} Tile
 * @property {number} id
 * @property {number} set
 * @property {number} index
 * @property {string} title
 * @property {State} state
 * @property {string|null} reason
 * @property {string} [cause]       what kind of failure it is
 * @property {string} [advice]      what to do about it
 * @property {string|null} [image]  the container it runs in
 * @property {import('./gl.js').Gl|null} [gl]
 * @property {number|null} [expected_start]  of its job, while queued
 * @property {number|null} [away]   when its node agent was last heard, if that does not answer
 * @property {'live'|'picture'|'movie'|'pdf'|'page'} [kind]  what it shows
 * @property {import('./media-clock.js').Media|null} [media]  of one that is no display
 * @property {string|null} node
 * @property {string|null} job
 * @property {number} frames
 * @property {string|null} renderer
 * @property {number} width   of the display, in pixels
 * @property {number} height
 * @property {string[]} tags
 * @property {number|null} member
 * @property {Record<string, Value>} metadata
 * @property {number|null} stream
 * @typedef {{session: string, revision: number, sets: TileSet[], tiles: Tile[], notices?: string[]}} WallDocument
 */

export {};
