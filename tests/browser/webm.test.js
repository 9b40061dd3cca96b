import assert from 'node:assert/strict';
import test from 'node:test';

import { WebM, sizeOf } from '../../web_static/webm.js';

// Of the elements that hold others, and of those that hold a number, a text or a float, by their ids (RFC 8794, RFC 9559).
const MASTERS = { 0x1a45dfa3: 'EBML', 0x18538067: 'Segment', 0x114d9b74: 'SeekHead', 0x4dbb: 'Seek', 0x1549a966: 'Info', 0x1654ae6b: 'Tracks', 0xae: 'TrackEntry', 0xe0: 'Video', 0x55b0: 'Colour', 0x1f43b675: 'Cluster', 0x1c53bb6b: 'Cues', 0xbb: 'CuePoint', 0xb7: 'CueTrackPositions' };
const NUMBERS = { 0x4286: 'EBMLVersion', 0x42f7: 'EBMLReadVersion', 0x42f2: 'EBMLMaxIDLength', 0x42f3: 'EBMLMaxSizeLength', 0x4287: 'DocTypeVersion', 0x4285: 'DocTypeReadVersion', 0x53ab: 'SeekID', 0x53ac: 'SeekPosition', 0x2ad7b1: 'TimestampScale', 0xd7: 'TrackNumber', 0x73c5: 'TrackUID', 0x83: 'TrackType', 0x9c: 'FlagLacing', 0x55b1: 'MatrixCoefficients', 0x55b9: 'Range', 0x55ba: 'TransferCharacteristics', 0x55bb: 'Primaries', 0xb0: 'PixelWidth', 0xba: 'PixelHeight', 0xe7: 'Timestamp', 0xb3: 'CueTime', 0xf7: 'CueTrack', 0xf1: 'CueClusterPosition' };
const TEXTS = { 0x4282: 'DocType', 0x4d80: 'MuxingApp', 0x5741: 'WritingApp', 0x86: 'CodecID' };

/** Read a number of variable length; with its marker where `marked`. @returns {[number, number]} the value, and where it ends */
function vint(bytes, at, marked = false) {
  let length = 1;
  while (!(bytes[at] & (0x80 >> (length - 1)))) length += 1;
  let value = marked ? bytes[at] : bytes[at] & (0xff >> length);
  for (let i = 1; i < length; i += 1) value = value * 256 + bytes[at + i];
  return [value, at + length];
}

/** Read all elements between two places: every byte belongs to one. */
function elements(bytes, from = 0, to = bytes.length) {
  const found = [];
  for (let at = from; at < to; ) {
    const [id, size] = vint(bytes, at, true);
    const [length, begin] = vint(bytes, size);
    const end = begin + length;
    assert.ok(end <= to, `element ${id.toString(16)} is longer than what it is in`);
    const content = bytes.subarray(begin, end);
    const number = () => content.reduce((sum, byte) => sum * 256 + byte, 0);
    if (MASTERS[id]) found.push({ name: MASTERS[id], at, begin, of: elements(bytes, begin, end) });
    else if (NUMBERS[id]) found.push({ name: NUMBERS[id], at, value: number() });
    else if (TEXTS[id]) found.push({ name: TEXTS[id], at, value: new TextDecoder().decode(content) });
    else if (id === 0x4489) found.push({ name: 'Duration', at, value: new DataView(content.slice().buffer).getFloat64(0) });
    else if (id === 0xa3) found.push({ name: 'SimpleBlock', at, track: content[0] & 0x7f, time: (content[1] << 8) | content[2], flags: content[3], data: content.slice(4) });
    else assert.fail(`no element of WebM: ${id.toString(16)}`);
    at = end;
  }
  return found;
}

const all = (of, name) => of.filter((each) => each.name === name);
const one = (of, name) => {
  const [found, ...more] = all(of, name);
  assert.ok(found && more.length === 0, `one ${name}`);
  return found;
};

/** A movie of pictures [data, ms, key]. */
function movie(pictures, duration, codec = 'V_VP8', colours = {}) {
  const clusters = [];
  const webm = new WebM({ width: 640, height: 482, codec }, (cluster) => clusters.push(cluster));
  webm.colours = colours;
  for (const [data, at, key] of pictures) webm.add(new Uint8Array(data), at, key);
  const { head, tail } = webm.finish(duration);
  return new Uint8Array([head, ...clusters, tail].flatMap((part) => [...part]));
}

test('a size says its own length, and never that it is unknown', () => {
  const hex = (value) => Buffer.from(sizeOf(value)).toString('hex');
  const sizes = { 0: '80', 1: '81', 126: 'fe', 127: '407f', 128: '4080', 16382: '7ffe', 16383: '203fff', 2097150: '3ffffe', 2097151: '101fffff', 1099511627776: '050000000000' };
  for (const [value, wanted] of Object.entries(sizes)) assert.equal(hex(Number(value)), wanted, value);
});

