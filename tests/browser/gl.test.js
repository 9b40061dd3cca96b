import assert from 'node:assert/strict';
import test from 'node:test';

import { badgeOf, factsOf, gpuName, isSoftware } from '../../web_static/gl.js';

const truth = (changes) => ({
  way: 'mesa', renderer: 'llvmpipe (LLVM 19.1.7, 256 bits)', vendor: 'Mesa', version: '4.5', gpu: null, software: true, promised: false, wrong: false, note: '', ...changes,
});

test('software renderers are told from graphics cards', () => {
  assert.ok(isSoftware('llvmpipe (LLVM 15.0.6, 256 bits)'));
  assert.ok(!isSoftware('NVIDIA A100-SXM4-40GB/PCIe/SSE2'));
});

test('a GPU is called as people call it', () => {
  const names = {
    'NVIDIA A100-SXM4-40GB/PCIe/SSE2': 'A100',
    'NVIDIA H100 80GB HBM3/PCIe/SSE2': 'H100',
    'NVIDIA H100 PCIe/PCIe/SSE2': 'H100',
    'Tesla V100-SXM2-16GB/PCIe/SSE2': 'V100',
    'NVIDIA GeForce RTX 4090/PCIe/SSE2': 'RTX 4090',
    'Quadro RTX 6000/PCIe/SSE2': 'Quadro RTX 6000',
    'AMD Radeon RX 6800 (radeonsi, navi21, LLVM 15.0.7, DRM 3.54)': 'Radeon RX 6800',
    'Mesa Intel(R) UHD Graphics 630 (CFL GT2)': 'Intel UHD Graphics 630',
    'NVIDIA GH200 480GB/PCIe/SSE2': 'GH200',
    Mesa: 'Mesa',
  };
  for (const [renderer, name] of Object.entries(names)) assert.equal(gpuName(renderer), name);
});

test('software is calm where no GPU was promised', () => {
  assert.deepEqual(badgeOf({ gl: truth({}), renderer: null }), { bad: false, words: ['software GL', 'software'], why: '' });
});

test('software in place of a promised GPU, and another GPU, are bad, with the reason', () => {
  const instead = badgeOf({ gl: truth({ promised: true, note: 'no NVIDIA GLX library in the image' }), renderer: null });
  assert.equal(instead.bad, true);
  assert.equal(instead.words[0], 'no GPU: software GL');
  assert.equal(instead.why, 'no NVIDIA GLX library in the image');
  const other = badgeOf({ gl: truth({ renderer: 'NVIDIA A100', software: false, promised: true, wrong: true }), renderer: null });
  assert.equal(other.bad, true);
  assert.match(other.why, /another GPU draws/);
});

test('GL that does not draw at all is not called software', () => {
  const none = truth({ renderer: '', note: 'the image has no GL library' });
  assert.deepEqual(badgeOf({ gl: none, renderer: null }), { bad: false, words: ['no GL'], why: 'the image has no GL library' });
  assert.equal(badgeOf({ gl: { ...none, promised: true }, renderer: null }).bad, true);
  assert.equal(factsOf({ gl: none, renderer: null })[0][1], 'none: GL does not draw');
});

test('an agent that knows only the renderer gets a badge too, and none while it knows nothing', () => {
  assert.equal(badgeOf({ renderer: 'llvmpipe' }).words[0], 'software GL');
  assert.equal(badgeOf({ gl: null, renderer: 'NVIDIA A100-SXM4-40GB/PCIe/SSE2' }).words[0], 'GPU A100');
  assert.equal(badgeOf({ gl: null, renderer: null }), null);
});

test('the facts are those that are known', () => {
  const gl = truth({ way: 'virtualgl', renderer: 'NVIDIA A100', software: false, gpu: 'GPU-1', version: '4.6' });
  assert.deepEqual(factsOf({ gl, renderer: null }), [
    ['Renderer', 'NVIDIA A100'], ['GL vendor', 'Mesa'], ['GL version', '4.6'], ['GL through', 'VirtualGL, by EGL on the GPU'], ['GPU', 'GPU-1'],
  ]);
  assert.deepEqual(factsOf({ renderer: null }), [['Renderer', 'not known yet']]);
});
