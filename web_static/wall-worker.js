/**
 * The worker that is the wall's eye: it opens the wall stream, decodes the pictures and draws the one canvas.
 * Pictures never touch the page's own thread.
 *
 * @typedef {import('./wall-scene.js').SceneTile} SceneTile
 * @typedef {import('./wall-scene.js').Theme} Theme
 * @typedef {import('./camera.js').Motion} Motion
 * @typedef {{type: 'init', canvas: OffscreenCanvas}
 *   | {type: 'connect', url: string, protocols: string[]}
 *   | {type: 'size', width: number, height: number, ratio: number}
 *   | {type: 'theme', theme: Theme}
 *   | {type: 'camera', motion: Motion}
 *   | ({type: 'scene'} & import('./wall-scene.js').Standing)
 *   | {type: 'insertion', line: import('./camera.js').Rect|null}
 *   | {type: 'tiles', tiles: SceneTile[]}
 *   | {type: 'compare', layers: import('./compare-layers.js').Layer[]|null}
 *   | {type: 'reference', reference: import('./wall-against.js').Reference|null}
 *   | {type: 'draw'}
 *   | {type: 'stale', since: number|null}
 *   | {type: 'demand', demand: import('./demand.js').Demanded[]}
 *   | {type: 'say', message: object}
 *   | {type: 'snapshot', id: number, request: number}
 *   | {type: 'film', tile: number|null, request: number}
 *   | {type: 'filmed', request: number}
 *   | {type: 'drawn', request: number}} ToWorker
 * @typedef {{type: 'open'} | {type: 'outdated'} | {type: 'closed', reason: string, out: boolean} | {type: 'event', event: any}
 *   | {type: 'answer', request: number, value: any}} FromWorker
 */

import { t } from './text.js';
import { EVENT, isGreeting, kindOf, parseEvent } from './wire.js';
import { Against } from './wall-against.js';
import { Compared } from './wall-compare.js';
import { WallFilm } from './wall-film.js';
import { Pictures } from './wall-pictures.js';
import { Scene } from './wall-scene.js';

const POLICY = 1008; // the close code (RFC 6455, section 7.4.1) by which the portal throws somebody out

const pictures = new Pictures((id) => {
  for (const each of against.changedBy(id)) scene.pictureChanged(each);
});
const against = new Against(pictures);
const compared = new Compared(pictures);
const scene = new Scene(against, () => {
  tellDrawn();
  film.frame();
});
const film = new WallFilm(scene, pictures);
// Tests and benchmarks look in by this name, as they do in the page.
Object.assign(globalThis, { tiledviz: { scene, pictures, against, compared } });

/** @type {WebSocket|null} */
let socket = null;
/** Whether the portal at the other end of the socket has shown that it is of this page's release. */
let greeted = false;
/** @type {import('./demand.js').Demanded[]} */
let demand = [];

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
function tell(message, transfer = []) {
  postMessage(message, { transfer });
}

/** @param {object} message */
function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(JSON.stringify(message)));
}

/** What was drawn makes room for more: as many bytes. */
function tellDrawn() {
  const drawn = pictures.takeDrawn();
  if (drawn) send({ drawn });
}

/** @param {string} url @param {string[]} protocols */
function connect(url, protocols) {
  socket?.close();
  pictures.forgetDrawn();
  const opened = new WebSocket(url, protocols);
  let broken = '';
  socket = opened;
  greeted = false;
  opened.binaryType = 'arraybuffer';
  opened.onmessage = ({ data }) => {
    if (socket !== opened) return;
    try {
      receive(data);
    } catch (error) {
      // To go on would leave holes in pictures: a new stream starts with whole ones.
      broken = t('status.unreadable', { why: error instanceof Error ? error.message : String(error) });
      opened.close();
    }
  };
  opened.onclose = ({ reason, code }) => {
    if (socket !== opened) return;
    socket = null;
    pictures.forgetDrawn();
    tell({ type: 'closed', reason: broken || reason, out: code === POLICY });
  };
}

/** @param {ArrayBuffer} data */
function receive(data) {
  const event = kindOf(data) === EVENT ? parseEvent(data) : null;
  if (!greeted) {
    if (!isGreeting(event)) return leave();
    greeted = true;
    tell({ type: 'open' });
    send({ demand });
  }
  if (event) {
    // Which stream is which tile must be known before the next message, which may be a picture.
    if (event.event === 'wall') {
      pictures.setTiles(event.wall.tiles);
      against.forget();
    }
    if (event.event === 'tiles') pictures.updateTiles(event.tiles);
    tell({ type: 'event', event });
  } else {
    pictures.take(data);
  }
}

/** The portal is of another release: what it says could be misread, so nothing of it is. */
function leave() {
  socket?.close();
  socket = null;
  tell({ type: 'outdated' });
}

/** @param {number} request @param {Promise<unknown>} value */
const answer = async (request, value) => tell({ type: 'answer', request, value: await value });

/** @param {number} id @param {number} request */
async function snapshot(id, request) {
  const picture = pictures.of(id);
  const value = picture ? await createImageBitmap(picture.image.source, picture.x, picture.y, picture.width, picture.height) : null;
  tell({ type: 'answer', request, value }, value ? [value] : []);
}

addEventListener('message', (/** @type {MessageEvent<ToWorker>} */ { data: message }) => {
  switch (message.type) {
    case 'init':
      return scene.setCanvas(message.canvas);
    case 'connect':
      return connect(message.url, message.protocols);
    case 'size':
      return scene.setSize(message.width, message.height, message.ratio);
    case 'theme':
      return scene.setTheme(message.theme);
    case 'camera':
      return scene.setCamera(message.motion);
    case 'scene':
      return scene.setTiles(message);
    case 'insertion':
      return scene.setInsertion(message.line);
    case 'tiles':
      return scene.updateTiles(message.tiles);
    case 'compare': {
      const { layers } = message;
      return scene.setInstead(layers && ((...paint) => compared.draw(layers, ...paint)));
    }
    case 'reference':
      against.setReference(message.reference);
      return scene.setInstead();
    case 'draw':
      return scene.drawNow();
    case 'stale':
      return scene.setStale(message.since);
    case 'demand':
      demand = message.demand;
      return send({ demand });
    case 'say':
      return send(message.message);
    case 'snapshot':
      return void snapshot(message.id, message.request);
    case 'film':
      return void answer(message.request, film.begin(message.tile));
    case 'filmed':
      return void answer(message.request, film.end());
    case 'drawn':
      return tell({ type: 'answer', request: message.request, value: { frames: scene.frames, tiles: pictures.drawnCounts() } });
  }
});
