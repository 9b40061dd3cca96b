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
  let badge = { bad: false, words: [`GPU ${gpuName(name ?? '')}`, 'GPU'], why: note };
  if (software) badge = { bad: false, words: ['software GL', 'software'], why: note };
  if (gl && !name) badge = { bad: gl.promised, words: ['no GL'], why: note };
  else if (gl?.software && gl.promised) {
    const why = note || 'it was to draw on a GPU, but the processor draws';
    badge = { bad: true, words: ['no GPU: software GL', 'no GPU', ''], why };
  } else if (gl?.wrong) {
    const why = note || 'another GPU draws than the one that this tile was given';
    badge = { bad: true, words: ['draws on another GPU', 'other GPU', ''], why };
  }
  return badge;
}

const WAYS = {
  nvidia: 'NVIDIA’s own GLX',
  virtualgl: 'VirtualGL, by EGL on the GPU',
  mesa: 'Mesa',
};

/** Return what the panel says of GL: pairs of a name and a value, those that are known. */
export function factsOf(/** @type {Drawn} */ drawn) {
  const { gl, renderer } = drawn;
  const name = gl?.renderer || renderer;
  const software = gl ? gl.software : isSoftware(name ?? '');
  /** @type {[string, string|null|undefined][]} */
  const facts = [
    ['Renderer', name ? `${name}${software ? ': drawn by the processor, no GPU' : ''}` : gl ? 'none: GL does not draw' : 'not known yet'],
    ['GL vendor', gl?.vendor],
    ['GL version', gl?.version],
    ['GL through', gl && (WAYS[/** @type {keyof typeof WAYS} */ (gl.way)] ?? gl.way)],
    ['GPU', gl?.gpu],
  ];
  return /** @type {[string, string][]} */ (facts.filter(([, value]) => value));
}
