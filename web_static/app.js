/** The page's beginning: log in, then put the wall together from its parts. */

import { watchBar } from './bar.js';
import { Connection } from './connection.js';
import { byId } from './dom.js';
import { Focus } from './focus.js';
import { commandsOf, helpOf, watchKeys } from './keyboard.js';
import { Limits } from './limits.js';
import { login, watchAddress } from './login.js';
import { Model } from './model.js';
import { showEmpty, showLogin, showNotices, showStatus } from './pages.js';
import { Panel } from './panel.js';
import { watchPointers } from './pointer.js';
import { preload } from './remote.js';
import { watchSearch } from './search.js';
import { Stage } from './stage.js';
import { themeSwitch } from './theme.js';
import { expose } from './window.js';
import { Work } from './work.js';

const TICK_MS = 10000; // what is said in minutes is then never far off

/** @param {import('./connection.js').Status['state']} state */
const isStale = (state) => state === 'lost' || state === 'outdated';

function start() {
  byId('app', HTMLElement).hidden = false;
  const model = new Model();
  const connection = new Connection();
  const stage = new Stage(model, connection);
  const work = new Work(model);
  const openWork = (/** @type {import('./work.js').Kind} */ kind, /** @type {number} */ id) => work.open(kind, id);
  const focus = new Focus(model, stage, connection, openWork);
  const toWall = () => model.focus !== null && stage.cells.focus(model.focus);
  const panel = new Panel(model, { close: toWall, work: openWork });
  const limits = new Limits(model);
  const ticking = [stage, focus, panel, limits];

  const open = (/** @type {number} */ id) => focus.open(id);
  const select = (/** @type {number} */ id) => {
    stage.focusOn(id);
    panel.toggle(true);
  };
  watchPointers(stage, { open, select });
  watchBar(model, stage);
  byId('work-open', HTMLButtonElement).addEventListener('click', () => work.open());
  const search = watchSearch(model, { first: (id) => stage.focusOn(id), leave: toWall });
  const theme = themeSwitch(() => stage.themeChanged());
  const help = helpOf(() => commands);
  const commands = commandsOf({ stage, model, open, search, theme, help, panel: (yes) => panel.toggle(yes), work: () => work.open() });
  watchKeys(commands, () => focus.id !== null);

  connection.addEventListener('event', (event) => {
    const { detail } = /** @type {CustomEvent<any>} */ (event);
    if (detail.event === 'wall') {
      model.replace(detail.wall);
      showNotices(detail.wall.notices ?? []);
    }
    if (detail.event === 'notices') showNotices(detail.notices);
    if (detail.event === 'tiles') model.update(detail.tiles);
  });
  model.addEventListener('wall', preload, { once: true });
  model.addEventListener('wall', () => showEmpty(model.tiles.size === 0));
  connection.addEventListener('status', () => {
    const { status } = connection;
    showStatus(status, () => connection.retryNow());
    connection.tell({ type: 'stale', since: isStale(status.state) && status.lostAt ? status.lostAt.getTime() / 1000 : null });
  });
  setInterval(() => document.hidden || ticking.forEach((each) => each.tick()), TICK_MS);
  document.addEventListener('visibilitychange', () => document.hidden || ticking.forEach((each) => each.tick()));
  expose(model, stage, connection);
  void connection.open();
}

watchAddress();
const problem = await login();
if (problem === null) start();
else showLogin(problem);
