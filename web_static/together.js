/** What makes a wall a shared room: who is here, looking along, the session's menu, the view as an address. */

import { announce } from './announce.js';
import { comparing } from './compare-commands.js';
import { known } from './compare-state.js';
import { DisplayWalls } from './display-walls.js';
import { byId } from './dom.js';
import { FollowView } from './follow-view.js';
import { hashOf, sessionKey } from './here.js';
import { changesTo, keptOf, readKept, writeKept } from './kept.js';
import { offer } from './offer.js';
import { People, peopleCommands } from './people.js';
import { presenting } from './present.js';
import { referring } from './reference.js';
import { SessionMenu, sessionCommands } from './session-menu.js';
import { t } from './text.js';
import { readView, writeView } from './view-url.js';

/** @typedef {import('./view-url.js').View} View */

const ADDRESS_MS = 700; // the address follows the view when that rests; a browser takes no more than some changes a second
/** @type {View} what a bookmark looks at that does not say */
const WHOLE = { rect: null, tile: null, open: false, zoomed: [], text: '', rest: 'dim', follow: null, own: {}, wall: null };
const SHARED = [
  ...['sort', 'group', 'colour', 'layout/columns', 'layout/gap', 'layout/title', 'layout/tile', 'layout/scatter'],
  ...['brush/', 'brushing', 'axes', 'reference', 'time'],
]; // of the session, that a bookmark and a link keep: kept.js says how
/** Registers of one's own that go with the view, by their names; each: what of a value, from anywhere, makes sense on this wall. @type {Record<string, (value: any, there: (id: number) => boolean) => object|null>} */
const OWN = { compare: known };

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
    own: Object.fromEntries(Object.keys(OWN).map((name) => [name, own(name)]).filter(([, value]) => value !== undefined)),
    wall: null,
  });

  /** What has to be set of one's own for that view: of tiles that are here alone. @param {Record<string, any>} wanted @returns {[string, any][]} */
  function ownChanges(wanted) {
    const values = Object.entries(OWN).map(([name, sense]) => /** @type {[string, any]} */ ([name, sense(wanted[name], (id) => model.tiles.has(id))]));
    return values.filter(([name, value]) => JSON.stringify(own(name) ?? null) !== JSON.stringify(value)).map(([name, value]) => [model.own(name), value]);
  }

  /** Look there. @param {View} wanted */
  function go(wanted) {
    follow.leave();
    if (wanted.follow !== null) follow.start(wanted.follow);
    const zoomed = wanted.zoomed.length > 0 ? wanted.zoomed : null;
    room.set([...(JSON.stringify(wanted.zoomed) === JSON.stringify(model.ownZoomed) ? [] : [/** @type {[string, any]} */ ([model.own('zoomed'), zoomed])]), ...ownChanges(wanted.own)], 'view');
    const { text = '', rest = 'dim' } = own('filter') ?? {};
    if (wanted.text !== text || (text !== '' && wanted.rest !== rest)) search.set(wanted.text, wanted.rest);
    if (wanted.tile !== null && model.tiles.has(wanted.tile)) model.setFocus(wanted.tile);
    if (wanted.rect) stage.showRect(wanted.rect);
    else stage.home();
    if (wanted.open && wanted.tile !== null) focus.open(wanted.tile);
    else if (focus.id !== null) focus.close();
  }

  /** The link says how the wall stands too: who goes there and finds it otherwise may choose. */
  const link = () => new URL(`#${hashOf(model.me.session ?? '', writeView({ ...view(), wall: writeKept(keptOf(room.document, SHARED)) }))}`, location.href).href;
  const bookmarks = {
    // What one sees, also while one looks along: whoever goes there goes to that place.
    view: () => ({ ...view(), tile: model.focus, zoomed: model.zoomed, follow: null, shared: keptOf(room.document, SHARED) }),
    /** Go where a bookmark leads. @param {any} bookmark its view */
    go: ({ shared = [], ...wanted }) => {
      if (model.may('arrange')) room.set(changesTo(room.document, shared, SHARED), 'view');
      go({ ...WHOLE, ...wanted });
    },
  };
  const menu = new SessionMenu(model, { run: (id) => commands.run(id), link, ...bookmarks }, byId('session-menu', HTMLElement));
  room.addEventListener('refused', (event) => announce(/** @type {CustomEvent<string>} */ (event).detail));
  const walls = new DisplayWalls(stage, commands, () => focus.id);
  const people = new People(model, follow, byId('people', HTMLElement), walls.element);
  watchAddressOfView(model, view, (wanted) => {
    go(wanted);
    offerWall(model, wanted, () => go(wanted));
  });
  return [...peopleCommands(people, follow), ...sessionCommands(menu), ...comparing(model, stage, focus, follow, commands), ...referring(model, stage), ...presenting({ model, stage, focus, follow, bookmarks })];
}

/**
 * One came by a link that says how the wall stood: where it stands otherwise now, it is for who may arrange to say whether it should stand so
 * again, for everybody, as one act that can be undone.
 * @param {import('./model.js').Model} model @param {View} wanted @param {() => void} again goes there once more
 */
function offerWall(model, wanted, again) {
  const { room } = model;
  const kept = wanted.wall === null ? null : readKept(wanted.wall, SHARED);
  if (kept === null || changesTo(room.document, kept, SHARED).length === 0) return;
  if (!model.may('arrange')) return void offer(t('link.otherwise'), [[t('link.close'), () => {}]]);
  const restore = () => {
    room.set(changesTo(room.document, kept, SHARED), 'view');
    again();
  };
  offer(t('link.otherwise'), [[t('link.restore'), restore], [t('link.leave'), () => {}]]);
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
