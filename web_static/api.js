/** The portal's HTTP interface: every call carries the key that login gave this tab, and the session that it is about. */

import { sessionKey } from './here.js';
import { t } from './text.js';

const KEY = 'tiledviz.key';
const API = 'api/v1'; // below the page, which may stand under a path of its host

export class ApiError extends Error {
  /** @param {number} status 0 when the portal did not answer @param {string} message @param {number|null} at @param {any} answer all that it said */
  constructor(status, message, at = null, answer = null) {
    super(message);
    this.status = status;
    this.at = at;
    this.answer = answer;
  }
}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const setKey = (/** @type {string} */ key) => sessionStorage.setItem(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/**
 * Call the portal and return its JSON. Throws ApiError with a line to show.
 * @param {string} method @param {string} path below /api/v1 @param {object} [body] @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function call(method, path, body, signal) {
  const headers = keyed();
  if (body) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(API + path, { method, headers, body: body ? JSON.stringify(body) : undefined, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, t('page.no-answer'));
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, answer?.error ?? t('page.answers', { status: response.status }), answer?.at ?? null, answer);
  return answer;
}

/** @returns {Record<string, string>} */
const keyed = () => ({ 'X-TiledViz-Key': sessionStorage.getItem(KEY) ?? '', ...(sessionKey() ? { 'X-TiledViz-Session': sessionKey() } : {}) });

/** Return what the portal keeps as bytes, null where it has none. @param {string} path below /api/v1 @returns {Promise<Blob|null>} */
export async function blob(path) {
  const response = await fetch(API + path, { headers: keyed() }).catch(() => null);
  return response?.ok ? response.blob() : null;
}

/** Have the portal make a file. Throws ApiError with a line to show. @param {string} path below /api/v1 @param {object} body @param {AbortSignal} signal @returns {Promise<Blob>} */
export async function fetchFile(path, body, signal) {
  const headers = { ...keyed(), 'Content-Type': 'application/json' };
  const response = await fetch(API + path, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch((error) => {
    if (signal.aborted) throw error;
    throw new ApiError(0, t('page.no-answer'));
  });
  if (response.ok) return response.blob();
  const answer = await response.json().catch(() => null);
  throw new ApiError(response.status, answer?.error ?? t('page.answers', { status: response.status }));
}

/** Return the wall's query result: ids of the tiles that match. */
export const query = (/** @type {string} */ text, /** @type {AbortSignal} */ signal) =>
  call('GET', `/query?q=${encodeURIComponent(text)}`, undefined, signal);

/** Return the last lines of a tile's log. */
export const log = async (/** @type {number} */ id) => /** @type {string[]} */ ((await call('GET', `/tiles/${id}/log?lines=50`)).lines);

/**
 * What came of a tile: `error` is empty when it was done. The rest is there after a command, a size or a fetched file.
 * @typedef {{tile: number, error: string, code?: number|null, stdout?: string, stderr?: string, cut?: boolean, said?: string}} Result
 */

/** @param {string} verb @param {number[]} tiles @param {object} [more] @returns {Promise<Result[]>} */
const each = async (verb, tiles, more = {}) => (await call('POST', `/tiles/${verb}`, { tiles, ...more })).results;

export const restart = (/** @type {number[]} */ tiles) => each('restart', tiles);
export const stop = (/** @type {number[]} */ tiles) => each('stop', tiles);
export const remove = (/** @type {number[]} */ tiles) => each('remove', tiles);
export const resize = (/** @type {number[]} */ tiles, /** @type {{width: number, height: number}} */ size) => each('resize', tiles, size);
export const run = (/** @type {number[]} */ tiles, /** @type {string[]} */ command, /** @type {number} */ seconds) =>
  each('run', tiles, { command, seconds });
export const put = (/** @type {number[]} */ tiles, /** @type {string} */ path, /** @type {string} base64 */ data) => each('put', tiles, { path, data });

/** @typedef {{case: string, name: string, title: string, icon: string, each: 'tile'|'once', leader?: boolean, parameters?: import('./fields-schema.js').Schema|null, confirm: string, means?: ''|'camera'|'time', tiles: number[]}} CaseAction */
/** How far an action is in a tile. @typedef {{tile: number, fraction: number, text: string, state: 'waits'|'runs'|'done'|'failed'}} Far */

/** What the cases of tiles offer to who asks. @returns {Promise<{actions: CaseAction[], errors: string[]}>} */
export const caseActions = (/** @type {number[]} */ tiles) => call('POST', '/tiles/actions', { tiles });
/** Do an action; ends when all is done. @param {number[]} tiles a leader first @param {string} name @param {Record<string, unknown>} given texts as typed @param {string} request a name for it, made up */
export const caseAct = (tiles, name, given, request) => each('act', tiles, { name, arguments: given, request });
/** End an act: what runs is ended, what waits never begins. @param {string} request */
export const actCancel = (request) => call('POST', `/acts/${request}/cancel`, {});

export const play = (/** @type {number[]} */ tiles, /** @type {{at: number, playing: boolean, rate: number}} */ how) => each('play', tiles, how);

/** Return a file of a tile, its bytes in base64. @returns {Promise<{data: string, name: string}>} */
export const get = (/** @type {number} */ tile, /** @type {string} */ path) => call('POST', '/tiles/get', { tile, path });

export const stopJob = (/** @type {string} */ job) => call('POST', `/jobs/${job}/stop`);
export const launchAgain = (/** @type {string} */ job) => call('POST', `/jobs/${job}/again`);

/** Return the address of a stream and the subprotocols that open it, once, within 30 seconds. */
export async function streamTicket(/** @type {'wall'|'rfb'} */ stream, /** @type {number|null} */ tile = null) {
  const { ticket } = await call('POST', '/tickets', { stream, tile });
  const url = new URL(API + (stream === 'wall' ? '/wall/stream' : `/tiles/${tile}/rfb`), location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return { url: url.href, protocols: ['tiledviz', `ticket.${ticket}`] };
}
