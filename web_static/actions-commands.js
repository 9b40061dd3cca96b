/** What is done to tiles, as commands: to the selected ones, else to the one in focus. */

import { announce } from './announce.js';
import { showCode } from './qr.js';
import { t } from './text.js';

/** @typedef {import('./document.js').Json} Json */

export class TileActs {
  /** @param {import('./model.js').Model} model @param {import('./stage.js').Stage} stage */
  constructor(model, stage) {
    this.model = model;
    this.stage = stage;
  }

  /** @param {number[]} ids @param {string} name @param {(before: any) => Json} next @param {string} label */
  #set(ids, name, next, label) {
    const { room } = this.model;
    room.set(ids.map((id) => [`tile/${id}/${name}`, next(room.document.get(`tile/${id}/${name}`))]), label);
  }

  /** Turn tiles by a quarter, clockwise. @param {number[]} ids */
  rotate(ids) {
    this.#set(ids, 'rotation', (before = 0) => ((before + 90) % 360 === 0 ? null : (before + 90) % 360), 'rotation');
  }

  /** Make tiles half seen through, or whole again. @param {number[]} ids */
  fade(ids) {
    const faded = ids.every((id) => (this.model.room.document.get(`tile/${id}/opacity`) ?? 1) < 1);
    this.#set(ids, 'opacity', () => (faded ? null : 0.5), 'opacity');
  }

  /** Ask for whole pictures of tiles anew. @param {number[]} ids */
  refresh(ids) {
    this.stage.demand.renew(new Set(ids));
    announce(t('look.refreshed', { n: ids.length }));
  }

  /** Return what the panel offers for one tile. @param {Record<'draw'|'hide', (id: number) => void>} more */
  offers(more) {
    return {
      rotate: (/** @type {number} */ id) => this.rotate([id]),
      refresh: (/** @type {number} */ id) => this.refresh([id]),
      code: (/** @type {number} */ id) => this.code(id),
      ...more,
    };
  }

  /** @param {number|null} id */
  code(id) {
    const tile = id === null ? undefined : this.model.tiles.get(id);
    if (tile) void showCode(tile, this.model.me.session ?? '');
  }
}

/**
 * @param {TileActs} acts @param {import('./draw.js').Drawing} drawing
 * @returns {import('./commands.js').Command[]}
 */
export function tileCommands(acts, drawing) {
  const { model } = acts;
  const group = /** @type {const} */ ('tiles');
  const notes = { group: /** @type {const} */ ('notes') };
  const enabled = () => model.meant.length > 0;
  const drawn = () => drawing.of(drawing.meant).length > 0;
  return [
    { id: 'rotate', label: () => t('look.command-rotate'), group, keys: ['Shift+R'], needs: 'arrange', enabled, run: () => acts.rotate(model.meant) },
    { id: 'opacity', label: () => t('look.command-opacity'), group, needs: 'arrange', enabled, run: () => acts.fade(model.meant) },
    { id: 'refresh', label: () => t('look.command-refresh'), group, keys: ['U'], enabled, run: () => acts.refresh(model.meant) },
    { id: 'qr', label: () => t('look.command-code'), group, keys: ['J'], enabled: () => model.focus !== null, run: () => acts.code(model.focus) },
    { ...notes, id: 'draw', label: () => t('draw.command'), keys: ['D'], needs: 'arrange', enabled: () => model.focus !== null, run: () => model.focus !== null && drawing.open(model.focus) },
    { ...notes, id: 'draw-copy-all', label: () => t('draw.command-copy-all'), needs: 'arrange', enabled: drawn, run: () => drawing.copy(false) },
    { ...notes, id: 'draw-copy', label: () => t('draw.command-copy'), needs: 'arrange', enabled: () => drawn() && model.chosen.size > 0, run: () => drawing.copy(true) },
    { ...notes, id: 'draw-show', label: () => t('draw.command-show'), needs: 'arrange', enabled: drawn, run: () => drawing.show() },
    { ...notes, id: 'draw-svg', label: () => t('draw.command-svg'), enabled: drawn, run: () => void drawing.save('svg') },
    { ...notes, id: 'draw-png', label: () => t('draw.command-png'), enabled: () => model.focus !== null, run: () => void drawing.save('png') },
    { ...notes, id: 'draw-delete', label: () => t('draw.command-delete'), needs: 'arrange', enabled: drawn, run: () => drawing.remove() },
  ];
}
