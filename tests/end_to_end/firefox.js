/**
 * The demo in Firefox, by WebDriver BiDi: `node firefox.js URL FOLDER`.
 *
 * Visits the wall at URL (a login address), leaves pictures of it in FOLDER, and prints one JSON object of what it saw.
 * Exit code 1, and a line that says at what, when something did not come about in time.
 */

import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import puppeteer from 'puppeteer-core';

const [url, folder] = process.argv.slice(2);
const FIREFOX = '/usr/bin/firefox-esr';
const PATIENCE = 60_000; // ms for anything to come about
const WINDOW = { width: 1280, height: 800 };

const browser = await puppeteer.launch({
  browser: 'firefox', executablePath: FIREFOX, headless: true, defaultViewport: WINDOW, protocolTimeout: 2 * PATIENCE,
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
  seen.tiles = await page.evaluate('window.tiledviz.tiles()');
  await picture(page, 'wall', seen.tiles.map((tile) => tile.rect), (looks) => looks.every((one) => one.spread > 8));
  seen.before = await page.evaluate('window.tiledviz.drawn()');
  await until(page, `(async () => Object.entries((await window.tiledviz.drawn()).tiles).every(([id, n]) => n > ${JSON.stringify(seen.before.tiles)}[id]))()`,
    'every tile is drawn again');
  await zoom(page);
  await work(page);
  await focus(page);
  await film(page);
}

/** Zoom in and out by the wheel and a key. */
async function zoom(page) {
  const { rect } = seen.tiles[0];
  const width = 'window.tiledviz.tiles()[0].rect.width';
  await page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  for (let turn = 0; turn < 3; turn += 1) await page.mouse.wheel({ deltaY: -240 });
  await until(page, `${width} > ${1.3 * rect.width}`, 'the wheel zooms in');
  let before;
  do {
    before = await page.evaluate(width);
    await pause(500); // turns of the wheel that come late would zoom in again
  } while (before !== (await page.evaluate(width)));
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
  const [solid] = await look(page, [rect]);
  await page.keyboard.press('w'); // VTK's key for wireframe
  await picture(page, 'worked', [rect], ([now]) => now.mean < 0.8 * solid.mean);
  await page.keyboard.press('s'); // and for surfaces
  await picture(page, 'surfaces', [rect], ([now]) => now.mean > 0.9 * solid.mean);
  await page.keyboard.press('Escape');
  await until(page, "document.querySelector('#hands').getAttribute('aria-pressed') === 'false'", 'Escape gives the hands back');
}

/** Open the first tile, type into it and go back. */
async function focus(page) {
  const { rect } = seen.tiles[0];
  const canvas = "document.querySelector('#focus .remote canvas')";
  await page.mouse.click(rect.x + rect.width / 2, rect.y + rect.height / 2);
  await until(page, `${canvas}?.getBoundingClientRect().width > 400`, 'the tile opens in full');
  seen.focus = await page.evaluate(`(({ x, y, width, height }) => ({ x, y, width, height }))(${canvas}.getBoundingClientRect())`);
  await picture(page, 'focus', [seen.focus], ([now]) => now.spread > 8);
  await page.mouse.move(seen.focus.x + seen.focus.width / 2, seen.focus.y + seen.focus.height / 2);
  const [solid] = await look(page, [seen.focus]);
  await page.keyboard.press('w');
  await picture(page, 'typed', [seen.focus], ([now]) => now.dark > solid.dark + 0.1);
  await page.keyboard.press('Escape');
  await until(page, "document.querySelector('#focus').hidden || !document.querySelector('#focus').checkVisibility()", 'the wall is back');
  await picture(page, 'back', seen.tiles.map((tile) => tile.rect), (looks) => looks.every((one) => one.spread > 8));
}

/** Record the wall for two seconds; the movie stays in the folder. */
async function film(page) {
  await page.evaluate("(() => { const make = URL.createObjectURL.bind(URL); URL.createObjectURL = (blob) => { window.kept = blob; return make(blob); }; })()");
  const key = async () => {
    await page.keyboard.down('Shift');
    await page.keyboard.press('M');
    await page.keyboard.up('Shift');
  };
  await key();
  await until(page, "document.querySelector('.recording')?.textContent.includes('0:02')", 'it records for two seconds');
  await key();
  await until(page, 'window.kept instanceof Blob', 'the movie is saved');
  const movie = await page.evaluate("new Promise((done) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(',')[1]); reader.readAsDataURL(window.kept); })");
  await writeFile(`${folder}/firefox-movie.webm`, movie, 'base64');
}

/** Wait until a JavaScript expression holds in the page. */
async function until(page, expression, what) {
  const deadline = Date.now() + PATIENCE;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > deadline) throw new Error(`after ${PATIENCE / 1000} s, still not so in Firefox: ${what}`);
    await pause(100);
  }
}

/**
 * A picture of the page in the folder: taken again until what it shows in the rectangles is `enough`, or for good when
 * it never is; the test then says what it sees.
 */
async function picture(page, name, rects = [], enough = () => true) {
  const deadline = Date.now() + PATIENCE;
  do await pause(300); // the canvas is painted with the screen's next frames
  while (!enough(await look(page, rects, `${folder}/firefox-${name}.png`)) && Date.now() < deadline);
}

/** The mean and spread (0 to 255), and the share of dark pixels, of a screenshot in each rectangle. */
async function look(page, rects, path = undefined) {
  const shot = await page.screenshot({ encoding: 'base64' });
  if (path) await writeFile(path, shot, 'base64');
  return page.evaluate(async (text, parts) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return parts.map(({ x, y, width, height }) => {
      const { data } = context.getImageData(Math.ceil(x), Math.ceil(y), Math.floor(width), Math.floor(height));
      let [sum, squares, dark] = [0, 0, 0];
      for (let at = 0; at < data.length; at += 4) {
        for (let hue = at; hue < at + 3; hue += 1) { sum += data[hue]; squares += data[hue] ** 2; }
        dark += Math.max(data[at], data[at + 1], data[at + 2]) < 40;
      }
      const [pixels, mean] = [data.length / 4, sum / (0.75 * data.length)];
      return { mean, spread: Math.sqrt(squares / (3 * pixels) - mean ** 2), dark: dark / pixels };
    });
  }, shot, rects);
}
