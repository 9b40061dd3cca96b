/**
 * What the page asks the portal about cases and launches.
 *
 * @typedef {{name: string, source: string, title: string, description: string, parameters: import('./fields-schema.js').Schema, picture?: boolean, hooks?: string[], warnings?: string[], error?: string}} Case  a broken one has its `error`, and no title, description or parameters
 * @typedef {Record<string, unknown>} Given   texts as typed; a setting by its dotted key
 * @typedef {{name: string, default: boolean, state: string, time: number|null, time_default: number|null, nodes: number, usable: number, cpus: number, memory: number, gpus: {type: string, count: number, nodes: number}[]}} Partition
 * @typedef {{key: string, value: unknown, source: string, description: string, schema: import('./fields-schema.js').Schema}} Setting
 * @typedef {{scheduler: string, error: string, partitions: Partition[], accounts: string[], qos: string[], reservations: {name: string}[], settings: Setting[]}} Offers
 * @typedef {import('./fields.js').Problem} Problem
 * @typedef {{problems: Problem[], warnings: Problem[], preview: string, note: string}} Checked
 * @typedef {{script: string, path: string, submit: string, commands: {tile: number, title: string, command: string, program: string}[]}} Prepared
 * @typedef {{name: string, case: string, title: string, parameters: Given, settings: Given, tiles: number|null, saved: number}} Preset
 */

import { blob, call } from './api.js';
import { newRequest, whileUnderWay } from './under-way.js';

const at = (/** @type {string} */ name, /** @type {string} */ verb) => `/cases/${encodeURIComponent(name)}/${verb}`;

/** @returns {Promise<Case[]>} */
export const cases = () => call('GET', '/cases');

/** Return a case's picture. @param {string} name */
export const picture = (name) => blob(at(name, 'picture'));

/** @returns {Promise<Offers>} */
export const offers = () => call('GET', '/offers');

/** Say what is wrong, all of it. @param {string} name @param {Given} set @param {string|null} tiles @param {boolean} preview @param {AbortSignal} [signal] @returns {Promise<Checked>} */
export const check = (name, set, tiles, preview, signal) => call('POST', at(name, 'check'), { set, tiles, preview }, signal);

/** How far something is; with a fraction of 0 and no text nobody has said. @typedef {{fraction: number, text: string}} Far */

/** @template R @param {string} path @param {object} body @param {(far: Far) => void} told @param {string} request @returns {Promise<R>} */
function long(path, body, told, request) {
  return whileUnderWay(`/launches/${request}`, () => call('POST', path, { ...body, request }), told);
}

/** @param {string} name @param {Given} set @param {string|null} tiles @param {(far: Far) => void} told @param {string} [request] its name @returns {Promise<Prepared>} */
export const prepare = (name, set, tiles, told, request = newRequest()) => long(at(name, 'prepare'), { set, tiles }, told, request);

/** @param {string} name @param {Given} set @param {string|null} tiles @param {(far: Far) => void} told @param {string} [request] its name @returns {Promise<{id: string, tiles: number}>} */
export const launch = (name, set, tiles, told, request = newRequest()) => long('/launch', { case: name, set, tiles }, told, request);

/** Give up what is under way by this name; what is over already stays as it is. @param {string} request */
export const cancel = (request) => call('POST', `/launches/${request}/cancel`, {}).catch(() => {});

/** @returns {Promise<{saved: Preset[], recent: Preset[]}>} the last first */
export const presets = () => call('GET', '/presets');

/** Raises ApiError with the status 409 when there is one of this name, unless it is to be replaced. @param {string} name @param {string} of @param {Given} set @param {string|null} tiles @param {boolean} replace */
export const savePreset = (name, of, set, tiles, replace) => call('POST', '/presets', { name, case: of, set, tiles, replace });
export const removePreset = (/** @type {string} */ name) => call('POST', `/presets/${encodeURIComponent(name)}/remove`, {});
export const renamePreset = (/** @type {string} */ name, /** @type {string} */ to) => call('POST', `/presets/${encodeURIComponent(name)}/rename`, { to });
