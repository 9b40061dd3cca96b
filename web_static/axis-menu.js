/** The menu of an axis: its place, its scale, the ends of its brush as numbers or the words that it takes. */

import { wordLabel } from './axis-strip.js';
import { toggledWord } from './brush-drag.js';
import { merged } from './brushing.js';
import { endOf } from './colour-menu.js';
import { button, make } from './dom.js';
import { formatValue } from './format.js';
import { popover } from './popover.js';
import { t } from './text.js';

/** @typedef {import('./views-types.js').Host} Host */
/** @typedef {import('./brushing.js').Range} Range */

const RANGES_MOST = 32;
let made = 0;

/** Give the name of an axis its menu. @param {HTMLButtonElement} head @param {Host} host @param {string} by */
export function axisMenu(head, host, by) {
  const content = make('div', { class: 'axis-menu' });
  const show = () => fill(content, host, by, show);
  popover(head, content, { label: t('views.axis-menu', { what: by.replace(/^\w+:/, '') }), open: show });
}

/** @param {HTMLElement} content @param {Host} host @param {string} by @param {() => void} again */
function fill(content, host, by, again) {
  const along = host.along(by);
  if (!along) return content.replaceChildren();
  const { axis, column } = along;
  const may = host.may();
  const brush = host.brushOf(by);
  const set = (/** @type {import('./brushing.js').Brush|null} */ wanted) => {
    if (JSON.stringify(wanted) !== JSON.stringify(brush)) host.brush(new Map([[by, wanted]]), true);
    keepFocus(content, again);
  };
  const told = column.kind === 'words' ? t('views.told-words', { n: column.words.length }) : t('views.told-numbers', { low: formatValue(column.low), high: formatValue(column.high) });
  const missing = column.missing > 0 ? ` · ${t('views.told-missing', { n: column.missing })}` : '';
  const about = make('p', { class: 'about' }, told + missing);
  if (!may) return content.replaceChildren(make('h3', {}, column.label), about);
  const check = (/** @type {string} */ label, /** @type {boolean} */ on, /** @type {(on: boolean) => void} */ change, more = {}) => {
    const input = make('input', { type: 'checkbox', 'data-key': label, ...more });
    input.checked = on;
    input.addEventListener('change', () => change(input.checked));
    return make('label', { class: 'check' }, input, label);
  };
  const act = (/** @type {string} */ label, /** @type {() => void} */ run, more = {}) =>
    button(label, () => {
      run();
      keepFocus(content, again);
    }, { 'data-key': label, ...more });
  content.replaceChildren(
    make('h3', {}, column.label),
    about,
    make('div', { class: 'buttons' }, act(t('views.left'), () => host.step(by, -1)), act(t('views.right'), () => host.step(by, 1))),
    check(t('views.flip'), axis.flipped, (on) => host.turn(by, { flipped: on })),
    ...(column.kind === 'number' ? [check(t('views.log'), axis.log, (on) => host.turn(by, { log: on }), Number.isFinite(column.positive) ? {} : { disabled: '' })] : []),
    make('h3', {}, t('views.brush')),
    ...(column.kind === 'words'
      ? [make('div', { class: 'words', role: 'group', 'aria-label': t('views.brush') }, ...column.words.map((word) => check(wordLabel(word), (brush && 'values' in brush && brush.values.includes(word)) ?? false, () => set(toggledWord(host.brushOf(by), word)))))]
      : ranges(brush && 'ranges' in brush ? brush.ranges : [], column, set)),
    make('div', { class: 'buttons' }, act(t('views.clear-one'), () => set(null), brush ? {} : { 'aria-disabled': 'true' })),
    make('div', { class: 'buttons' }, act(t('views.colour-by'), () => host.colour(by)), act(t('views.take-off'), () => host.turn(by, null))),
  );
}

/** Fields for the ends of each range, and of one more. @param {Range[]} found @param {import('./columns.js').Column} column @param {(brush: import('./brushing.js').Brush|null) => void} set */
function ranges(found, column, set) {
  const rows = found.length < RANGES_MOST ? [...found, null] : found;
  return rows.map((range, i) => {
    const ends = [t('views.low'), t('views.high')].map((label, end) => {
      const id = `range-${(made += 1)}`;
      const input = make('input', { type: 'text', inputmode: 'decimal', id, autocomplete: 'off', maxlength: '24', 'data-key': `${i} ${end}`, placeholder: formatValue(end === 0 ? column.low : column.high), 'aria-label': range ? t('views.end-of', { end: label, n: i + 1 }) : t('views.end-new', { end: label }) });
      input.value = String(range?.[end] ?? '');
      return input;
    });
    const change = () => {
      const [low, high] = ends.map(({ value }) => endOf(value));
      if (low === null && high === null && !range) return;
      const wanted = /** @type {Range} */ (low !== null && high !== null && low > high ? [high, low] : [low, high]);
      const next = merged([...found.filter((_, at) => at !== i), ...(low === null && high === null ? [] : [wanted])]);
      set(next.length > 0 ? { ranges: next } : null);
    };
    for (const input of ends) {
      input.addEventListener('change', change);
      input.addEventListener('keydown', (event) => event.key === 'Enter' && input.blur());
    }
    return make('div', { class: 'range' }, ends[0], make('span', { 'aria-hidden': 'true' }, '–'), ends[1]);
  });
}

/** Fill anew, with the keyboard where it was. @param {HTMLElement} content @param {() => void} again */
function keepFocus(content, again) {
  // After the event that came here: what gets the keyboard next is known then.
  setTimeout(() => {
    const held = document.activeElement instanceof HTMLElement && content.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    again();
    if (held !== undefined) /** @type {HTMLElement|null} */ (content.querySelector(`[data-key="${CSS.escape(held)}"]`))?.focus();
  });
}
