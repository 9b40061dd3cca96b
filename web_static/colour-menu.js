/** The menu of what colours the tiles: a column, the numbers of tags, or a tag; by which scale, from where to where. */

import { colouringOf, PLAIN, propertiesOf } from './colouring.js';
import { button, byId, make } from './dom.js';
import { popover } from './popover.js';
import { gradientOf, SCALES } from './scales.js';
import { t } from './text.js';

/** @typedef {import('./colouring.js').Spec} Spec */

/** Return what an end's field means: a number, or null for what suits by itself. Pure. @param {string} text */
export function endOf(text) {
  const value = Number(text.replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? null : value;
}

/**
 * Fill a choice of properties; what is chosen and no longer there stays in it.
 * @param {HTMLSelectElement} select @param {[string, {by: string, label: string}[]][]} groups @param {string} chosen
 */
export function fillChoice(select, groups, chosen) {
  const key = JSON.stringify(groups);
  if (select.dataset.filled !== key) {
    select.dataset.filled = key;
    const option = (/** @type {{by: string, label: string}} */ { by, label }) => make('option', { value: by }, label);
    select.replaceChildren(...groups.flatMap(([label, options]) => (label === '' ? options.map(option) : options.length > 0 ? [make('optgroup', { label }, ...options.map(option))] : [])));
  }
  if (![...select.options].some(({ value }) => value === chosen)) select.append(make('option', { value: chosen }, chosen.replace(/^\w+:/, '')));
  select.value = chosen;
}

/** Put the menu into the bar. @param {import('./model.js').Model} model */
export function colourMenu(model) {
  const { room } = model;
  const by = make('select', { id: 'colour-by' });
  const scale = make('select', { id: 'colour-scale' }, ...SCALES.map((name) => make('option', { value: name }, t(`colour.scale-${name}`))));
  const preview = make('div', { class: 'band', 'aria-hidden': 'true' });
  const [from, to] = ['colour-from', 'colour-to'].map((id) => make('input', { type: 'text', inputmode: 'decimal', id, autocomplete: 'off', maxlength: '24' }));
  const reversed = make('input', { type: 'checkbox', id: 'colour-reversed' });
  const auto = button(t('colour.auto'), () => change({ from: null, to: null }));
  /** @returns {Spec|undefined} */
  const spec = () => room.document.get('colour');
  /** @param {Partial<Spec>} changes */
  const change = (changes) => {
    /** @type {Spec} */
    const wanted = { by: '', ...PLAIN, ...spec(), ...changes };
    const value = wanted.by === '' ? null : wanted;
    if (JSON.stringify(value) !== JSON.stringify(spec() ?? null)) room.set([['colour', value]], 'colour');
  };
  by.addEventListener('change', () => change({ by: by.value, from: null, to: null }));
  scale.addEventListener('change', () => change({ scale: /** @type {Spec['scale']} */ (scale.value) }));
  from.addEventListener('change', () => change({ from: endOf(from.value) }));
  to.addEventListener('change', () => change({ to: endOf(to.value) }));
  reversed.addEventListener('change', () => change({ reversed: reversed.checked }));

  const row = (/** @type {string} */ label, /** @type {HTMLElement} */ field) =>
    make('div', { class: 'row' }, make('label', { for: field.id }, label), field instanceof HTMLSelectElement ? make('span', { class: 'select' }, field) : field);
  const numbers = make(
    'div',
    { class: 'rows' },
    row(t('colour.scale'), scale),
    preview,
    row(t('colour.from'), from),
    row(t('colour.to'), to),
    row(t('colour.reversed'), reversed),
    make('div', { class: 'buttons' }, auto),
  );
  const content = make('div', { class: 'choose-menu' }, row(t('colour.by'), by), numbers);

  const show = () => {
    const now = spec();
    const { columns, numbers: counted, tags } = propertiesOf(model);
    fillChoice(by, [['', [{ by: '', label: t('colour.nothing') }]], [t('sort.columns'), columns], [t('sort.numbers'), counted], [t('sort.tags'), tags]], now?.by ?? '');
    const colouring = colouringOf(model);
    numbers.hidden = !colouring?.ends;
    const { scale: name, reversed: turned } = { ...PLAIN, ...now };
    scale.value = name;
    preview.style.background = gradientOf({ scale: name, reversed: turned });
    for (const [field, own, end] of /** @type {const} */ ([[from, now?.from, colouring?.ends?.from], [to, now?.to, colouring?.ends?.to]])) {
      if (field !== document.activeElement) field.value = own === null || own === undefined ? '' : String(own);
      field.placeholder = end === undefined ? '' : String(Number(end.toPrecision(5)));
    }
    reversed.checked = turned;
    auto.setAttribute('aria-disabled', String((now?.from ?? null) === null && (now?.to ?? null) === null));
  };
  const place = byId('colour-menu', HTMLElement);
  const open = make('button', { type: 'button', 'data-needs': 'arrange' }, t('colour.menu'));
  place.append(open);
  popover(open, content, { label: t('colour.menu'), open: show });
  const refresh = () => open.getAttribute('aria-expanded') === 'true' && show();
  room.addEventListener('change', refresh);
  model.addEventListener('wall', refresh);
}
