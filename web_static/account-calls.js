/** What the portal is asked about accounts and API tokens. */

import { call } from './api.js';

/** @typedef {import('./me.js').Right} Right */
/**
 * @typedef {{id: number, way: string, name: string, display: string, mail: string|null, verified: boolean, administrator: boolean, password: boolean, changed: number|null,
 *   totp: boolean, recovery: number, created: number}} Account  recovery: codes that are left
 * @typedef {{id: number, way: string, name: string, display: string, mail: string|null, verified: boolean, state: string, administrator: boolean, password: boolean, totp: boolean,
 *   created: number, seen: number|null}} Listed
 * @typedef {{id: number, name: string, rights: Right[], session: string|null, created: number, expires: number, used: number|null}} Token
 */

/** @returns {Promise<Account>} */
export const account = () => call('GET', '/account');
/** @param {string} display @returns {Promise<Account>} */
export const setDisplay = (display) => call('POST', '/account/display', { display });
/** @param {string} old @param {string} wanted */
export const setPassword = (old, wanted) => call('POST', '/account/password', { old, new: wanted });
/** @param {string} mail @param {string} password @returns {Promise<{sent: boolean}>} */
export const setMail = (mail, password) => call('POST', '/account/mail', { mail, password });
/** @param {string} password @returns {Promise<{secret: string, address: string, rows: string[]}>} */
export const totpSetup = (password) => call('POST', '/account/totp/setup', { password });
/** @param {string} code @returns {Promise<{recovery: string[]}>} */
export const totpConfirm = (code) => call('POST', '/account/totp/confirm', { code });
/** @param {string} password */
export const totpOff = (password) => call('POST', '/account/totp/off', { password });
/** @param {string} password @returns {Promise<{recovery: string[]}>} */
export const totpRecovery = (password) => call('POST', '/account/totp/recovery', { password });
export const logoutEverywhere = () => call('POST', '/account/logout-everywhere', {});
export const logout = () => call('POST', '/logout', {});

/** @returns {Promise<Token[]>} */
export const tokens = () => call('GET', '/tokens');
/** @param {{name: string, rights: Right[], session?: string, days: number}} what @returns {Promise<Token & {token: string}>} */
export const newToken = (what) => call('POST', '/tokens', what);
/** @param {number} id */
export const revokeToken = (id) => call('POST', `/tokens/${id}/revoke`, {});

/** @returns {Promise<Listed[]>} */
export const accounts = () => call('GET', '/accounts');
/** @param {{name: string, display?: string, mail?: string}} what @returns {Promise<{account: Listed, secret: string, expires: number}>} */
export const newAccount = (what) => call('POST', '/accounts', what);
/** @param {number} id @param {'approve'|'deactivate'|'activate'} verb @returns {Promise<Listed>} */
export const setState = (id, verb) => call('POST', `/accounts/${id}/${verb}`, {});
/** @param {number} id @param {boolean} administrator @returns {Promise<Listed>} */
export const setAdministrator = (id, administrator) => call('POST', `/accounts/${id}/administrator`, { administrator });
/** @param {number} id @param {boolean} totp whether the second factor is taken off too @returns {Promise<{name: string, secret: string, expires: number}>} */
export const resetLink = (id, totp) => call('POST', `/accounts/${id}/reset`, { totp });
