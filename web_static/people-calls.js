/** What the portal is asked about sessions, projects, people and invitations. */

import { call } from './api.js';

/** @typedef {import('./me.js').Right} Right */
/**
 * @typedef {{key: string, title: string, project: number, project_name: string, archived: boolean, role: string, rights: Right[], chosen: boolean,
 *   sets: number, tiles: number, people: string[], created: number|null, changed: number|null}} Session
 * @typedef {Record<'sessions'|'sets'|'tiles'|'marks'|'versions'|'invitations'|'tilesets'|'presets', number>} Lost  what a delete takes away
 * @typedef {{id: number, name: string, role: string, operate: boolean, rights: Right[], first: boolean, members: number, sessions: number, created: number}} Project
 * @typedef {{person: number, way: string, name: string, display: string, role: string, operate: boolean, rights: Right[], added: number, state: string, you: boolean,
 *   may: ('role'|'remove'|'operate'|'owner')[]}} Member  may: what who calls may do with them
 * @typedef {{id: number, session: string, note: string, control: boolean, tiles: number[]|null, uses: number, uses_max: number|null, created: number, expires: number,
 *   revoked: number|null, by: string, state: 'open'|'used'|'expired'|'revoked', guests: {person: number, display: string, since: number}[]}} Invitation
 */

/** @param {string} q @param {'yes'|'no'|'all'} archived @returns {Promise<Session[]>} */
export const sessions = async (q, archived = 'all') => (await call('GET', `/sessions?${new URLSearchParams({ q, archived })}`)).sessions;
/** @param {string} key @returns {Promise<Session & {loses: Lost}>} */
export const session = (key) => call('GET', `/sessions/${key}`);
/** @param {number} project @param {string} title @returns {Promise<Session>} */
export const newSession = (project, title) => call('POST', `/projects/${project}/sessions`, { title });
/** @param {string} key @param {string} title @returns {Promise<Session>} */
export const renameSession = (key, title) => call('POST', `/sessions/${key}/rename`, { title });
/** @param {string} key @param {string} title @returns {Promise<Session>} */
export const copySession = (key, title) => call('POST', `/sessions/${key}/copy`, { title });
/** @param {string} key @param {boolean} archived @returns {Promise<Session>} */
export const archiveSession = (key, archived) => call('POST', `/sessions/${key}/archive`, { archived });
/** @param {string} key @returns {Promise<{title: string, lost: Lost}>} */
export const deleteSession = (key) => call('POST', `/sessions/${key}/delete`, {});

/** @returns {Promise<Project[]>} */
export const projects = async () => (await call('GET', '/projects')).projects;
/** @param {string} name @returns {Promise<Project>} */
export const newProject = (name) => call('POST', '/projects', { name });
/** @param {number} id @param {string} name @returns {Promise<Project>} */
export const renameProject = (id, name) => call('POST', `/projects/${id}/rename`, { name });
/** @param {number} id @returns {Promise<{name: string, lost: Lost}>} */
export const deleteProject = (id) => call('POST', `/projects/${id}/delete`, {});
/** @param {number} id @returns {Promise<{members: Member[], roles: string[], shell: string}>} */
export const members = (id) => call('GET', `/projects/${id}/members`);
/** @param {number} id @param {string} name @param {string} role @returns {Promise<Member>} */
export const addMember = (id, name, role) => call('POST', `/projects/${id}/members`, { name, role });
/** @param {number} id @param {number} person @param {string} role @returns {Promise<Member>} */
export const setRole = (id, person, role) => call('POST', `/projects/${id}/members/${person}/role`, { role });
/** @param {number} id @param {number} person @param {boolean} operate @returns {Promise<Member>} */
export const setOperate = (id, person, operate) => call('POST', `/projects/${id}/members/${person}/operate`, { operate });
/** @param {number} id @param {number} person */
export const removeMember = (id, person) => call('POST', `/projects/${id}/members/${person}/remove`, {});
/** @param {number} id */
export const leaveProject = (id) => call('POST', `/projects/${id}/leave`, {});
/** @param {number} id @param {number} person */
export const transferProject = (id, person) => call('POST', `/projects/${id}/transfer`, { person });

/** The invitations of the session that this tab is in. @returns {Promise<{invitations: Invitation[], shell: string}>} */
export const invitations = () => call('GET', '/invitations');
/** @param {{control: boolean, tiles: number[]|null, days: number, uses: number|null, note: string}} what @returns {Promise<{invitation: Invitation, secret: string}>} */
export const invite = (what) => call('POST', '/invitations', what);
/** @param {number} id @returns {Promise<Invitation>} */
export const revoke = (id) => call('POST', `/invitations/${id}/revoke`, {});
/** The rows of a code for a camera. @param {string} text @returns {Promise<string[]>} */
export const codeOf = async (text) => (await call('POST', '/qr', { text })).rows;
