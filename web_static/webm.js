/**
 * Writes WebM: EBML (RFC 8794) with the elements of Matroska (RFC 9559) that WebM allows, one track of pictures. Pure.
 *
 * Clusters are given away as they become whole, so that a long movie is not kept here; what stands before and behind them is made in the end,
 * with the duration and an index (cues), so that players know how long it is and can go anywhere in it.
 */

const MILLISECOND = 1_000_000; // in nanoseconds: the unit of all times in the file
const CLUSTER_MS = 30_000; // a time within a cluster has 16 bits
const KEY = 0x80; // of a block: it can be decoded without those before
const TRACK = 1;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** @param {Bytes[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Return a number as so many bytes, the highest first. @param {number} value @param {number} length */
function bytesOf(value, length) {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

/** Return a number in as few bytes as it takes. @param {number} value */
function shortOf(value) {
  let length = 1;
  while (value >= 256 ** length) length += 1;
  return bytesOf(value, length);
}

/** Return the size of an element as EBML writes it: how many bytes it takes stands in its first bits. @param {number} size */
export function sizeOf(size) {
  let length = 1;
  while (size >= 128 ** length - 1) length += 1; // all ones mean that it is not known
  const bytes = bytesOf(size, length);
  bytes[0] |= 0x80 >> (length - 1);
  return bytes;
}

/** @param {number} id @param {...Bytes} content */
function element(id, ...content) {
  const body = joined(content);
  return joined([shortOf(id), sizeOf(body.length), body]);
}

/** @param {number} id @param {number} value */
const whole = (id, value) => element(id, shortOf(value));
/** @param {number} id @param {string} value */
const text = (id, value) => element(id, new TextEncoder().encode(value));

/** @param {number} value */
function float(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const CUES = 0x1c53bb6b;
const SEGMENT = 0x18538067;
/** How colours are written, by their names in WebCodecs: the numbers of ISO/IEC 23091-2; 2 where it is not known. @type {Record<string, number>} */
const MATRICES = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6 };
/** @type {Record<string, number>} */
const TRANSFERS = { bt709: 1, smpte170m: 6, 'iec61966-2-1': 13 };
/** @type {Record<string, number>} */
const PRIMARIES = { bt709: 1, bt470bg: 5, smpte170m: 6 };
const UNKNOWN = 2;

const BEGINNING = element(0x1a45dfa3, whole(0x4286, 1), whole(0x42f7, 1), whole(0x42f2, 4), whole(0x42f3, 8), text(0x4282, 'webm'), whole(0x4287, 4), whole(0x4285, 2));

export class WebM {
  /** @type {Bytes[]} blocks of the cluster that is being written */ #blocks = [];
  #clusterAt = 0;
  #written = 0; // bytes of whole clusters
  /** @type {{at: number, position: number}[]} */ #cues = [];
  #last = -1;
  /** as the encoder says it: without it, dark is black in some players @type {VideoColorSpaceInit} */ colours = {};
  #track;
  #before; // bytes of the segment before the first cluster

  /**
   * @param {{width: number, height: number, codec: 'V_VP8'|'V_VP9'}} track
   * @param {(cluster: Bytes) => void} write takes clusters in their order
   */
  constructor({ width, height, codec }, write) {
    this.write = write;
    this.#track = { width, height, codec };
    this.#before = this.#head(0, 0).length;
  }

  /** Add a picture. @param {Bytes} data as the encoder made it @param {number} at ms from the beginning @param {boolean} key whether it needs none before */
  add(data, at, key) {
    const time = Math.max(Math.round(at), this.#last + 1);
    this.#last = time;
    if (this.#blocks.length > 0 && (key || time - this.#clusterAt >= CLUSTER_MS)) this.#flush();
    if (this.#blocks.length === 0) {
      this.#clusterAt = time;
      if (key) this.#cues.push({ at: time, position: this.#before + this.#written });
    }
    const head = joined([sizeOf(TRACK), bytesOf(time - this.#clusterAt, 2), new Uint8Array([key ? KEY : 0])]);
    this.#blocks.push(element(0xa3, head, data));
  }

  /** End it; return what stands before the clusters, and what behind them. @param {number} duration ms */
  finish(duration) {
    this.#flush();
    const cues = this.#cues.map(({ at, position }) => element(0xbb, whole(0xb3, at), element(0xb7, whole(0xf7, TRACK), whole(0xf1, position))));
    const tail = element(CUES, ...cues);
    const head = this.#head(Math.max(duration, this.#last + 1), this.#before + this.#written);
    const size = bytesOf(head.length + this.#written + tail.length, 8);
    size[0] = 0x01; // eight bytes long
    return { head: joined([BEGINNING, shortOf(SEGMENT), size, head]), tail };
  }

  #flush() {
    if (this.#blocks.length === 0) return;
    const cluster = element(0x1f43b675, whole(0xe7, this.#clusterAt), ...this.#blocks);
    this.#blocks = [];
    this.#written += cluster.length;
    this.write(cluster);
  }

  #tracks() {
    const { width, height, codec } = this.#track;
    const { matrix, fullRange, transfer, primaries } = this.colours;
    const range = fullRange === undefined || fullRange === null ? 0 : fullRange ? 2 : 1;
    const colour = element(0x55b0, whole(0x55b1, MATRICES[matrix ?? ''] ?? UNKNOWN), whole(0x55b9, range), whole(0x55ba, TRANSFERS[transfer ?? ''] ?? UNKNOWN), whole(0x55bb, PRIMARIES[primaries ?? ''] ?? UNKNOWN));
    const video = element(0xe0, whole(0xb0, width), whole(0xba, height), colour);
    return element(TRACKS, element(0xae, whole(0xd7, TRACK), whole(0x73c5, TRACK), whole(0x83, 1), whole(0x9c, 0), text(0x86, codec), video));
  }

  /** What stands in the segment before the clusters: as long, whatever is in it. @param {number} duration ms @param {number} cuesAt */
  #head(duration, cuesAt) {
    const info = element(INFO, whole(0x2ad7b1, MILLISECOND), element(0x4489, float(duration)), text(0x4d80, 'TiledViz'), text(0x5741, 'TiledViz'));
    const seek = (/** @type {number} */ id, /** @type {number} */ position) => element(0x4dbb, element(0x53ab, shortOf(id)), element(0x53ac, bytesOf(position, 8)));
    const seekHead = (/** @type {number[]} */ positions) => element(0x114d9b74, ...[INFO, TRACKS, CUES].map((id, i) => seek(id, positions[i])));
    const { length } = seekHead([0, 0, 0]);
    return joined([seekHead([length, length + info.length, cuesAt]), info, this.#tracks()]);
  }
}
