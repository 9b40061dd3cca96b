/** The page's beginning: log in, then put the wall together from its parts. */

import { TileActs, tileCommands } from './actions-commands.js';
import { marksOf } from './arming.js';
import { watchBar } from './bar.js';
import { CaseActions, caseActionCommands, caseActionsButton } from './case-actions.js';
import { Commands } from './commands.js';
import { Connection } from './connection.js';
import { Drawing } from './draw.js';
import { deskCommands } from './desk-commands.js';
import { comeIn, showNoWay } from './bare-wall.js';
import { readDisplay } from './display-address.js';
import { byId } from './dom.js';
import { Focus } from './focus.js';
import { Follow } from './follow.js';
import { Hands } from './hands.js';
import { showHands } from './hands-words.js';
import { helpOf } from './help.js';
import { watchKeys } from './keyboard.js';
import { filmCommands } from './film.js';
import { fillTexts, languageCommands, languageSwitch } from './language.js';
import { Launch, launchCommands } from './launch.js';
import { layoutCommands, layoutMenu } from './layout-menu.js';
import { Limits } from './limits.js';
import { linkedHands } from './linked-hands.js';
import { Analyse, analyseCommands } from './analyse.js';
import { hasKey } from './api.js';
import { login, takeBrought, watchAddress } from './login.js';
import { showInvitation, showLogin, showReset, showVerified } from './login-page.js';
import { Many } from './many.js';
import { Model } from './model.js';
import { showNotices, showStatus, watchEmpty } from './pages.js';
import { Mover, moveCommands } from './mover.js';
import { notesCommands, openedNote } from './notes.js';
import { Palette, paletteCommands } from './palette.js';
import { Panel } from './panel.js';
import { watchPointers } from './pointer.js';
import { preload } from './remote.js';
import { startRemote } from './remote-page.js';
import { Room } from './room.js';
import { startScreen } from './screen-page.js';
import { Search, searchCommands } from './search.js';
import { selectCommands, showSelection } from './select-commands.js';
import { Stage } from './stage.js';
import { sheetCommands } from './sheet-dialog.js';
import { tagging } from './tagging.js';
import { takeAwayCommands } from './take-away.js';
import { t } from './text.js';
import { themeSwitch } from './theme.js';
import { timeBar } from './time-bar.js';
import { tileSetCommands } from './tilesets.js';
import { together } from './together.js';
import { undoCommands } from './undo.js';
import { Views } from './views.js';
import { viewsCommands } from './views-commands.js';
import { wallCommands } from './wall-commands.js';
import { expose } from './window.js';
import { watchUnsent } from './unsent.js';
import { Work } from './work.js';
import { Zoom, zoomCommands } from './zoom.js';

const TICK_MS = 10000; // what is said in minutes is then never far off

/** @param {import('./connection.js').Status['state']} state */
const isStale = (state) => state === 'lost' || state === 'outdated';

