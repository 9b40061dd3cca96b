import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { parse } from 'espree';

import en from '../../web_static/lang/en.js';
import fr from '../../web_static/lang/fr.js';
import { formatCount, formatValue } from '../../web_static/format.js';
import { choose, languageOf, localeOf, partsOf, speak, t } from '../../web_static/text.js';
import { clock, span } from '../../web_static/times.js';

const ROOT = new URL('../../web_static/', import.meta.url);
const MODULES = readdirSync(ROOT).filter((name) => name.endsWith('.js'));
const PAGE = readFileSync(new URL('index.html', ROOT), 'utf8');
const sources = new Map(MODULES.map((name) => [name, readFileSync(new URL(name, ROOT), 'utf8')]));
const trees = new Map([...sources].map(([name, text]) => [name, parse(text, { ecmaVersion: 'latest', sourceType: 'module', loc: true })]));

/** Call `see` with each node of a syntax tree and the nodes that it stands in, the nearest last. */
function walk(node, see, above = []) {
  see(node, above);
  for (const child of Object.values(node)) {
    for (const one of Array.isArray(child) ? child : [child]) if (one && typeof one.type === 'string') walk(one, see, [...above, node]);
  }
}

const textsOf = (message) => (typeof message === 'string' ? [message] : [message.one, message.other]);
const placesOf = (message) => [...new Set(textsOf(message).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

// ------------------------------------------------------------------- the two files

test('English and French have the same messages, with places for the same values', () => {
  const lacks = (file, other) => Object.keys(other).filter((key) => !(key in file));
  assert.deepEqual({ english: lacks(en, fr), french: lacks(fr, en) }, { english: [], french: [] });
  for (const key of Object.keys(en)) {
    assert.equal(typeof fr[key], typeof en[key], key);
    assert.deepEqual(placesOf(fr[key]), placesOf(en[key]), key);
    for (const text of [...textsOf(en[key]), ...textsOf(fr[key])]) assert.ok(text.trim(), `${key} is empty`);
  }
});

test('no message stands twice in a file', () => {
  for (const name of ['en', 'fr']) {
    const keys = [...readFileSync(new URL(`lang/${name}.js`, ROOT), 'utf8').matchAll(/^ {2}'([^']+)':/gm)].map(([, key]) => key);
    assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), []);
    assert.equal(keys.length, Object.keys(en).length);
  }
});

test('French is written as it is printed: typographic apostrophes, a space before marks of two parts', () => {
  const all = Object.entries(fr).flatMap(([key, message]) => textsOf(message).map((text) => `${key}: ${text}`));
  assert.deepEqual(all.filter((line) => /\p{L}'\p{L}/u.test(line)), []);
  assert.deepEqual(all.filter((line) => /[\p{L}\d})][;:?!](?:\s|$)/u.test(line.replace(/^\S+: /, ''))), []);
});

test('three dots stand apart from the word before, in both', () => {
  for (const file of [en, fr]) assert.deepEqual(Object.entries(file).filter(([, message]) => textsOf(message).some((text) => /[\p{L}\d]…/u.test(text))), []);
});

// --------------------------------------------------------------- what the page uses

/** Return the texts that the page's modules hold as they are, and the beginnings of those that are put together. */
function named() {
  const [whole, begun] = [new Map(), new Map()];
  for (const [name, tree] of trees) {
    walk(tree, (node) => {
      if (node.type === 'Literal' && typeof node.value === 'string') whole.set(node.value, name);
      if (node.type === 'TemplateLiteral') {
        const [first, second] = node.quasis.map(({ value }) => value.cooked);
        if (second === undefined) whole.set(first, name);
        else if (/^[a-z-]+\.[\w-]*$/.test(first)) begun.set(`${first}…${node.quasis.at(-1).value.cooked}`, name);
      }
    });
  }
  for (const [, key] of PAGE.matchAll(/data-t(?:-\w+)?="([^"]+)"/g)) whole.set(key, 'index.html');
  return { whole, begun };
}

