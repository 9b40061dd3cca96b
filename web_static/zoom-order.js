/** What one zooms on and who stands beside it. Pure. */

/** Return the tiles to look at side by side, as they stand: the selected ones, else the one in focus. @param {number[]} order @param {Set<number>} chosen @param {number|null} focus */
export function zoomOf(order, chosen, focus) {
  const found = order.filter((id) => chosen.has(id));
  if (found.length > 0) return found;
  return focus !== null && order.includes(focus) ? [focus] : [];
}

/** Return the tile before or behind another one in the wall's order, or null at its ends. @param {number[]} order @param {number} id @param {1|-1} step @returns {number|null} */
export function neighbourOf(order, id, step) {
  const at = order.indexOf(id);
  return at < 0 ? null : (order[at + step] ?? null);
}
