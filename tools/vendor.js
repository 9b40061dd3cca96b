/**
 * Copy noVNC from node_modules into web_static/vendor/novnc, with its licences: `npm run vendor`.
 * What the browser needs of the package is its core and the pako it carries.
 */

import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const from = new URL('node_modules/@novnc/novnc/', root);
const to = new URL('web_static/vendor/novnc/', root);

const licences = (await readdir(new URL('docs/', from))).filter((name) => name.startsWith('LICENSE'));
const wanted = ['core', 'vendor/pako', 'LICENSE.txt', 'AUTHORS', ...licences.map((name) => `docs/${name}`)];

await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
for (const name of wanted) await cp(new URL(name, from), new URL(name, to), { recursive: true });
console.log(`noVNC is in ${fileURLToPath(to)}`);
