/* global document, KeyboardEvent, performance, PointerEvent, WheelEvent, window */
// What grid.py has the page do, once it stands in it: `grid.begin(name, k)` does one interaction, the k-th time, by the events of hands
// where hands do it at once, and else as the menus do it, and returns when that was, in ms since the epoch.
(() => {
  const { session } = window.tiledviz;
  const stage = document.getElementById('stage');
  const search = document.getElementById('search');
  const now = () => performance.timeOrigin + performance.now();
  const ids = () => window.tiledviz.tiles().map(({ id }) => id);
  const cell = (id) => document.querySelector(`[data-tile="${id}"]`);
  const key = (name, more = {}) => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...more }));
  const wheel = (more) => stage.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: 700, clientY: 500, ...more }));
  const pointer = (type, x, y, more = {}) => {
    const { left, top } = stage.getBoundingClientRect();
    stage.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 1, pointerType: 'mouse', isPrimary: true, clientX: left + x, clientY: top + y, buttons: 1, shiftKey: true, ...more }));
  };
  stage.setPointerCapture = () => {}; // there is no such pointer
  let order = [];
  const ten = () => order.slice(order.length >> 1, (order.length >> 1) + 10);
  const set = (registers) => session.set(registers, 'test');
  const own = (name) => `person/${session.person}/${name}`;

  /** What stands before the clock runs. */
  const BEFORE = {
    'select one': (k) => cell(order[(k * 131) % order.length]).focus({ preventScroll: true }),
    marquee: (k) => {
      set([[own('selection'), null]]);
      pointer('pointerdown', 200, 150);
      for (let i = 1; i <= 4; i += 1) pointer('pointermove', 200 + i * 100 + (k % 2) * 60, 150 + i * 80);
    },
    'search dim': (k) => (search.value = k % 2 === 0 ? 'kind=spots' : ''),
  };
  const ACTS = {
    'select one': () => key(' '),
    'select all': (k) => (k % 2 === 0 ? key('a', { ctrlKey: true }) : set([[own('selection'), null]])),
    marquee: (k) => pointer('pointerup', 600 + (k % 2) * 60, 470, { buttons: 0 }),
    'move 10': (k) => set(ten().map((id, i) => [`order/${id}`, k % 2 === 0 ? `000000${'abcdefghij'[i]}` : null])),
    'sort by a column': (k) => set([['sort', { by: 'column:F', descending: k % 2 === 0 }]]),
    'group into lanes': (k) => set([['group', k % 2 === 0 ? { by: 'column:kind' } : null]]),
    'colour by a column': (k) => set([['colour', k % 2 === 0 ? { by: 'column:F', scale: 'viridis', from: null, to: null, reversed: false } : null]]),
    'tag 100': (k) => set(order.slice(0, 100).map((id) => [`tags/${id}/keep`, k % 2 === 0 ? true : null])),
    'hide by tag': (k) => set([['tag/some/hidden', k % 2 === 0 ? true : null]]),
    rotate: (k) => set([[`tile/${order[(k * 17) % order.length]}/rotation`, k % 3 === 2 ? null : 90]]),
    undo: () => key('z', { ctrlKey: true }),
    redo: () => key('Z', { ctrlKey: true, shiftKey: true }),
    pan: (k) => wheel({ shiftKey: true, deltaX: k % 2 ? -60 : 60 }),
    zoom: (k) => wheel({ deltaY: k % 2 ? 200 : -200 }),
    'search dim': () => search.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })),
  };

  window.grid = {
    names: Object.keys(ACTS),
    /** Stand as each interaction finds the wall; what was done before it is gone. */
    prepare(name) {
      search.value = '';
      set([['sort', null], ['group', null], ['colour', null], [own('selection'), null], ['tag/some/hidden', null]]);
      order = ids();
      if (name === 'hide by tag') set(order.filter((_, i) => i % 10 === 0).map((id) => [`tags/${id}/some`, true]));
      if (name === 'undo' || name === 'redo') set(ten().map((id, i) => [`order/${id}`, `000000${'abcdefghij'[i]}`]));
      if (name === 'redo') session.undo();
      if (name === 'pan') wheel({ deltaY: -300 });
    },
    /** Do what must be done before the clock runs: true when something is to be drawn of it. */
    ready(name, k) {
      BEFORE[name]?.(k);
      if (name === 'undo' && k > 0) session.redo();
      if (name === 'redo' && k > 0) session.undo();
    },
    begin(name, k) {
      const begun = now();
      ACTS[name](k);
      return begun;
    },
  };
})();
