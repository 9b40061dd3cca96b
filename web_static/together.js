/** What makes a wall a shared room: who is here, looking along, the session's menu, the view as an address. */

import { announce } from './announce.js';
import { byId } from './dom.js';
import { FollowView } from './follow-view.js';
import { hashOf, sessionKey } from './here.js';
import { People, peopleCommands } from './people.js';
import { SessionMenu, sessionCommands } from './session-menu.js';
import { readView, writeView } from './view-url.js';

/** @typedef {import('./view-url.js').View} View */

const ADDRESS_MS = 700; // the address follows the view when that rests; a browser takes no more than some changes a second
/** @type {View} what a bookmark looks at that does not say */
const WHOLE = { rect: null, tile: null, open: false, zoomed: [], text: '', rest: 'dim', follow: null, piece: null };
const SHARED = ['sort', 'group', 'colour', 'layout/columns', 'layout/gap', 'layout/title', 'layout/tile']; // that a bookmark keeps too

/**
 * @param {object} parts
 * @param {import('./model.js').Model} parts.model
 * @param {import('./stage.js').Stage} parts.stage
 * @param {import('./focus.js').Focus} parts.focus
 * @param {import('./search.js').Search} parts.search
 * @param {import('./commands.js').Commands} parts.commands
 */
export function together({ model, stage, focus, search, commands }) {
  const { room } = model;
  const follow = new FollowView(model, stage, () => focus.id);
  commands.addEventListener('run', (event) => /** @type {CustomEvent<import('./commands.js').Command>} */ (event).detail.view && follow.byHand());
  const own = (/** @type {string} */ name) => room.document.get(model.own(name));

  /** @returns {View} */
  const view = () => ({
    rect: stage.kept === null ? stage.viewRect() : null,
    tile: model.focus === model.order[0] && focus.id === null ? null : model.focus,
    open: focus.id !== null,
    zoomed: model.ownZoomed,
    text: own('filter')?.text ?? '',
    rest: model.rest,
    follow: follow.person,
    piece: follow.piece,
  });

  /** Look there. @param {View} wanted */
  function go(wanted) {
    follow.leave();
    if (wanted.follow !== null) follow.start(wanted.follow, wanted.piece);
    if (JSON.stringify(wanted.zoomed) !== JSON.stringify(model.ownZoomed)) room.set([[model.own('zoomed'), wanted.zoomed.length > 0 ? wanted.zoomed : null]], 'view');
    const { text = '', rest = 'dim' } = own('filter') ?? {};
    if (wanted.text !== text || (text !== '' && wanted.rest !== rest)) search.set(wanted.text, wanted.rest);
    if (wanted.tile !== null && model.tiles.has(wanted.tile)) model.setFocus(wanted.tile);
    if (wanted.rect) stage.showRect(wanted.rect);
    else stage.home();
    if (wanted.open && wanted.tile !== null) focus.open(wanted.tile);
    else if (focus.id !== null) focus.close();
  }

  const keptShared = () => SHARED.map((path) => /** @type {[string, any]} */ ([path, room.document.get(path) ?? null]));
  const menu = new SessionMenu(
    model,
    {
      sets: () => commands.run('tilesets'),
      link: () => new URL(`#${hashOf(model.me.session ?? '', writeView(view()))}`, location.href).href,
      // What one sees, also while one looks along: whoever goes there goes to that place.
      view: () => ({ ...view(), zoomed: model.zoomed, follow: null, piece: null, shared: keptShared() }),
      go: ({ shared = [], ...wanted }) => {
        const different = shared.filter((/** @type {[string, any]} */ [path, value]) => SHARED.includes(path) && JSON.stringify(room.document.get(path) ?? null) !== JSON.stringify(value));
        if (model.may('arrange')) room.set(different, 'view');
        go({ ...WHOLE, ...wanted });
      },
    },
    byId('session-menu', HTMLElement),
  );
  room.addEventListener('refused', (event) => announce(/** @type {CustomEvent<string>} */ (event).detail));
  const people = new People(model, follow, byId('people', HTMLElement));
  watchAddressOfView(model, view, go);
  return [...peopleCommands(people, follow), ...sessionCommands(menu)];
}

/**
 * Go where the address says once the wall is there, and keep the address up with the view.
 * @param {import('./model.js').Model} model @param {() => View} view @param {(view: View) => void} go
 */
function watchAddressOfView(model, view, go) {
  const wanted = readView(location.hash);
  let there = false;
  const arrive = () => {
    if (there || model.tiles.size === 0 || !model.room.loaded) return;
    there = true;
    if (wanted) requestAnimationFrame(() => go(wanted)); // once the stage has laid the tiles out
  };
  model.addEventListener('wall', arrive);
  model.room.addEventListener('change', arrive);
  setInterval(() => {
    if (!there || document.hidden) return;
    const hash = hashOf(sessionKey(), writeView(view()));
    if (hash !== location.hash.slice(1)) history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
  }, ADDRESS_MS);
  addEventListener('hashchange', () => {
    const found = readView(location.hash);
    if (found) go(found);
  });
}