test('every message that the page names is there, and none is there for nothing', () => {
  const { whole, begun } = named();
  const called = new Map();
  for (const [name, tree] of trees) {
    walk(tree, ({ type, callee, arguments: given }) => {
      if (type !== 'CallExpression' || !['t', 'partsOf'].includes(callee.name) || given[0]?.type !== 'Literal') return;
      called.set(given[0].value, name);
    });
  }
  for (const [, key] of PAGE.matchAll(/data-t(?:-\w+)?="([^"]+)"/g)) called.set(key, 'index.html');
  assert.deepEqual([...called].filter(([key]) => !(key in en)), []);
  const fits = (key) => [...begun.keys()].some((each) => key.startsWith(each.split('…')[0]) && key.endsWith(each.split('…')[1]));
  assert.deepEqual(Object.keys(en).filter((key) => !whole.has(key) && !fits(key)), []);
});

test('what stands in the page is the English message that it names', () => {
  const plain = (text) => text.replaceAll('&amp;', '&').replaceAll('&gt;', '>').replaceAll('&lt;', '<');
  for (const [tag] of PAGE.matchAll(/<[a-z][^>]*\sdata-t[^>]*>/g)) {
    for (const [, kind, key] of tag.matchAll(/data-t-(label|title|placeholder)="([^"]+)"/g)) {
      const stands = new RegExp(`\\s${kind === 'label' ? 'aria-label' : kind}="([^"]*)"`).exec(tag)?.[1];
      assert.equal(stands && plain(stands), en[key], key);
    }
  }
  for (const [, key, text] of PAGE.matchAll(/\sdata-t="([^"]+)"[^>]*>([^<]*)</g)) assert.equal(plain(text), en[key], key);
});

// ------------------------------------------------- nothing is said past the two files

/** What people read, and no word of a language; or words for who reads the console. */
const ALLOWED = new Set(['xdpyinfo -display :0']);
const READ = new Set(['aria-label', 'title', 'label', 'placeholder', 'alt', 'textContent', 'aria-description', 'aria-roledescription']);
/** Functions by the number of the argument from which on people read what is given. */
const SAYS = { make: 2, button: 0, setText: 1, Option: 0 };
const NAMES = /\bTiledViz\b|^tiledviz .*/g; // the product, and its commands, are called the same everywhere
const isWord = (text) => /\p{L}{3}/u.test(text.replace(NAMES, '')) && !ALLOWED.has(text.trim());
/** Three words, or two of which the first begins a sentence. */
const isSentence = (text) => /\p{L}{2,}[,:]? \p{L}{2,} \p{L}+|^\p{Lu}\p{Ll}* \p{Ll}{2,}/u.test(text.replace(NAMES, ''));

/** Return whether a literal is never shown: in an error of ours, of the console, a style, a selector, a query, a key of something. */
function isForNobody(node, above) {
  const parent = above.at(-1);
  if (parent.type === 'ImportDeclaration' || parent.type === 'ExpressionStatement') return true;
  return above.some(({ type, callee }) => {
    if (type === 'NewExpression') return /Error$/.test(callee.name) && callee.name !== 'ApiError'; // that one's words are shown
    if (callee?.object?.name === 'console') return true;
    return type === 'CallExpression' && /^(?:querySelector(?:All)?|closest|matches|matchMedia|setProperty)$/.test(callee.property?.name ?? callee.name ?? '');
  });
}

/** Return whether what stands here is shown by the call or the attribute that it is given to. */
function isShown(node, above) {
  for (let i = above.length - 1; i >= 0; i -= 1) {
    const [outer, inner] = [above[i], above[i + 1] ?? node];
    if (outer.type === 'Property') return outer.value === inner && READ.has(outer.key.name ?? outer.key.value);
    if (outer.type === 'AssignmentExpression') return outer.right === inner && READ.has(outer.left.property?.name);
    if (outer.type === 'CallExpression' || outer.type === 'NewExpression') {
      const at = outer.arguments.indexOf(inner);
      const says = SAYS[outer.callee.name];
      if (says === undefined || at < says) return false;
      return !(outer.callee.name === 'button' && at > 0) && !(outer.callee.name === 'Option' && at > 0) && !(outer.callee.name === 'setText' && at > 1);
    }
    if (!['ConditionalExpression', 'LogicalExpression', 'TemplateLiteral', 'BinaryExpression'].includes(outer.type)) return false;
    if (outer.type === 'ConditionalExpression' && outer.test === inner) return false;
    if (outer.type === 'BinaryExpression' && outer.operator !== '+') return false;
  }
  return false;
}

