/**
 * Which tiles can take the view of another by their case. Pure.
 *
 * @typedef {import('./api.js').CaseAction} CaseAction
 * @typedef {{name: string, able: number[], left: number[]}} Share  the action that copies the camera, for which followers; for which not
 */

/**
 * Return how followers take the view of a leader; null where none can. A case knows the tiles of one run of it, its tile set.
 * @param {CaseAction[]} actions that the cases of all of these offer @param {number} leader @param {number[]} followers
 * @param {(id: number) => number|undefined} setOf @returns {Share|null}
 */
export function shareOf(actions, leader, followers, setOf) {
  const action = actions.find(({ means, tiles }) => means === 'camera' && tiles.includes(leader));
  if (!action) return null;
  const there = new Set(action.tiles);
  const can = (/** @type {number} */ id) => there.has(id) && setOf(id) === setOf(leader);
  const able = followers.filter(can);
  return able.length > 0 ? { name: action.name, able, left: followers.filter((id) => !can(id)) } : null;
}