function start() {
  byId('app', HTMLElement).hidden = false;
  const room = new Room();
  const model = new Model(room);
  const connection = new Connection();
  room.connect(connection);
  watchUnsent(room, model);
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
      drawing.look();
      noteOver();
      follow.show();
    },
  });
  const toWall = () => model.focus !== null && stage.cells.focus(model.focus);
  const zoom = new Zoom(model, stage);
  const acts = new TileActs(model, stage);
  const mover = new Mover(model, stage);
  const drawing = new Drawing(model, stage, connection, { opened: () => focus.id, begin: () => hands.leave() });
  const noteOver = openedNote(model, () => focus.id);
  const caseActions = new CaseActions(model);
  const panel = new Panel(model, { close: toWall, work: openWork, case: caseActionsButton(model, caseActions), look: acts.offers({ draw: (id) => drawing.open(id), hide: (id) => mover.hide([id]) }) });
  const limits = new Limits(model);
  const ticking = [stage, focus, panel, limits];

  const open = (/** @type {number} */ id) => focus.open(id);
  const select = (/** @type {number} */ id) => {
    stage.focusOn(id);
    panel.toggle(true);
  };
  const pinch = watchPointers(mover, { open, select, working: () => hands.on });
  showHands(hands, () => openMany(hands.working));
  byId('many', HTMLDialogElement).addEventListener('close', () => hands.resume());
  const mark = () => stage.mark(marksOf(follow.state, model.chosen, hands.working));
  for (const type of ['chosen', 'wall']) model.addEventListener(type, mark);
  follow.addEventListener('change', mark);
  hands.addEventListener('change', () => {
    mark();
    follow.show();
  });
  watchBar(model);
  layoutMenu(model, stage, (id) => commands.run(id));
  byId('work-open', HTMLButtonElement).addEventListener('click', () => work.open());
  const search = new Search(model, { first: (id) => stage.focusOn(id), leave: toWall });
  const views = new Views(model, stage, { toWall, panel: (yes) => panel.toggle(yes) });
  const theme = themeSwitch(() => {
    tags.themeChanged();
    stage.themeChanged();
    stage.refreshSoon('all');
  });
  const language = languageSwitch();
  const commands = new Commands((right) => model.may(right));
  commands.add(...wallCommands({ stage, model, open, search: () => search.focus(), theme, panel: (yes) => panel.toggle(yes), work: () => work.open(), hands: () => hands.toggle(), many: () => openMany(), zoom }), ...layoutCommands(model, stage));
  const palette = new Palette(commands);
  const tags = tagging(model, palette);
  commands.add(...tags.commands, ...searchCommands(search, model), ...viewsCommands(views, model), ...analyseCommands(new Analyse(model), model));
  commands.add(...selectCommands(model, stage, palette), ...moveCommands(mover), ...undoCommands(room), ...paletteCommands(palette), ...zoomCommands(zoom), ...tileCommands(acts, drawing), ...notesCommands(model, stage, { edit: () => panel.editNote(), shown: noteOver }), ...languageCommands(language), ...tileSetCommands(model), ...deskCommands(model), ...takeAwayCommands(model), ...sheetCommands(model), ...filmCommands(model, connection, focus), ...together({ model, stage, focus, search, commands }));
  showSelection(model, commands, toWall);
  watchEmpty(model, commands, () => model.focus !== null && stage.focusOn(model.focus));
  const launch = new Launch();
  byId('launch-open', HTMLButtonElement).addEventListener('click', () => launch.open());
  commands.add(...caseActionCommands(caseActions), ...launchCommands(launch), ...timeBar(model), ...linkedHands({ model, follow, many, commands, typing: () => focus.id ?? hands.working }));
  const help = helpOf(commands);
  commands.add({ id: 'help', label: () => t('command.help'), group: 'help', keys: ['?'], run: help });
  watchKeys(commands, () => focus.id !== null || hands.on || stage.compared !== null);

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
  connection.addEventListener('status', () => {
    const { status } = connection;
    showStatus(status, () => connection.retryNow(), model.me.who?.guest ?? false);
    connection.tell({ type: 'stale', since: isStale(status.state) && status.lostAt ? status.lostAt.getTime() / 1000 : null });
  });
  setInterval(() => document.hidden || ticking.forEach((each) => each.tick()), TICK_MS);
  document.addEventListener('visibilitychange', () => document.hidden || ticking.forEach((each) => each.tick()));
  expose(model, stage, connection);
  void connection.open();
}

fillTexts();
watchAddress();
const brought = takeBrought();
const display = readDisplay(location.hash);
if (display && (brought === null || brought.what === 'invite' || brought.what === 'login')) {
  const problem = await comeIn(display, brought);
  if (problem !== null) showNoWay(problem);
  else if (display.screen) startScreen(display.wall, display.screen);
  else startRemote(display.wall);
} else if (brought?.what === 'invite') showInvitation(brought.secret, hasKey());
else if (brought?.what === 'reset') showReset(brought.secret);
else if (brought?.what === 'verify') await showVerified(brought.secret);
else {
  const problem = await login(brought?.secret ?? null);
  if (problem === null) start();
  else showLogin(problem);
}
