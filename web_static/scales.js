/**
 * Scales of colour for numbers: perceptually even, safe for colour-blind eyes, never a rainbow. Pure.
 *
 * - viridis: S. van der Walt, N. Smith, "A Better Default Colormap for Matplotlib", SciPy 2015
 * - cividis: J. R. Nuñez, C. R. Anderton, R. S. Renslow, PLoS ONE 13(7), 2018
 * - batlow, and vik as the diverging one, whose middle is neutral: F. Crameri, "Scientific colour maps", 2018; F. Crameri,
 *   G. E. Shephard, P. J. Heron, Nature Communications 11, 2020
 *
 * Each is kept as seventeen colours of its published table, evenly apart, between which sRGB is interpolated: within 11 of 255 everywhere.
 *
 * @typedef {'viridis'|'cividis'|'batlow'|'diverging'} ScaleName
 */

const TABLES = {
  viridis: '440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725',
  cividis: '00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838',
  batlow: '011959 0d315d 114360 175262 226061 356a59 4d734d 677b3e 828231 a18a2b c09036 dd954d f29d6d fca993 fdb4b6 fcc0d8 faccfa',
  diverging: '001261 022b71 034481 0c5e92 307da6 619ebd 94bed2 c6dbe6 ece5e0 e9cab8 dbaa8d cf8c66 c27041 b2511d 912d06 731406 590008',
};
const COLOURS = /** @type {Record<ScaleName, number[][]>} */ (
  Object.fromEntries(Object.entries(TABLES).map(([name, table]) => [name, table.split(' ').map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)))]))
);
const STOPS = 16; // between the colours of a table
export const SCALES = /** @type {ScaleName[]} */ (Object.keys(TABLES));

/** Return the colour at a place of a scale, 0 to 1; what is beyond has the colour of the end. @param {ScaleName} name @param {number} place */
export function colourAt(name, place) {
  const colours = COLOURS[name] ?? COLOURS.viridis;
  const x = Math.max(0, Math.min(1, place)) * (colours.length - 1);
  const at = Math.min(colours.length - 2, Math.floor(x));
  const mixed = colours[at].map((one, i) => Math.round(one + (colours[at + 1][i] - one) * (x - at)));
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Return a scale as the background of a band. @param {{scale: ScaleName, reversed: boolean}} spec */
export const gradientOf = ({ scale, reversed }) => `linear-gradient(to right, ${Array.from({ length: STOPS + 1 }, (_, i) => colourAt(scale, (reversed ? STOPS - i : i) / STOPS)).join()})`;

/** Return where a value stands between two ends, 0 to 1 and beyond. @param {number} value @param {{from: number, to: number, reversed: boolean}} ends */
export function placeOf(value, { from, to, reversed }) {
  const place = to === from ? 0.5 : (value - from) / (to - from);
  return reversed ? 1 - place : place;
}

/**
 * Return the ends of a scale over these numbers: those that were set; of a diverging one both as far from zero, where numbers lie
 * on both sides of it.
 * @param {number[]} numbers finite ones @param {{scale: ScaleName, from: number|null, to: number|null}} wanted @returns {{from: number, to: number}}
 */
export function endsOf(numbers, { scale, from, to }) {
  let low = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  let high = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = [0, 1];
  if (scale === 'diverging' && low < 0 && high > 0) [low, high] = [-Math.max(-low, high), Math.max(-low, high)];
  return { from: from ?? Math.min(low, to ?? low), to: to ?? Math.max(high, from ?? high) };
}

/** Return round numbers between two ends, some `count` of them. @param {number} from @param {number} to */
export function ticksOf(from, to, count = 4) {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough;
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  if (![first, last].every(Number.isSafeInteger)) return []; // they differ by rounding alone
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
