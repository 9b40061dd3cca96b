/**
 * The words of a launch: its command line, what a partition offers, what was set. Pure.
 *
 * @typedef {import('./launch-calls.js').Given} Given
 * @typedef {import('./launch-calls.js').Partition} Partition
 */

import { textOf } from './fields-schema.js';
import { t } from './text.js';
import { span } from './times.js';

const PLAIN = /^[\w@%+=:,./-]+$/;
const SHOWN_MOST = 60; // letters of a value in a list

/** Return a text as a shell takes it for one word. @param {string} text */
export const quoted = (text) => (PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Return what one types to launch the same, a line for each of several options. @param {string} name of the case @param {Given} set @param {string|null} tiles */
export function commandLine(name, set, tiles) {
  const options = [...(tiles ? [['--tiles', tiles]] : []), ...Object.entries(set).map(([key, value]) => ['--set', `${key}=${textOf(value)}`])];
  const words = [['tiledviz', 'launch', name], ...options].map((part) => part.map(quoted).join(' '));
  return words.join(options.length > 1 ? ' \\\n  ' : ' ');
}

/** Return what was set, in a line. @param {Given} set @param {number|string|null} tiles */
export function setWords(set, tiles) {
  const short = (/** @type {string} */ text) => (text.length > SHOWN_MOST ? `${text.slice(0, SHOWN_MOST - 1)}…` : text);
  const parts = Object.entries(set).map(([key, value]) => `${key.replace(/^job\./, '')}=${short(textOf(value))}`);
  return [...(tiles === null ? [] : [t('launch.n-tiles', { n: Number(tiles) })]), ...parts].join(', ') || t('launch.defaults');
}

/** Return what a partition offers. @param {Partition} partition */
export function partitionWords({ nodes, usable, cpus, memory, gpus, time, state }) {
  return [
    t('launch.nodes', { n: nodes }),
    usable < nodes ? t('launch.usable', { n: usable }) : '',
    t('launch.cores', { n: cpus }),
    memory > 0 ? t('launch.memory', { size: gibibytes(memory) }) : '',
    ...gpus.map(({ type, count }) => t('launch.gpus', { n: count, type: type ? `${type} ` : '' }).trim()),
    time ? t('launch.limit', { time: span(Math.round(time / 60)) }) : '',
    ['up', ''].includes(state.toLowerCase()) ? '' : state,
  ].filter(Boolean).join(' · ');
}

/** @param {number} bytes */
const gibibytes = (bytes) => (bytes >= 2 ** 30 ? `${Math.round(bytes / 2 ** 30)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`);

/** Return what `gres` may ask for on a partition. @param {Partition[]} partitions */
export function gresOf(partitions) {
  const found = partitions.flatMap(({ gpus }) => gpus.flatMap(({ type, count }) => Array.from({ length: Math.min(count, 16) }, (_, i) => (type ? [`gpu:${i + 1}`, `gpu:${type}:${i + 1}`] : [`gpu:${i + 1}`])).flat()));
  return [...new Set(found)].sort();
}
