/** The table of a tile set: a grid as in a spreadsheet, of which only the rows in sight are in the page. */

import { button, make } from './dom.js';
import { TILE_KINDS, fromTsv, textOf, toTsv } from './tileset-cells.js';
import { t } from './text.js';

const ROW_PX = 32;
const MORE_ROWS = 6; // drawn above and below what is in sight
const OWN_WIDTHS = { title: 220, kind: 92, source: 280, tags: 170, note: 220 };
const COLUMN_PX = 132;
const FIRST_PX = 56; // the row's number

/** @typedef {{row: number, at: number}} Cell */

export class TileSetTable extends EventTarget {
  element = make('div', { class: 'ts-grid', role: 'grid', tabindex: '0', 'aria-label': t('tilesets.table'), 'aria-multiselectable': 'true', 'aria-describedby': 'ts-cell-said' });
  #head = make('div', { class: 'ts-head', role: 'row', 'aria-rowindex': '1' });
  #body = make('div', { class: 'ts-body', role: 'rowgroup' });
  /** @type {HTMLInputElement|HTMLTextAreaElement|null} */ #field = null;
  #frame = 0;
  /** @type {Cell} */ active = { row: 0, at: 0 };
  /** @type {Cell} */ #anchor = { row: 0, at: 0 };

  /** @param {import('./tileset-model.js').TileSetEdit} edit @param {(at: number) => void} onColumn what a press on the head of a column does */
  constructor(edit, onColumn) {
    super();
    this.edit = edit;
    this.onColumn = onColumn;
    this.element.append(this.#head, this.#body);
    edit.addEventListener('change', () => this.#drawSoon());
    this.element.addEventListener('scroll', () => this.#drawSoon());
    new ResizeObserver(() => this.#drawSoon()).observe(this.element);
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('pointerdown', (event) => this.#press(event));
    this.element.addEventListener('dblclick', ({ target }) => cellOf(target) && this.write());
    this.element.addEventListener('copy', (event) => this.#copy(event, false));
    this.element.addEventListener('cut', (event) => this.#copy(event, true));
    this.element.addEventListener('paste', (event) => this.#paste(event));
    this.#draw();
  }

  /** The cells that are chosen. @returns {import('./tileset-model.js').Block} */
  get block() {
    const [one, two] = [this.active, this.#anchor];
    return { top: Math.min(one.row, two.row), bottom: Math.max(one.row, two.row), left: Math.min(one.at, two.at), right: Math.max(one.at, two.at) };
  }

  /** Go to a cell. @param {number} row @param {number} at @param {boolean} [extend] the block to it */
  go(row, at, extend = false) {
    const clamp = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(0, Math.min(value, most));
    this.active = { row: clamp(row, this.edit.now.tiles.length - 1), at: clamp(at, this.edit.fields.length - 1) };
    if (!extend) this.#anchor = this.active;
    this.#intoSight();
    this.#draw();
    this.dispatchEvent(new Event('moved'));
  }

  #widths() {
    return this.edit.fields.map((field) => OWN_WIDTHS[/** @type {keyof typeof OWN_WIDTHS} */ (field)] ?? COLUMN_PX);
  }

  #intoSight() {
    const { element, active } = this;
    const widths = this.#widths();
    const top = active.row * ROW_PX;
    const high = element.clientHeight - ROW_PX;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_PX > element.scrollTop + high) element.scrollTop = top + ROW_PX - high;
    if (active.at === 0) return; // it always is
    const left = widths.slice(1, active.at).reduce((sum, width) => sum + width, 0);
    const wide = element.clientWidth - FIRST_PX - widths[0];
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (left + widths[active.at] > element.scrollLeft + wide) element.scrollLeft = left + widths[active.at] - wide;
  }

  #drawSoon() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { edit, element } = this;
    const { tiles } = edit.now;
    const widths = this.#widths();
    this.active = { row: Math.max(0, Math.min(this.active.row, tiles.length - 1)), at: Math.min(this.active.at, widths.length - 1) };
    element.setAttribute('aria-rowcount', String(tiles.length + 1));
    element.setAttribute('aria-colcount', String(widths.length + 1));
    element.style.setProperty('--ts-columns', [FIRST_PX, ...widths].map((width) => `${width}px`).join(' '));
    this.#body.style.height = `${tiles.length * ROW_PX}px`;
    this.#drawHead();
    if (this.#field) return; // while one types its cell stays
    const first = Math.max(0, Math.floor(element.scrollTop / ROW_PX) - MORE_ROWS);
    const last = Math.min(tiles.length, Math.ceil((element.scrollTop + element.clientHeight) / ROW_PX) + MORE_ROWS);
    this.#body.replaceChildren(...Array.from({ length: Math.max(0, last - first) }, (_, i) => this.#row(first + i)));
    const id = `ts-${this.active.row}-${this.active.at}`;
    if (document.getElementById(id)) element.setAttribute('aria-activedescendant', id);
    else element.removeAttribute('aria-activedescendant');
  }

  #drawHead() {
    const { fields, now } = this.edit;
    const shown = JSON.stringify([fields, now.columns]);
    if (this.#head.dataset.shown === shown) return;
    this.#head.dataset.shown = shown;
    this.#head.replaceChildren(
      make('span', { role: 'columnheader', 'aria-colindex': '1', 'aria-label': t('tilesets.row') }),
      ...fields.map((field, at) => {
        const column = this.edit.column(field);
        const header = make('span', { role: 'columnheader', 'aria-colindex': String(at + 2) });
        if (!column) header.append(fieldWords(field));
        else {
          const unit = column.unit && column.unit !== '1' ? ` (${column.unit})` : '';
          header.append(button(`${column.name}${unit}`, () => this.onColumn(now.columns.indexOf(column)), { title: column.description || t('tilesets.change-column', { name: column.name }), tabindex: '-1' }));
          if (column.kind === 'number' || column.kind === 'integer') header.className = 'number';
        }
        return header;
      }),
    );
  }

  /** @param {number} row */
  #row(row) {
    const { edit } = this;
    const tile = edit.now.tiles[row];
    const wrong = new Map(edit.problemsIn(row).map(({ field, text }) => [field, text]));
    for (const each of edit.refused) if (each.row === row && !wrong.has(each.field)) wrong.set(each.field, each.text);
    const { top, left, bottom, right } = this.block;
    const chosen = row >= top && row <= bottom;
    const cells = edit.fields.map((field, at) => {
      const cell = make('span', { role: 'gridcell', id: `ts-${row}-${at}`, 'aria-colindex': String(at + 2), 'aria-selected': String(chosen && at >= left && at <= right) }, textOf(tile, field));
      const kind = edit.column(field)?.kind;
      if (kind === 'number' || kind === 'integer') cell.classList.add('number');
      if (row === this.active.row && at === this.active.at) cell.classList.add('active');
      if (wrong.has(field)) cell.setAttribute('aria-invalid', 'true');
      if (edit.conflicts.has(`${tile.key}/${field}`)) cell.classList.add('both');
      const why = this.said(row, field);
      if (why) cell.title = why;
      return cell;
    });
    const line = make('div', { role: 'row', 'aria-rowindex': String(row + 2), class: row % 2 ? 'odd' : '' }, make('span', { role: 'rowheader', 'aria-colindex': '1' }, String(row + 1)), ...cells);
    line.style.transform = `translateY(${row * ROW_PX}px)`;
    return line;
  }

  /** Return in words what is wrong with a cell, empty when nothing is. @param {number} row @param {string} field */
  said(row, field) {
    const tile = this.edit.now.tiles[row];
    if (!tile) return '';
    const wrong = this.edit.problemsIn(row).find((each) => each.field === field) ?? this.edit.refused.find((each) => each.row === row && each.field === field);
    if (wrong) return wrong.text ? t(wrong.text) : (wrong.said ?? '');
    const both = this.edit.conflicts.get(`${tile.key}/${field}`);
    return both ? t('tilesets.both', { theirs: textOf({ key: 0, [field]: both.theirs, values: { [field.slice(7)]: both.theirs } }, field) || '—' }) : '';
  }

  // ------------------------------------------------------------------ writing

  /** Type in the cell that is active. @param {string} [text] instead of what it holds */
  write(text) {
    const { row, at } = this.active;
    const tile = this.edit.now.tiles[row];
    if (!tile) return;
    const field = this.edit.fields[at];
    this.#intoSight();
    this.#draw();
    const cell = document.getElementById(`ts-${row}-${at}`);
    const label = t('tilesets.cell', { field: fieldWords(field), row: row + 1 });
    const input = field === 'note' ? make('textarea', { 'aria-label': label, rows: '4' }) : make('input', { type: 'text', 'aria-label': label, autocomplete: 'off', spellcheck: 'false', ...(field === 'kind' ? { list: 'ts-kinds' } : {}) });
    input.value = text ?? textOf(tile, field);
    this.#field = input;
    cell?.replaceChildren(input);
    if (field === 'kind') cell?.append(make('datalist', { id: 'ts-kinds' }, ...TILE_KINDS.map((kind) => make('option', { value: kind }))));
    input.addEventListener('keydown', (event) => this.#typing(/** @type {KeyboardEvent} */ (event)));
    input.addEventListener('blur', () => this.leave(true, false));
    input.focus();
    if (text === undefined) input.select();
  }

  /** End typing. @param {boolean} keep what was typed @param {boolean} [back] the table takes the keyboard */
  leave(keep, back = true) {
    const field = this.#field;
    if (!field) return;
    this.#field = null;
    if (keep) this.edit.put(this.active.row, this.active.at, [[field.value]]);
    if (back) this.element.focus({ preventScroll: true });
    this.#draw();
    this.dispatchEvent(new Event('moved'));
  }

  /** @param {KeyboardEvent} event */
  #typing(event) {
    event.stopPropagation();
    const { row, at } = this.active;
    if (event.isComposing || (event.key === 'Enter' && event.altKey)) return;
    if (event.key === 'Escape') this.leave(false);
    else if (event.key === 'Enter') {
      this.leave(true);
      this.go(row + (event.shiftKey ? -1 : 1), at);
    } else if (event.key === 'Tab') {
      this.leave(true);
      this.#next(event.shiftKey ? -1 : 1);
    } else return;
    event.preventDefault();
  }

  /** @param {1|-1} step */
  #next(step) {
    const columns = this.edit.fields.length;
    const place = this.active.row * columns + this.active.at + step;
    if (place >= 0 && place < columns * this.edit.now.tiles.length) this.go(Math.floor(place / columns), place % columns);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.altKey || event.target !== this.element) return;
    const { key, shiftKey } = event;
    const control = event.ctrlKey || event.metaKey;
    const { row, at } = this.active;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 2);
    const end = control ? this.edit.now.tiles.length : 0;
    /** @type {Record<string, () => void>} */
    const does = {
      ArrowUp: () => this.go(control ? 0 : row - 1, at, shiftKey),
      ArrowDown: () => this.go(control ? end : row + 1, at, shiftKey),
      ArrowLeft: () => this.go(row, control ? 0 : at - 1, shiftKey),
      ArrowRight: () => this.go(row, control ? Infinity : at + 1, shiftKey),
      Home: () => this.go(control ? 0 : row, 0, shiftKey),
      End: () => this.go(control ? end : row, Infinity, shiftKey),
      PageUp: () => this.go(row - page, at, shiftKey),
      PageDown: () => this.go(row + page, at, shiftKey),
      Enter: () => this.write(),
      F2: () => this.write(),
      Delete: () => this.edit.clear(this.block),
      Backspace: () => this.edit.clear(this.block),
    };
    if (does[key]) does[key]();
    else if (control && key.toLowerCase() === 'a') {
      this.#anchor = { row: 0, at: 0 };
      this.go(Infinity, Infinity, true);
    } else if (!control && key.length === 1) this.write(key);
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const at = cellOf(event.target);
    if (!at || event.button !== 0 || (event.target instanceof Element && event.target.closest('input, textarea'))) return;
    event.preventDefault();
    this.leave(true);
    this.element.focus({ preventScroll: true });
    this.go(at.row, at.at, event.shiftKey);
    const move = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const over = cellOf(document.elementFromPoint(clientX, clientY));
      if (over && (over.row !== this.active.row || over.at !== this.active.at)) this.go(over.row, over.at, true);
    };
    this.element.addEventListener('pointermove', move);
    addEventListener('pointerup', () => this.element.removeEventListener('pointermove', move), { once: true });
  }

