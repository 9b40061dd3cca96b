/**
 * What an analysis is of, and what came of it in words. Pure.
 *
 * @typedef {'kmeans'|'pca'|'tsne'|'outliers'|'nearest'} Method
 * @typedef {{name: string, unit: string, made: boolean, share: number}} Numbers  a column of numbers; share of the tiles that have one
 * @typedef {object} Answer  of the portal
 * @property {Method} method
 * @property {string[]} made @property {string} how @property {number} tiles @property {string[]} columns @property {string[]} said
 * @property {number} [k] @property {number} [proposed] @property {[number, number][]} [silhouettes] @property {number|null} [silhouette] @property {number|null} [sampled]
 * @property {{name: string, tiles: number, about: {column: string, by: number}[]}[]} [groups]
 * @property {number[]} [shares] @property {Record<string, number>[]} [axes]
 * @property {number} [found] @property {number} [beyond] @property {{tile: number, title: string, score: number, column: string, low: boolean}[]} [outliers]
 * @property {{tile: number, title: string, distance: number}[]} [near]
 * @typedef {{k: number, value: number, share: number, chosen: boolean, proposed: boolean}} Bar  share: of the greatest, 0 to 1
 */

import { formatCount, formatValue } from './format.js';
import { t } from './text.js';

export const METHODS = /** @type {Method[]} */ (['kmeans', 'pca', 'tsne', 'outliers', 'nearest']);
const SHARE_LEAST = 0.5; // of the tiles that have a value in a column that is chosen by itself
const LISTED = 8;
const COUNTS_LEAST = 0.2; // of an axis, for a column to be named with it
/** What a mean silhouette is taken for. L. Kaufman, P. J. Rousseeuw, "Finding Groups in Data", 1990, table 4 of chapter 2. @type {[number, 'strong'|'fair'|'weak'|'none'][]} */
const WORTH = [[0.7, 'strong'], [0.5, 'fair'], [0.25, 'weak'], [-Infinity, 'none']];

/** Return the columns of numbers on a wall; those that an analysis made come last. @param {import('./model.js').Model} model @returns {Numbers[]} */
export function numbersOf(model) {
  const all = [...model.tiles.values()];
  const found = model.columns().flatMap(({ name, unit }) => {
    const values = all.map(({ metadata }) => metadata[name]).filter((value) => value !== null && value !== undefined && value !== '');
    const finite = values.filter((value) => typeof value === 'number' && Number.isFinite(value)).length;
    const other = values.some((value) => typeof value !== 'number');
    return finite === 0 || other ? [] : [{ name, unit: unit ?? '', made: model.made.columns.has(name), share: finite / all.length }];
  });
  return [...found.filter((column) => !column.made), ...found.filter((column) => column.made)];
}

/** Return the columns that are chosen until somebody chooses. @param {Numbers[]} columns */
export const chosenAtFirst = (columns) => columns.filter(({ made, share }) => !made && share >= SHARE_LEAST).map(({ name }) => name);

/** Return the bars of the chart: the silhouette of each number of groups. @param {Answer} answer @returns {Bar[]} */
export function barsOf({ silhouettes = [], k, proposed }) {
  const most = Math.max(0.05, ...silhouettes.map(([, value]) => value));
  return silhouettes.map(([each, value]) => ({ k: each, value, share: Math.max(0, value / most), chosen: each === k, proposed: each === proposed }));
}

/** Return what a mean silhouette says of groups. @param {number|null|undefined} silhouette */
export const worthOf = (silhouette) => (silhouette === null || silhouette === undefined ? '' : t(`analysis.worth-${(WORTH.find(([least]) => silhouette > least) ?? WORTH[3])[1]}`));

/** Return what came of it: a sentence, and a line for each thing. @param {Answer} answer @returns {{text: string, lines: string[]}} */
export function wordsOf(answer) {
  const all = formatCount(answer.tiles);
  switch (answer.method) {
    case 'kmeans':
      return { text: t('analysis.groups', { k: answer.k ?? 0, n: all, worth: worthOf(answer.silhouette) }), lines: (answer.groups ?? []).map(groupWords) };
    case 'pca':
      return { text: t('analysis.plane', { n: all, share: percent((answer.shares ?? []).reduce((sum, share) => sum + share, 0)) }), lines: answer.made.map((name, i) => axisWords(name, answer.shares?.[i] ?? 0, answer.axes?.[i] ?? {})) };
    case 'tsne':
      return { text: t('analysis.places', { n: all }), lines: [] };
    case 'outliers':
      return { text: t(answer.found === 0 ? 'analysis.outliers-none' : 'analysis.outliers-found', { n: answer.found ?? 0, all, beyond: formatValue(answer.beyond) }), lines: more((answer.outliers ?? []).map(outlierWords), answer.found ?? 0) };
    default:
      return { text: t('analysis.near', { n: all }), lines: more((answer.near ?? []).map(({ title, distance }) => `${title} · ${formatValue(Number(distance.toPrecision(3)))}`), answer.near?.length ?? 0) };
  }
}

/** @param {{name: string, tiles: number, about: {column: string, by: number}[]}} group */
function groupWords({ name, tiles, about }) {
  const columns = about.map(({ column, by }) => t(by > 0 ? 'analysis.high' : 'analysis.low', { column })).join(', ');
  return [name, t('analysis.tiles', { n: tiles }), columns].filter((part) => part !== '').join(' · ');
}

/** @param {string} name @param {number} share @param {Record<string, number>} axis */
function axisWords(name, share, axis) {
  const most = Object.entries(axis).filter(([, by]) => Math.abs(by) >= COUNTS_LEAST).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 4);
  return t('analysis.axis', { name, share: percent(share), columns: most.map(([column, by]) => `${by > 0 ? '+' : '−'}\u202f${column}`).join(', ') });
}

/** @param {{title: string, score: number, column: string, low: boolean}} outlier */
const outlierWords = ({ title, score, column, low }) => `${title} · ${t(low ? 'analysis.low' : 'analysis.high', { column })} (${formatValue(Number(score.toPrecision(3)))})`;

/** @param {string[]} lines @param {number} all */
const more = (lines, all) => (all > LISTED ? [...lines.slice(0, LISTED), t('analysis.more', { n: all - LISTED })] : lines);

/** @param {number} share */
const percent = (share) => `${formatValue(Number((100 * share).toFixed(1)))}\u202f%`;
