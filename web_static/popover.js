/** A button of the bar and the panel that it opens: by Escape, by a press elsewhere, or by its button it closes; arrows lead through it. */

import { make } from './dom.js';

const CONTROLS = 'button:not(:disabled), input:not(:disabled, [hidden]), select:not(:disabled), textarea:not(:disabled), a[href]';
const OWN_ARROWS = 'select, textarea, input:not([type=checkbox], [type=button], [type=color], [type=file])'; // in these, arrows mean something
const EDGE_PX = 8; // between the panel and the window's edge

/**
 * Give a button a panel. Put the button into the page: the panel comes right behind it.
 * @param {HTMLButtonElement} button @param {HTMLElement} content
 * @param {{label: string, open?: () => void}} about  open: called before it is shown
 */
export function popover(button, content, { label, open }) {
  const panel = make('div', { class: 'popover', role: 'dialog', 'aria-label': label, tabindex: '-1', hidden: '' }, content);
  button.setAttribute('aria-haspopup', 'dialog');
  button.setAttribute('aria-expanded', 'false');
  if (button.isConnected) button.after(panel);
  else queueMicrotask(() => button.after(panel));
  const controls = () => [.../** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll(CONTROLS))].filter((each) => each.checkVisibility());

  /** @param {boolean} toFirst */
  function show(toFirst) {
    open?.();
    panel.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    place(panel, button);
    ((toFirst && controls()[0]) || panel).focus({ preventScroll: true });
  }
  function close(back = false) {
    if (panel.hidden) return;
    panel.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    if (back) button.focus();
  }

  button.addEventListener('click', ({ detail }) => (panel.hidden ? show(detail === 0) : close(true)));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    event.stopPropagation();
    show(true);
  });
  addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !panel.contains(target) && !button.contains(target)) close();
  }, { capture: true });
  addEventListener('resize', () => panel.hidden || place(panel, button));
  panel.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !panel.contains(relatedTarget) && !button.contains(relatedTarget)) close();
  });
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || panel.hidden || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  };
  panel.addEventListener('keydown', escape);
  button.addEventListener('keydown', escape);
  panel.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || event.defaultPrevented || (event.target instanceof Element && event.target.matches(OWN_ARROWS))) return;
    const all = controls();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    event.preventDefault();
    all[(at + step + all.length) % all.length]?.focus();
  });
  return { panel, show: () => show(true), close };
}

/** Put a panel below its button, all of it in the window. @param {HTMLElement} panel @param {HTMLElement} button */
function place(panel, button) {
  const { left, bottom } = button.getBoundingClientRect();
  const { style } = panel;
  style.left = `${Math.max(EDGE_PX, Math.min(left, innerWidth - EDGE_PX - panel.offsetWidth))}px`;
  style.top = `${bottom + EDGE_PX}px`;
  style.maxHeight = `${innerHeight - bottom - 2 * EDGE_PX}px`;
}
