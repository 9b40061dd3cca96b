/**
 * The name of an axis: a press opens its menu; a drag, or Shift and arrows, put it to another place among the axes.
 *
 * @typedef {import('./views-types.js').Host} Host
 */

import { axisMenu } from './axis-menu.js';
import { button, setText } from './dom.js';
import { t } from './text.js';

const BEGINS_PX = 5; // of a drag: less is a press

export class AxisHead {
  /** @type {HTMLButtonElement} */ element;

  /** @param {Host} host @param {string} by @param {{along?: (x: number) => number}} [how] along: at which axis something at this x of the window is let go of */
  constructor(host, by, { along } = {}) {
    this.host = host;
    this.by = by;
    this.element = button('', () => {}, { class: 'axis-head', 'data-by': by });
    axisMenu(this.element, host, by);
    this.element.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
      if (step === 0 || !event.shiftKey || !host.may()) return;
      event.preventDefault();
      event.stopPropagation();
      host.step(by, step);
    });
    if (along) this.element.addEventListener('pointerdown', (event) => this.#press(event, along));
  }

  /** @param {import('./linked.js').Along} axis @param {string} brushed what is brushed, in words */
  show({ axis, column }, brushed) {
    const ways = [...(axis.flipped ? [t('views.is-flipped')] : []), ...(axis.log ? [t('views.is-log')] : [])];
    setText(this.element, ways.length > 0 ? `${column.label} · ${ways.join(' · ')}` : column.label);
    this.element.classList.toggle('brushed', brushed !== '');
    const about = [column.label, ...ways, ...(brushed ? [t('views.brushed', { what: brushed })] : [])].join(', ');
    this.element.title = this.host.may() ? `${about}\n${t('views.head-keys')}` : about;
  }

  /** @param {PointerEvent} event @param {(x: number) => number} along */
  #press(event, along) {
    if (event.button !== 0 || !this.host.may()) return;
    const { element, host } = this;
    const done = new AbortController();
    const { signal } = done;
    let moved = false;
    const over = (/** @type {number|null} */ x) => {
      done.abort();
      element.classList.remove('moving');
      element.style.removeProperty('--by');
      if (!moved) return;
      const pressed = new AbortController(); // what comes of it is no press
      addEventListener('click', (click) => click.stopPropagation(), { capture: true, signal: pressed.signal });
      setTimeout(() => pressed.abort());
      if (x !== null) host.place(this.by, along(x));
    };
    addEventListener('pointermove', ({ clientX }) => {
      moved ||= Math.abs(clientX - event.clientX) > BEGINS_PX;
      if (!moved) return;
      element.classList.add('moving');
      element.style.setProperty('--by', `${clientX - event.clientX}px`);
    }, { signal });
    addEventListener('pointerup', ({ clientX }) => over(clientX), { signal });
    addEventListener('pointercancel', () => over(null), { signal });
    addEventListener('keydown', (key) => {
      if (key.key !== 'Escape' || !moved) return;
      key.preventDefault();
      key.stopPropagation();
      over(null);
    }, { signal, capture: true });
  }
}