test('a file of one picture is this, byte by byte', () => {
  const bytes = [
    '1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810442858102', // the EBML header: version 1, ids of 4 bytes, sizes of 8, webm 4, to be read from 2 on
    '1853806701000000000000cb', // the segment, and its size
    '114d9b74bf', // where the others are
    '4dbb9253ab841549a96653ac8800000000000000444dbb9253ab841654ae6b53ac8800000000000000714dbb9253ab841c53bb6b53ac8800000000000000b9', // info, tracks and cues
    '1549a966a82ad7b1830f424044898840440000000000004d808854696c656456697a57418854696c656456697a', // info: milliseconds, 40 of them, who wrote it
    '1654ae6bb3aeb1d7810173c581018381019c81008685565f565038e09bb0820280ba8201e255b09055b1810255b9810055ba810255bb8102', // the track: VP8, 640 by 482, colours that are not known
    '1f43b6758be78100a38681000080cafe', // a cluster at 0 with a key picture
    '1c53bb6b8dbb8bb38100b786f78101f181a9', // the index
  ];
  assert.equal(Buffer.from(movie([[[0xca, 0xfe], 0, true]], 40)).toString('hex'), bytes.join(''));
});

test('every element is whole, in its place, and found by the index', () => {
  const bytes = movie([[[1], 0, true], [[2, 2], 40, false], [[3], 80.4, true], [[4], 31_000, false], [[5], 62_500, true]], 63_000.5, 'V_VP9');
  const [ebml, segment, ...more] = elements(bytes);
  assert.deepEqual([ebml.name, segment.name, more], ['EBML', 'Segment', []]);
  assert.equal(one(ebml.of, 'DocType').value, 'webm');
  const position = (each) => each.at - segment.begin;
  const seeks = all(one(segment.of, 'SeekHead').of, 'Seek').map(({ of }) => [one(of, 'SeekID').value, one(of, 'SeekPosition').value]);
  assert.deepEqual(seeks, [[0x1549a966, position(one(segment.of, 'Info'))], [0x1654ae6b, position(one(segment.of, 'Tracks'))], [0x1c53bb6b, position(one(segment.of, 'Cues'))]]);
  assert.equal(one(one(segment.of, 'Info').of, 'Duration').value, 63_000.5);
  const track = one(one(segment.of, 'Tracks').of, 'TrackEntry').of;
  assert.deepEqual([one(track, 'CodecID').value, one(track, 'TrackType').value], ['V_VP9', 1]);
  const video = one(track, 'Video').of;
  assert.deepEqual([one(video, 'PixelWidth').value, one(video, 'PixelHeight').value], [640, 482]);
  const clusters = all(segment.of, 'Cluster');
  const shown = clusters.map(({ of }) => all(of, 'SimpleBlock').map(({ time, flags, data }) => [one(of, 'Timestamp').value + time, flags, [...data]]));
  assert.deepEqual(shown, [[[0, 0x80, [1]], [40, 0, [2, 2]]], [[80, 0x80, [3]]], [[31_000, 0, [4]]], [[62_500, 0x80, [5]]]]);
  const cues = all(one(segment.of, 'Cues').of, 'CuePoint').map(({ of }) => [one(of, 'CueTime').value, one(one(of, 'CueTrackPositions').of, 'CueClusterPosition').value]);
  assert.deepEqual(cues, [[0, position(clusters[0])], [80, position(clusters[1])], [62_500, position(clusters[3])]]);
});

test('how colours are written is said, as far as it is known', () => {
  const colour = (colours) => {
    const [, segment] = elements(movie([[[1], 0, true]], 40, 'V_VP8', colours));
    return one(one(one(one(segment.of, 'Tracks').of, 'TrackEntry').of, 'Video').of, 'Colour').of.map(({ value }) => value);
  };
  assert.deepEqual(colour({ fullRange: true, matrix: 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1' }), [1, 2, 13, 1]);
  assert.deepEqual(colour({ fullRange: false, matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m' }), [6, 1, 6, 6]);
  for (const none of [{}, { fullRange: null, matrix: null, primaries: null, transfer: null }, { matrix: 'of later' }]) assert.deepEqual(colour(none), [2, 0, 2, 2]);
});

test('times go up, and the movie is no shorter than its last picture', () => {
  const [, segment] = elements(movie([[[1], 5, true], [[2], 5, false], [[3], 4.6, false]], 3));
  const { of } = one(segment.of, 'Cluster');
  assert.deepEqual(all(of, 'SimpleBlock').map(({ time }) => one(of, 'Timestamp').value + time), [5, 6, 7]);
  assert.equal(one(one(segment.of, 'Info').of, 'Duration').value, 8);
});

test('one of many large pictures has all their bytes', () => {
  const pictures = Array.from({ length: 300 }, (_, i) => [new Array((i * 97) % 3000).fill(i % 256), i * 40, i % 50 === 0]);
  const [, segment] = elements(movie(pictures, 12_000));
  const data = all(segment.of, 'Cluster').flatMap(({ of }) => all(of, 'SimpleBlock').map((block) => [...block.data]));
  assert.deepEqual(data, pictures.map(([bytes]) => bytes));
  assert.equal(all(segment.of, 'Cluster').length, 6);
});
