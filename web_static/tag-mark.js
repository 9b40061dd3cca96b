/** What a tag looks like in the page: its shape in its colour, as its sticker on the tiles; its name; a field for one. */

import { complete } from './completion.js';
import { make, makeSvg } from './dom.js';
import { inTheme } from './hues.js';
import { tagFrom, tagsHere } from './tags.js';
import { t } from './text.js';
import { stickerPath } from './wall-stickers.js';

/** Return a shape in a colour. @param {string} colour as shown @param {number} shape */
export function shapeMark(colour, shape) {
  /** @type {string[]} */
  const steps = [];
  stickerPath(
    {
      moveTo: (x, y) => void steps.push(`M${x} ${y}`),
      lineTo: (x, y) => void steps.push(`L${x} ${y}`),
      closePath: () => void steps.push('Z'),
      arc: (x, y, r) => void steps.push(`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`),
    },
    shape, 8, 8, 6.5,
  );
  return makeSvg('svg', { viewBox: '0 0 16 16', class: 'shape', 'aria-hidden': 'true' }, makeSvg('path', { d: steps.join(''), fill: colour }));
}

/** Return the mark of a tag. @param {import('./tags.js').TagHere} tag */
export const tagMark = ({ colour, shape }) => shapeMark(inTheme(colour), shape);

/** Return a tag's name with the rank of an ordered one. @param {import('./tags.js').Tag} tag */
export const tagWords = ({ label, rank }) => (rank === undefined ? label : t('tags.ranked', { label, rank }));

/**
 * Return a field for a tag, completed by those there are; who writes one of these with other capitals means that one.
 * @param {import('./model.js').Model} model @param {string} label @param {(name: string) => void} pick
 * @param {{offered?: (name: string) => boolean, meant?: (name: string) => boolean}} [which]
 */
export function tagField(model, label, pick, { offered = () => true, meant = () => true } = {}) {
  const input = make('input', { type: 'text', 'aria-label': label, placeholder: label, maxlength: '100', autocapitalize: 'off', spellcheck: 'false' });
  const take = (/** @type {string} */ name) => {
    input.value = '';
    if (name !== '') pick(name);
  };
  complete(input, {
    label: t('tags.there'),
    options: () => {
      const typed = input.value.trim().toLowerCase();
      const fitting = [...tagsHere(model).values()].filter(({ name }) => offered(name) && name.toLowerCase().includes(typed));
      return fitting.slice(0, 8).map((tag) => ({ name: tag.name, label: tagWords(tag.tag), about: String(tag.ids.length), mark: tagMark(tag) }));
    },
    pick: ({ name }) => take(name),
  });
  const enter = () => take(tagFrom(input.value, [...tagsHere(model).keys()].filter(meant)));
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    enter();
  });
  return { input, enter, element: make('div', { class: 'tag-field' }, input) };
}