  // ------------------------------------------------------------------ clipboard

  /** @param {ClipboardEvent} event @param {boolean} cut */
  #copy(event, cut) {
    if (this.#field) return;
    event.preventDefault();
    event.clipboardData?.setData('text/plain', toTsv(this.edit.texts(this.block)));
    if (cut) this.edit.clear(this.block);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (this.#field) return;
    event.preventDefault();
    const texts = fromTsv(event.clipboardData?.getData('text/plain') ?? '');
    const { top, left, bottom, right } = this.block;
    const one = texts.length === 1 && texts[0].length === 1; // one text fills the block
    const filled = Array.from({ length: bottom - top + 1 }, () => Array.from({ length: right - left + 1 }, () => texts[0][0]));
    this.edit.put(top, left, one ? filled : texts);
    if (!one) {
      this.#anchor = { row: top, at: left };
      this.go(top + texts.length - 1, left + Math.max(...texts.map(({ length }) => length)) - 1, true);
    }
  }
}

/** What a field is called. @param {string} field */
export function fieldWords(field) {
  return field.startsWith('values/') ? field.slice(7) : t(/** @type {import('./text.js').Key} */ (`tilesets.field-${field}`));
}

/** @param {EventTarget|null} target @returns {Cell|null} */
function cellOf(target) {
  const id = target instanceof Element ? target.closest('[role=gridcell]')?.id : undefined;
  const found = id?.match(/^ts-(\d+)-(\d+)$/);
  return found ? { row: Number(found[1]), at: Number(found[2]) } : null;
}
