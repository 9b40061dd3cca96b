/**
 * The demo in Firefox, by WebDriver BiDi: `node firefox.js URL FOLDER`.
 *
 * Visits the wall at URL (a login address), leaves pictures of it in FOLDER, and prints one JSON object of what it saw.
 * Exit code 1, and a line that says at what, when something did not come about in time.
 */

import { setTimeout as pause } from 'node:timers/promises';

import puppeteer from 'puppeteer-core';

const [url, folder] = process.argv.slice(2);
const FIREFOX = '/usr/bin/firefox-esr';
const PATIENCE = 30_000; // ms for anything to come about
const WINDOW = { width: 1280, height: 800 };

const browser = await puppeteer.launch({
  browser: 'firefox', executablePath: FIREFOX, headless: true, defaultViewport: WINDOW, protocolTimeout: PATIENCE,
});
const problems = [];
const seen = { version: await browser.version(), problems };
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
  await visit(page);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));

/** @param {import('puppeteer-core').Page} page */
async function visit(page) {
  await page.goto(url);
  const live = "window.tiledviz?.tiles().filter((t) => t.state === 'live').length";
  await until(page, `${live} > 0 && ${live} === window.tiledviz.tiles().length`, 'all tiles are live');
  await until(page, '(async () => Object.keys((await window.tiledviz.drawn()).tiles).length === window.tiledviz.tiles().length)()',
    'all tiles are drawn');
  await picture(page, 'wall');
  seen.before = await page.evaluate('window.tiledviz.drawn()');
  await until(page, `(async () => Object.entries((await window.tiledviz.drawn()).tiles).every(([id, n]) => n > ${JSON.stringify(seen.before.tiles)}[id]))()`,
    'every tile is drawn again');
  seen.tiles = await page.evaluate('window.tiledviz.tiles()');
  await zoom(page);
  await work(page);
  await focus(page);
}

/** Zoom in and out by the wheel and a key. */
async function zoom(page) {
  const { rect } = seen.tiles[0];
  const width = 'window.tiledviz.tiles()[0].rect.width';
  await page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  for (let turn = 0; turn < 3; turn += 1) await page.mouse.wheel({ deltaY: -240 });
  await until(page, `${width} > ${1.3 * rect.width}`, 'the wheel zooms in');
  await picture(page, 'zoomed');
  await page.keyboard.press('0');
  await until(page, `Math.abs(${width} - ${rect.width}) < 2`, 'the key 0 fits the wall in again');
}

/** Type into the first tile where it is, on the wall. */
async function work(page) {
  const { rect } = seen.tiles[0];
  await page.click('#hands');
  await page.mouse.click(rect.x + rect.width / 2, rect.y + rect.height / 2);
  await pause(500);
  await page.keyboard.press('w'); // VTK's key for wireframe
  await pause(1500);
  await picture(page, 'worked');
  await page.keyboard.press('s'); // and for surfaces
  await page.keyboard.press('Escape');
  await until(page, "document.querySelector('#hands').getAttribute('aria-pressed') === 'false'", 'Escape gives the hands back');
}

/** Open the first tile, type into it and go back. */
async function focus(page) {
  const { rect } = seen.tiles[0];
  const canvas = "document.querySelector('#focus .remote canvas')";
  await page.mouse.click(rect.x + rect.width / 2, rect.y + rect.height / 2);
  await until(page, `${canvas}?.getBoundingClientRect().width > 400`, 'the tile opens in full');
  await pause(2000);
  seen.focus = await page.evaluate(`(({ x, y, width, height }) => ({ x, y, width, height }))(${canvas}.getBoundingClientRect())`);
  await picture(page, 'focus');
  await page.mouse.move(seen.focus.x + seen.focus.width / 2, seen.focus.y + seen.focus.height / 2);
  await page.keyboard.press('w');
  await pause(1500);
  await picture(page, 'typed');
  await page.keyboard.press('Escape');
  await until(page, "document.querySelector('#focus').hidden || !document.querySelector('#focus').checkVisibility()", 'the wall is back');
  await picture(page, 'back');
}

/** Wait until a JavaScript expression holds in the page. */
async function until(page, expression, what) {
  const deadline = Date.now() + PATIENCE;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > deadline) throw new Error(`after ${PATIENCE / 1000} s, still not so in Firefox: ${what}`);
    await pause(100);
  }
}

async function picture(page, name) {
  await pause(300); // the canvas is painted with the screen's next frames
  await page.screenshot({ path: `${folder}/firefox-${name}.png` });
}
