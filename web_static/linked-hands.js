/** Hands that are linked: groups under their names, one view for all of them, and commands for both. */

import { announce } from './announce.js';
import { byId } from './dom.js';
import { groupsOf, ledBy, readyOf, touchesGroups } from './hands-groups.js';
import { GroupsMenu } from './hands-menu.js';
import { SameView } from './same-view.js';
import { t } from './text.js';

const SETTLE_MS = 250; // after a button went up, until the view is copied: a wheel goes on
const COMMAND = 'group-arm-';

/**
 * @param {object} parts
 * @param {import('./model.js').Model} parts.model
 * @param {import('./follow.js').Follow} parts.follow
 * @param {import('./many.js').Many} parts.many
 * @param {import('./commands.js').Commands} parts.commands
 * @param {() => number|null} parts.typing  the tile that has the keys
 * @returns {import('./commands.js').Command[]}
 */
export function linkedHands({ model, follow, many, commands, typing }) {
  const sameView = new SameView(model, follow);
  const all = () => groupsOf(model.room.document, (id) => model.tiles.has(id));
  const takes = (/** @type {number} */ id) => model.takesInput(id);

  /** @param {string} id */
  function arm(id) {
    const group = all().find((each) => each.id === id);
    const ready = group ? readyOf(group, takes) : null;
    if (ready) follow.arm(ready.leader, ready.followers);
    else announce(t('groups.none-live', { name: group?.name ?? '' }));
  }

  /** @param {string} id */
  function sameViewOf(id) {
    const group = all().find((each) => each.id === id);
    const ready = group ? readyOf(group, takes) : null;
    if (ready) void sameView.copy(ready.leader, ready.followers);
    else announce(t('groups.none-live', { name: group?.name ?? '' }));
  }

  many.offer(new GroupsMenu(model, { all, arm, sameView: sameViewOf, chosen: () => many.meant, close: () => byId('many', HTMLDialogElement).close() }));
  keepTogether(model, sameView, typing);

  /** @type {Set<string>} ids of commands */ let offered = new Set();
  const offer = () => {
    const groups = all();
    const ids = new Set(groups.map(({ id }) => `${COMMAND}${id}`));
    for (const id of offered) if (!ids.has(id)) commands.remove(id);
    offered = ids;
    for (const { id, name } of groups) commands.add({ id: `${COMMAND}${id}`, label: () => t('groups.command', { name }), group: 'work', needs: 'operate', run: () => arm(id) });
  };
  model.room.addEventListener('change', (event) => touchesGroups(/** @type {CustomEvent<Set<string>>} */ (event).detail) && offer());
  model.addEventListener('wall', offer);

  const leaderOf = () => [model.focus, ...model.order].find((id) => id !== null && (id === model.focus || model.chosen.has(id)) && takes(id)) ?? null;
  const followersOf = () => model.order.filter((id) => id !== leaderOf() && model.chosen.has(id) && takes(id));
  return [
    { id: 'same-view', label: () => t('same.command'), group: 'work', needs: 'act', enabled: () => followersOf().length > 0, run: () => void sameView.copy(/** @type {number} */ (leaderOf()), followersOf()) },
  ];
}

/**
 * Whenever a button went up in the leader of a group whose views are kept together, have the others look as it does.
 * @param {import('./model.js').Model} model @param {SameView} sameView @param {() => number|null} typing
 */
function keepTogether(model, sameView, typing) {
  let within = false;
  let timer = 0;
  const copy = () => {
    const tile = typing();
    if (tile === null || !model.may('act')) return;
    const takes = (/** @type {number} */ id) => model.takesInput(id);
    for (const group of ledBy(groupsOf(model.room.document, (id) => model.tiles.has(id)), tile, takes)) {
      const ready = readyOf(group, takes);
      if (ready) void sameView.copy(ready.leader, ready.followers, true);
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(copy, SETTLE_MS);
  };
  const inTile = (/** @type {Event} */ { target }) => target instanceof Element && target.closest('#stage, #focus .screen') !== null;
  // Before anybody else hears of it: in an opened tile noVNC keeps the pointer to itself until the button goes up.
  addEventListener('pointerdown', (event) => (within = inTile(event)), { capture: true });
  addEventListener('pointerup', () => within && soon(), { capture: true });
  addEventListener('wheel', (event) => inTile(event) && soon(), { capture: true, passive: true });
}
