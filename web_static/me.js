/** Who looks at the wall, and what that person may do, as the portal says it. Pure. */

/**
 * @typedef {'see'|'read'|'arrange'|'host'|'manage'|'own'|'operate'} Right  the table is in tvcore/portal/roles.py
 * @typedef {Right|'all'|'act'|'member'|'administer'|'lead'} Needed  all: not for chosen tiles alone; act: operate beyond keys and pointer;
 *   member: no guest; administer: the portal
 * @typedef {{id: number, way: string, name: string, display: string, administrator: boolean, guest: boolean}} Who
 * @typedef {{role: string, rights: Right[], person?: string, who?: Who, session?: string, title?: string, chosen?: boolean, leads?: boolean}} Me  leads: may say what display walls show
 */

/** Return whether somebody has a right, or is somebody for whom something is. @param {Me} me @param {Needed} needed */
export function may(me, needed) {
  if (needed === 'all') return me.rights.length > 0 && !me.chosen;
  if (needed === 'act') return me.rights.includes('operate') && !me.chosen;
  if (needed === 'member') return me.who?.guest === false;
  if (needed === 'lead') return me.leads ?? false;
  if (needed === 'administer') return me.who?.administrator ?? false;
  return me.rights.includes(needed);
}
