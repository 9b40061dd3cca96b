/** The slider at the wall's foot, where something on the wall has a time. */

import { button, byId, make, setText } from './dom.js';
import { formatValue } from './format.js';
import { placeWords } from './media-clock.js';
import { t } from './text.js';
import { TimeDrive } from './time-drive.js';

const TICK_MS = 100;

/** Return a time in words: as a movie's where only movies have one. Pure. @param {{clock: boolean, unit: string}} span @param {number} time */
export function timeWords({ clock, unit }, time) {
  if (clock) return placeWords({}, time);
  const value = formatValue(Number(time.toPrecision(4)));
  return unit === '' ? value : `${value}\u202f${unit}`;
}

/** Put the slider at the wall's foot. @param {import('./model.js').Model} model @returns {import('./commands.js').Command[]} */
export function timeBar(model) {
  const drive = new TimeDrive(model);
  const place = byId('time', HTMLElement);
  const toggle = button('', () => drive.toggle(), { class: 'toggle', title: t('time.play-title') });
  const back = button(t('media.back'), () => drive.step(-1), { title: t('time.back-title') });
  const on = button(t('media.on'), () => drive.step(1), { title: t('time.on-title') });
  const slider = make('input', { type: 'range', min: '0', max: '1', step: 'any', 'aria-label': t('time.slider') });
  const words = make('output', {});
  const all = button(t('time.all'), () => drive.clear(), { title: t('time.all-title') });
  const problem = make('span', { class: 'problem', role: 'status' });
  place.append(toggle, back, on, slider, words, all, problem);
  slider.addEventListener('input', () => drive.move(Number(slider.value)));
  slider.addEventListener('change', () => drive.rest());
  slider.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault(); // by its own steps, not by those of a slider without any
    drive.step(event.key === 'ArrowRight' ? 1 : -1);
  });

  let timer = 0;
  const show = () => {
    const { span, playing } = drive;
    place.hidden = span === null;
    clearTimeout(timer);
    if (!span) return;
    const at = drive.at;
    const may = model.may('arrange');
    setText(toggle, t(playing ? 'media.pause' : 'media.play'));
    for (const [name, value] of Object.entries({ min: span.least, max: span.most })) if (slider.getAttribute(name) !== String(value)) slider.setAttribute(name, String(value));
    slider.value = String(at);
    const everything = drive.span?.alone && drive.set === undefined && !playing;
    const said = everything ? t('time.everything') : t('time.of', { at: timeWords(span, at), all: timeWords(span, span.most) });
    setText(words, said);
    slider.setAttribute('aria-valuetext', said);
    setText(problem, drive.problem);
    all.hidden = !drive.leavesOut;
    for (const each of [toggle, back, on, slider, all]) each.disabled = !may;
    if (playing && !document.hidden) timer = setTimeout(show, TICK_MS);
  };
  drive.addEventListener('change', show);
  document.addEventListener('visibilitychange', () => document.hidden || show());

  const common = { group: /** @type {const} */ ('look'), needs: /** @type {const} */ ('arrange') };
  const enabled = () => drive.span !== null;
  return [
    { ...common, id: 'time-play', label: () => t('time.command-play'), keys: ['Shift+T'], enabled, run: () => drive.toggle() },
    { ...common, id: 'time-on', label: () => t('time.command-on'), keys: ['Shift+→'], repeats: true, enabled, run: () => drive.step(1) },
    { ...common, id: 'time-back', label: () => t('time.command-back'), keys: ['Shift+←'], repeats: true, enabled, run: () => drive.step(-1) },
    { ...common, id: 'time-all', label: () => t('time.command-all'), enabled: () => drive.leavesOut, run: () => drive.clear() },
  ];
}