test('no module says anything in one language', () => {
  const found = [];
  for (const [name, tree] of trees) {
    walk(tree, (node, above) => {
      const text = node.type === 'Literal' ? node.value : node.type === 'TemplateElement' ? node.value.cooked : null;
      if (typeof text !== 'string' || isForNobody(node, above)) return;
      const names = above.at(-1).type === 'Property' && /^[a-z-]+$/.test(text); // as the label of an act: a key of the words
      if (isSentence(text) || (isShown(node, above) && isWord(text) && !names)) found.push(`${name}:${node.loc.start.line}: ${text}`);
    });
  }
  assert.deepEqual(found, []);
});

test('the page holds no words but those that it names', () => {
  const body = PAGE.slice(PAGE.indexOf('</noscript>')).replace(/<!--.*?-->/gs, '');
  const bare = [...body.matchAll(/<([a-z]\w*)((?:\s[^>]*)?)>([^<]*)/g)];
  for (const [, tag, attributes, text] of bare) {
    if (isWord(text)) assert.match(attributes, /\sdata-t="/, `<${tag}> ${text}`);
    for (const [, kind] of attributes.matchAll(/\s(aria-label|title|placeholder)="/g)) {
      assert.match(attributes, new RegExp(`\\sdata-t-${kind.replace('aria-', '')}="`), `<${tag}${attributes}>`);
    }
  }
});

// ------------------------------------------------------------------------ speaking

test('of the languages that a person wants, the first that there is', () => {
  assert.equal(choose(['de-CH', 'fr-CH', 'en']), 'fr');
  assert.equal(choose(['EN-gb', 'fr']), 'en');
  assert.equal(choose(['de', 'it']), 'en');
  assert.equal(choose([]), 'en');
});

test('in French, words, numbers, times and plurals are French', () => {
  speak('fr', ['de', 'fr-CA']);
  try {
    assert.deepEqual([languageOf(), localeOf()], ['fr', 'fr-CA']);
    speak('fr');
    assert.equal(t('clip.count', { n: 0 }), '0 caractère'); // in French, zero is one
    assert.equal(t('clip.count', { n: 2 }), '2 caractères');
    assert.equal(t('limit.in', { wait: span(1440) }), 'dans 1 jour');
    assert.equal(formatValue(-0.037), '\u22120,037');
    assert.equal(formatValue(0.00015694), '1,569\u202f×\u202f10⁻⁴');
    assert.equal(formatValue(true), 'oui');
    assert.equal(formatCount(1024), '1\u202f024');
    assert.match(clock(new Date(2026, 10, 24, 14, 5).getTime() / 1000), /14:05$/);
    assert.equal(t('said.colon', { what: 'a', why: 'b' }), 'a\u00a0: b');
    assert.equal(t('tile.remove-ask', { title: 'b c' }), 'Retirer «\u00a0b c\u00a0» du mur\u00a0?');
  } finally {
    speak('en');
  }
  assert.equal(t('clip.count', { n: 0 }), '0 characters');
  assert.equal(formatValue(0.037), '0.037');
});

test('a language that there is not changes nothing', () => {
  speak('xx');
  assert.equal(languageOf(), 'en');
});

test('a message in parts has its stressed values at every other place, wherever a language puts them', () => {
  assert.deepEqual(partsOf('hands.keys-to', { title: '12 {x}' }), ['Keys go to ', '12 {x}', '. Esc leaves.']);
  assert.deepEqual(partsOf('limit.reached', { title: 'Patterns' }, { at: '14:00' }), ['', 'Patterns', ' has reached its time limit (14:00)']);
});

test('a value is taken as it is, whatever stands in it', () => {
  assert.equal(t('work.this', { title: '{title} $& <b>' }), 'This tile: {title} $& <b>');
});
