/**
 * What the linked views do to the session: brushes while they are drawn and once they stand, axes put elsewhere and turned.
 *
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./columns.js').Axis} Axis
 * @typedef {() => import('./linked.js').Linked|null} Now  what is shown
 */

import { brushActs, brushesHere } from './brushed.js';
import { brushesIn } from './brushing.js';
import { PLAIN } from './colouring.js';
import { choicesOf, moved } from './columns.js';
import { button, make } from './dom.js';
import { popover } from './popover.js';
import { t } from './text.js';

/** @param {Now} now @returns {Axis[]} */
const axesNow = (now) => (now()?.axes ?? []).map(({ axis }) => axis);

/** @param {Model} model @param {Axis[]|null} axes null: as they are by themselves */
const setAxes = ({ room }, axes) => room.set([['axes', /** @type {any} */ (axes)]], 'axes');

/** @param {Model} model @param {Now} now @returns {import('./views-types.js').Host} */
export function hostOf(model, now) {
  const { room } = model;
  const at = (/** @type {string} */ by) => axesNow(now).findIndex((axis) => axis.by === by);
  /** @param {string} by @param {number} to */
  const place = (by, to) => {
    const axes = axesNow(now);
    if (at(by) >= 0 && to >= 0 && to < axes.length && to !== at(by)) setAxes(model, moved(axes, at(by), to));
  };
  return {
    brush(changes, done) {
      const wanted = brushesIn(room.document);
      for (const [by, brush] of changes) {
        if (brush) wanted.set(by, brush);
        else wanted.delete(by);
      }
      if (!done) return model.tryBrushes(wanted);
      const acts = brushActs(model, wanted);
      model.trying = null;
      if (acts.length > 0) room.set(acts, 'brush');
      else model.tryBrushes(null);
    },
    cancel: () => model.tryBrushes(null),
    may: () => model.may('arrange'),
    along: (by) => now()?.axes.find(({ axis }) => axis.by === by),
    brushOf: (by) => brushesHere(model).get(by) ?? null,
    place,
    step: (by, step) => place(by, at(by) + step),
    turn: (by, way) => setAxes(model, axesNow(now).flatMap((axis) => (axis.by !== by ? [axis] : way ? [{ ...axis, ...way }] : []))),
    colour: (by) => room.set([['colour', { ...PLAIN, by, scale: room.document.get('colour')?.scale ?? PLAIN.scale }]], 'colour'),
  };
}

/** Return the button of the menu that offers all columns to be axes. @param {Model} model @param {Now} now */
export function columnsMenu(model, now) {
  const content = make('div', { class: 'axis-menu' });
  const show = () => {
    const axes = axesNow(now);
    const boxes = choicesOf(model).map(({ by, label }) => {
      const input = make('input', { type: 'checkbox' });
      input.checked = axes.some((axis) => axis.by === by);
      input.addEventListener('change', () => setAxes(model, input.checked ? [...axesNow(now), { by, flipped: false, log: false }] : axesNow(now).filter((axis) => axis.by !== by)));
      return make('label', { class: 'check' }, input, label);
    });
    const anew = button(t('views.as-first'), () => {
      setAxes(model, null);
      requestAnimationFrame(() => requestAnimationFrame(show)); // once they are there
    });
    content.replaceChildren(make('div', { class: 'words', role: 'group', 'aria-label': t('views.columns') }, ...boxes), make('div', { class: 'buttons' }, anew));
  };
  const open = button(t('views.columns'), () => {});
  popover(open, content, { label: t('views.columns'), open: show });
  return make('span', { 'data-needs': 'arrange' }, open);
}
