/**
 * What is said of GL in a tile. Pure.
 *
 * @typedef {object} Gl  what the tile's node agent found (Truth in tvcore/container/gl/values.py)
 * @property {string} way @property {string} renderer @property {string} vendor @property {string} version
 * @property {string|null} gpu @property {boolean} software @property {boolean} promised @property {boolean} wrong
 * @property {string} note
 * @typedef {{bad: boolean, words: string[], why: string}} Badge  words: from the longest to the shortest
 * @typedef {{gl?: Gl|null, renderer: string|null}} Drawn
 */

import { t } from './text.js';

const MAKERS = /\b(?:NVIDIA(?: Corporation)?|GeForce|Tesla|Mesa|AMD|DRI)\b/gi;
const BUILD = /[-\s](?:SXM\d?|PCIE?|NVL|HBM\w*|\d+GB).*$/i; // of one GPU: how it is built, and its memory

/** Return whether GL draws by software, from what its renderer is called. */
export function isSoftware(/** @type {string} */ renderer) {
  return /llvmpipe|softpipe|swrast|swiftshader|software/i.test(renderer);
}

/** Return a GPU's name as people say it: "NVIDIA A100-SXM4-40GB/PCIe/SSE2" is an A100. */
export function gpuName(/** @type {string} */ renderer) {
  const plain = renderer.replace(/\/.*$/, '').replace(/\((?:R|TM)\)/gi, '').replace(/\(.*$/, '');
  const name = plain.replace(MAKERS, '').replace(/\s+/g, ' ').trim().replace(BUILD, '');
  return name || plain.trim() || renderer;
}

/** Return the badge of a tile, or null while nothing is known of its GL. */
export function badgeOf(/** @type {Drawn} */ { gl, renderer }) {
  const name = gl ? gl.renderer : renderer;
  if (!gl && !name) return null;
  const software = gl ? gl.software : isSoftware(name ?? '');
  const note = gl?.note ?? '';
  /** @type {Badge} */
  let badge = { bad: false, words: [t('gl.gpu', { name: gpuName(name ?? '') }), t('gl.gpu-short')], why: note };
  if (software) badge = { bad: false, words: [t('gl.software'), t('gl.software-short')], why: note };
  if (gl && !name) badge = { bad: gl.promised, words: [t('gl.none')], why: note };
  else if (gl?.software && gl.promised) {
    const why = note || t('gl.why-no-gpu');
    badge = { bad: true, words: [t('gl.no-gpu'), t('gl.no-gpu-short'), ''], why };
  } else if (gl?.wrong) {
    const why = note || t('gl.why-other');
    badge = { bad: true, words: [t('gl.other'), t('gl.other-short'), ''], why };
  }
  return badge;
}

const WAYS = {
  nvidia: t('gl.way-nvidia'),
  virtualgl: t('gl.way-virtualgl'),
  mesa: 'Mesa',
};

/** Return what the panel says of GL: pairs of a name and a value, those that are known. */
export function factsOf(/** @type {Drawn} */ drawn) {
  const { gl, renderer } = drawn;
  const name = gl?.renderer || renderer;
  const software = gl ? gl.software : isSoftware(name ?? '');
  /** @type {[string, string|null|undefined][]} */
  const facts = [
    [t('gl.renderer'), name ? (software ? t('gl.by-processor', { name }) : name) : t(gl ? 'gl.does-not-draw' : 'gl.not-known')],
    [t('gl.vendor'), gl?.vendor],
    [t('gl.version'), gl?.version],
    [t('gl.through'), gl && (WAYS[/** @type {keyof typeof WAYS} */ (gl.way)] ?? gl.way)],
    [t('gl.gpu-short'), gl?.gpu],
  ];
  return /** @type {[string, string][]} */ (facts.filter(([, value]) => value));
}
