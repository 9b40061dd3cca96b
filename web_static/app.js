/** The page's beginning: log in, then put the wall together from its parts. */

import { marksOf } from './arming.js';
import { watchBar } from './bar.js';
import { Connection } from './connection.js';
import { byId } from './dom.js';
import { Focus } from './focus.js';
import { Follow } from './follow.js';
import { Hands } from './hands.js';
import { showHands } from './hands-words.js';
import { commandsOf, helpOf, watchKeys } from './keyboard.js';
import { Limits } from './limits.js';
import { login, watchAddress } from './login.js';
import { Many, showChosen } from './many.js';
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
  const openMany = (/** @type {number|null} */ leader = model.focus) => many.open(leader);
  const follow = new Follow(model, connection, {
    typing: () => focus.id ?? hands.working,
    go: (leader) => {
      if (focus.id === null) hands.enter(leader);
      else if (focus.id === leader) focus.resume();
      else focus.open(leader);
    },
    release: () => {
      focus.release();
      hands.release();
    },
  });
  const many = new Many(model, follow);
  const hands = new Hands(model, stage, connection, (pointer, point) => pinch(pointer, point));
  const focus = new Focus(model, stage, connection, {
    work: openWork,
    many: openMany,
    changed: () => {
      if (focus.id !== null) hands.leave();
      follow.show();
    },
  });
  const toWall = () => model.focus !== null && stage.cells.focus(model.focus);
  const panel = new Panel(model, { close: toWall, work: openWork });
  const limits = new Limits(model);
  const ticking = [stage, focus, panel, limits];

  const open = (/** @type {number} */ id) => focus.open(id);
  const select = (/** @type {number} */ id) => {
    stage.focusOn(id);
    panel.toggle(true);
  };
  const choose = (/** @type {number} */ id) => {
    if (model.may('operate')) model.choose(id);
    return model.may('operate');
  };
  const pinch = watchPointers(stage, { open, select, choose });
  showHands(hands, () => openMany(hands.working));
  showChosen(model, () => openMany());
  byId('many', HTMLDialogElement).addEventListener('close', () => hands.resume());
  const mark = () => stage.mark(marksOf(follow.state, model.chosen, hands.working));
  model.addEventListener('chosen', mark);
  model.addEventListener('wall', mark);
  follow.addEventListener('change', mark);
  hands.addEventListener('change', () => {
    mark();
    follow.show();
  });
  watchBar(model, stage);
  byId('work-open', HTMLButtonElement).addEventListener('click', () => work.open());
  const search = watchSearch(model, { first: (id) => stage.focusOn(id), leave: toWall });
  const theme = themeSwitch(() => stage.themeChanged());
  const help = helpOf(() => commands, model);
  const commands = commandsOf({ stage, model, open, search, theme, help, panel: (yes) => panel.toggle(yes), work: () => work.open(), hands: () => hands.toggle(), many: () => openMany() });
  watchKeys(commands, model, () => focus.id !== null || hands.on);

  connection.addEventListener('event', (event) => {
    const { detail } = /** @type {CustomEvent<any>} */ (event);
    if (detail.event === 'wall') {
      model.setMe(detail.me);
      model.replace(detail.wall);
      showNotices(detail.wall.notices ?? []);
    }
    if (detail.event === 'refused' && detail.what === 'input') hands.refuse(detail.why);
    if (detail.event === 'notices') showNotices(detail.notices);
    if (detail.event === 'tiles') model.update(detail.tiles);
  });
  model.addEventListener('wall', preload, { once: true });
  model.addEventListener('wall', () => showEmpty(model.tiles.size === 0, model.may('operate')));
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
