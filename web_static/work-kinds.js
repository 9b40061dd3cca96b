/**
 * The kinds of work in tiles: what each asks for, and what it does with the answer.
 *
 * @typedef {import('./api.js').Result} Result
 * @typedef {object} Fields
 * @property {HTMLElement} element
 * @property {HTMLElement} first  that gets the keyboard
 * @property {() => Promise<{problem: string, asked?: (tiles: number[]) => Promise<Result[]>}>} read
 * @typedef {{one?: boolean, fields: () => Fields}} KindOfWork  what it is called: `work.KIND` and its like in the words
 */

import * as api from './api.js';
import { make, saveFile, setText } from './dom.js';
import { splitWords, wantsShell } from './shell-words.js';
import { t } from './text.js';

const SECONDS = 60;
const SECONDS_MOST = 600;
const FILE_MOST = 32 << 20; // bytes; the command line has no limit
const SIDE_LEAST = 64;
const SIDE_MOST = 16384;
const SIZES = ['640 × 480', '1024 × 768', '1280 × 720', '1920 × 1080', '3840 × 2160'];

/** A field with its label above. @param {string} text @param {HTMLElement} input @param {...Node} more */
const labelled = (text, input, ...more) => make('div', { class: 'field' }, make('label', {}, make('span', {}, text), input), ...more);

/** @param {Record<string, string>} attributes */
const plain = (attributes) => make('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', ...attributes });

/** @returns {Fields} */
function runFields() {
  const line = plain({ class: 'mono', placeholder: 'xdpyinfo -display :0', maxlength: '4000', 'aria-describedby': 'work-split' });
  const seconds = make('input', { type: 'number', min: '1', max: String(SECONDS_MOST), value: String(SECONDS) });
  const split = make('p', { class: 'about', id: 'work-split' });
  const show = () => {
    const { words, problem } = splitWords(line.value);
    if (problem) return setText(split, t('work.not-whole', { problem }));
    if (words.length === 0) return setText(split, t('work.split'));
    split.replaceChildren(t('work.runs'), ...words.flatMap((word) => [make('code', {}, word), ' ']));
    if (wantsShell(line.value)) split.append(t('work.no-shell'), make('code', {}, "sh -c '…'"));
  };
  line.addEventListener('input', show);
  show();
  return {
    element: make('div', { class: 'fields' }, labelled(t('work.command'), line, split), labelled(t('work.seconds'), seconds)),
    first: line,
    async read() {
      const { words, problem } = splitWords(line.value);
      if (problem || words.length === 0) return { problem: problem ? t('work.command-problem', { problem }) : t('work.which-command') };
      const limit = Number(seconds.value);
      if (!(limit >= 1 && limit <= SECONDS_MOST)) return { problem: t('work.seconds-problem', { most: SECONDS_MOST }) };
      return { problem: '', asked: (tiles) => api.run(tiles, words, limit) };
    },
  };
}

/** @returns {Fields} */
function sizeFields() {
  const list = make('datalist', { id: 'work-sizes' }, ...SIZES.map((value) => make('option', { value })));
  const size = plain({ list: 'work-sizes', placeholder: '1280 × 720' });
  return {
    element: make('div', { class: 'fields' }, labelled(t('work.sides'), size, list)),
    first: size,
    async read() {
      const found = /^\s*(\d+)\s*[x×*,\s]\s*(\d+)\s*$/i.exec(size.value);
      const [width, height] = [Number(found?.[1]), Number(found?.[2])];
      const fits = [width, height].every((side) => side >= SIDE_LEAST && side <= SIDE_MOST);
      if (!fits) return { problem: t('work.size-problem', { least: SIDE_LEAST, most: SIDE_MOST }) };
      return { problem: '', asked: (tiles) => api.resize(tiles, { width, height }) };
    },
  };
}

/** @returns {Fields} */
function putFields() {
  const file = make('input', { type: 'file' });
  const path = plain({ class: 'mono', placeholder: t('work.path-example'), maxlength: '1000' });
  let offered = ''; // a path of one's own stays
  file.addEventListener('change', () => {
    const name = file.files?.[0]?.name;
    if (name !== undefined && path.value === offered) path.value = offered = `/tmp/${name}`;
  });
  return {
    element: make('div', { class: 'fields' }, labelled(t('work.file'), file), labelled(t('work.path'), path)),
    first: file,
    async read() {
      const chosen = file.files?.[0];
      if (!chosen) return { problem: t('work.which-file') };
      if (path.value.trim() === '') return { problem: t('work.where-to') };
      if (chosen.size > FILE_MOST) return { problem: t('work.too-large') };
      const data = await base64(chosen).catch(() => null); // it is gone, or was written to since
      return data === null ? { problem: t('work.unreadable') } : { problem: '', asked: (tiles) => api.put(tiles, path.value.trim(), data) };
    },
  };
}

/** @returns {Fields} */
function getFields() {
  const path = plain({ class: 'mono', placeholder: t('work.path-example'), maxlength: '1000' });
  return {
    element: make('div', { class: 'fields' }, labelled(t('work.path'), path)),
    first: path,
    async read() {
      if (path.value.trim() === '') return { problem: t('work.which-path') };
      return {
        problem: '',
        async asked([tile]) {
          const { data, name } = await api.get(tile, path.value.trim());
          saveFile(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]), name);
          return [{ tile, error: '' }];
        },
      };
    },
  };
}

/** @param {Blob} file @returns {Promise<string>} */
function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result).replace(/^[^,]*,/, '')));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

/** @type {Record<import('./work.js').Kind, KindOfWork>} */
export const KINDS = {
  run: { fields: runFields },
  size: { fields: sizeFields },
  put: { fields: putFields },
  get: { one: true, fields: getFields },
};
