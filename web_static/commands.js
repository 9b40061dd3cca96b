/**
 * Everything that one can do on the wall, once: the keyboard, the palette and the help are made from it. Pure.
 *
 * Fires `run` (detail: the command) before one is run, and `change` when others are offered.
 *
 * @typedef {'look'|'select'|'move'|'tags'|'tiles'|'notes'|'together'|'session'|'work'|'help'} Group
 * @typedef {object} Command
 * @property {string} id
 * @property {() => string} label
 * @property {Group} group
 * @property {string[]} [keys]    as shown: 'Ctrl+Z', 'Shift+A', 'N', '/'
 * @property {import('./me.js').Needed} [needs] the right without which it is not offered
 * @property {() => boolean} [enabled] whether it would do anything now
 * @property {boolean} [onWall]   its keys count only while the wall (or nothing) has the keyboard: such keys work buttons too
 * @property {boolean} [repeats]  it is run again and again while its keys are held down
 * @property {boolean} [view]     it moves the view: who looked along with somebody looks by oneself then
 * @property {(key: string) => void} run  with the event's key, '' when it was not a key
 */

const RECENT_MOST = 5;

/** @type {Group[]} as they stand in the palette and the help */
export const GROUPS = ['look', 'select', 'move', 'tags', 'tiles', 'notes', 'together', 'session', 'work', 'help'];

/** @type {Record<string, string>} keys that are shown otherwise than the browser calls them; several of one keyboard's are one here */
const SHOWN = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space', '=': '+', '-': '−', _: '−' };

/**
 * Return how the keys of an event are shown, as in `Command.keys`. Ctrl and Cmd are one. Shift is named only with letters, names and Ctrl:
 * which signs need it differs between keyboards.
 * @param {Pick<KeyboardEvent, 'key'|'ctrlKey'|'metaKey'|'altKey'|'shiftKey'> & {getModifierState?: (name: string) => boolean}} event
 */
export function keysOf(event) {
  const third = event.getModifierState?.('AltGraph') ?? false; // some keyboards have [ and ] there, and say Ctrl and Alt as well
  const control = !third && (event.ctrlKey || event.metaKey);
  const { key } = event;
  const sign = key.length === 1 && key !== ' ' && key.toLowerCase() === key.toUpperCase();
  const name = SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  return `${control ? 'Ctrl+' : ''}${!third && event.altKey ? 'Alt+' : ''}${event.shiftKey && !sign ? 'Shift+' : ''}${name}`;
}

export class Commands extends EventTarget {
  /** @type {Map<string, Command>} */ #commands = new Map();
  /** @type {string[]} ids, the last run first */ recent = [];

  /** @param {(right: import('./me.js').Needed) => boolean} [may] */
  constructor(may = () => true) {
    super();
    this.may = may;
  }

  /** @param {...Command} commands */
  add(...commands) {
    const others = commands.some(({ id }) => !this.#commands.has(id));
    for (const command of commands) this.#commands.set(command.id, command);
    if (others) this.dispatchEvent(new Event('change'));
  }

  /** Offer a command no longer. @param {string} id */
  remove(id) {
    if (this.#commands.delete(id)) this.dispatchEvent(new Event('change'));
  }

  /** Return the commands for who looks, group by group. */
  all() {
    const offered = [...this.#commands.values()].filter(({ needs }) => needs === undefined || this.may(needs));
    return offered.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
  }

  /** Return the command of these keys, or undefined. @param {string} keys @param {boolean} onWall whether the wall has the keyboard */
  withKeys(keys, onWall) {
    return this.all().find((each) => each.keys?.includes(keys) && (onWall || !each.onWall));
  }

  /** Run a command if it is offered and would do anything; return whether it was. @param {string} id @param {string} [key] */
  run(id, key = '') {
    const command = this.#commands.get(id);
    if (!command || (command.needs && !this.may(command.needs)) || command.enabled?.() === false) return false;
    this.dispatchEvent(new CustomEvent('run', { detail: command }));
    command.run(key);
    return true;
  }

  /** Keep a command in mind as used. @param {string} id */
  remember(id) {
    this.recent = [id, ...this.recent.filter((each) => each !== id)].slice(0, RECENT_MOST);
  }
}
