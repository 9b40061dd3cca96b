import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

const CSS = new URL('../../web_static/css/', import.meta.url);
const sheets = new Map(readdirSync(CSS).filter((name) => name.endsWith('.css')).map((name) => [name, readFileSync(new URL(name, CSS), 'utf8')]));
const plain = (css) => css.replace(/\/\*.*?\*\//gs, '');
const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\((?!from )|:[^;{]*\b(?:white|black|red|green|blue|yellow|orange|gr[ae]y)\b/gi;

/** Return the tokens of each theme: `{dark: {ground: '#0c0c0d', …}, …}`. */
function themes() {
  const found = {};
  for (const [, theme, body] of plain(sheets.get('tokens.css')).matchAll(/data-theme="(\w+)"\]\s*\{([^}]*)\}/g)) {
    found[theme] = Object.fromEntries([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]));
  }
  return found;
}

/** @returns {number[]} red, green, blue as light */
function light(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
}

const luminance = (hex) => light(hex).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);

/** The contrast ratio of two colours (WCAG 2.2). */
function contrast(one, other) {
  const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

/** How eyes without a kind of cone see (Machado, Oliveira and Fernandes 2009), on light. */
const EYES = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  'without red': [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  'without green': [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  'without blue': [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, each, i) => sum + each * vector[i], 0));

/** Return a light as OKLab: distances in it are as eyes judge them, black to white is 1. */
function oklab(rgb) {
  const bounded = rgb.map((c) => Math.min(1, Math.max(0, c)));
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], bounded);
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones.map(Math.cbrt));
}

test('colours stand in the tokens, and nowhere else', () => {
  for (const [name, css] of sheets) if (name !== 'tokens.css') assert.deepEqual(plain(css).match(COLOUR) ?? [], [], name);
});

test('a theme says each token once', () => {
  for (const [, theme, body] of plain(sheets.get('tokens.css')).matchAll(/data-theme="(\w+)"\]\s*\{([^}]*)\}/g)) {
    const names = [...body.matchAll(/--([\w-]+):/g)].map(([, name]) => name);
    assert.deepEqual(names, [...new Set(names)], theme);
  }
});

test('every token that a sheet uses is there, and each theme has all that one has', () => {
  const own = new Set([...sheets.values()].flatMap((css) => [...plain(css).matchAll(/(--[\w-]+)\s*:/g)].map(([, name]) => name)));
  for (const [name, css] of sheets) {
    // One with a value to fall back on is set by a module.
    for (const [, token] of plain(css).matchAll(/var\((--[\w-]+)\)/g)) assert.ok(own.has(token), `${name}: ${token}`);
  }
  const { dark, ...others } = themes();
  assert.deepEqual(Object.keys(others), ['light', 'contrast']);
  for (const [name, tokens] of Object.entries(others)) assert.deepEqual(Object.keys(tokens), Object.keys(dark), name);
});

test('in every theme words can be read on every ground, and controls be seen', () => {
  for (const [name, tokens] of Object.entries(themes())) {
    for (const ground of ['ground', 'surface', 'raised']) {
      const least = name === 'contrast' ? 7 : 4.5;
      for (const words of ['text', 'muted', 'accent', 'failed']) assert.ok(contrast(tokens[words], tokens[ground]) >= least, `${name}: ${words} on ${ground}`);
      assert.ok(contrast(tokens['edge-strong'], tokens[ground]) >= 3, `${name}: edge-strong on ${ground}`);
    }
    assert.ok(contrast(tokens['on-accent'], tokens.accent) >= 4.5, name);
  }
});

test('eight hues can be told apart by any eyes, and be seen on the ground, in every theme', () => {
  for (const [name, tokens] of Object.entries(themes())) {
    const hues = Array.from({ length: 8 }, (_, i) => tokens[`hue-${i + 1}`]);
    for (const hue of hues) assert.ok(contrast(hue, tokens.ground) >= 3 && contrast(hue, tokens.surface) >= 3, `${name}: ${hue}`);
    for (const [eyes, matrix] of Object.entries(EYES)) {
      const seen = hues.map((hue) => oklab(times(matrix, light(hue))));
      for (let i = 0; i < seen.length; i += 1) {
        for (let j = 0; j < i; j += 1) {
          const apart = Math.hypot(...seen[i].map((each, k) => each - seen[j][k]));
          assert.ok(apart >= 0.1, `${name}, ${eyes}: ${hues[i]} and ${hues[j]} are ${apart.toFixed(3)} apart`);
        }
      }
    }
  }
});
