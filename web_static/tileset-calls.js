/** What the page asks the portal about kept tile sets. */

import { call } from './api.js';

/** @typedef {{name: string, title: string, tiles: number, columns: number, revision: number, person: string, at: number, jobs?: string[]}} KeptSet */
/** Of each complaint its rows, as people count them in that file, and how many more there are. @typedef {{took: number, columns: number, about: string[], items: {what: 'changed'|'left', text: string, rows: number[], more: number}[]}} Report */
/** @typedef {{updated: number, again: string[]}} OnWall */

const at = (/** @type {string} */ name, /** @type {string} */ verb = '') => `/tilesets/${encodeURIComponent(name)}${verb && `/${verb}`}`;

/** @param {string} text that is looked for @returns {Promise<KeptSet[]>} */
export const list = async (text) => (await call('GET', `/tilesets?q=${encodeURIComponent(text)}`)).tilesets;

/** @param {string} name @returns {Promise<{name: string, revision: number, document: object}>} */
export const read = (name) => call('GET', at(name));

/** Raises ApiError with the status 409 when somebody else kept it meanwhile, 422 when its `answer` has `problems`. @param {string} name @param {number} revision @param {object} document @returns {Promise<{revision: number, wall: OnWall|null}>} */
export const write = (name, revision, document) => call('POST', at(name), { revision, document });

export const copy = (/** @type {string} */ name, /** @type {string} */ to) => call('POST', at(name, 'copy'), { to });
export const rename = (/** @type {string} */ name, /** @type {string} */ to) => call('POST', at(name, 'rename'), { to });
export const remove = (/** @type {string} */ name) => call('POST', at(name, 'remove'), {});
export const restore = (/** @type {string} */ name, /** @type {number} */ revision) => call('POST', at(name, 'restore'), { revision });
/** Put a set on the wall. @param {string} name @param {string|null} replace a job that shows it as it was: its tiles are replaced */
export const show = (name, replace) => call('POST', at(name, 'show'), { replace });

/** @param {string} name @returns {Promise<{revision: number, at: number, person: string, label: string}[]>} the last first */
export const revisions = async (name) => (await call('GET', at(name, 'revisions'))).revisions;

/** @param {{path: string, name: string}|{file: string, text: string, name: string}} source @returns {Promise<{name: string, revision: number, report: Report}>} */
export const importSet = (source) => call('POST', '/tilesets/import', source);

/** What can be imported, by plugins too. @returns {Promise<{formats: {name: string, title: string, origin: string}[], problems: string[]}>} */
export const formats = () => call('GET', '/formats');

/** @param {string} name @param {number[]|null} tiles null: all of the wall @returns {Promise<{name: string, revision: number, report: Report}>} */
export const fromWall = (name, tiles) => call('POST', '/tilesets/from-wall', { name, tiles });

/** @param {string} format @param {string} set @param {string|null} path where the portal writes it; null: the answer has the text @returns {Promise<{text?: string, path?: string, report?: Report}>} */
export const exportSet = (format, set, path) => call('POST', '/export', { format, set, path });
