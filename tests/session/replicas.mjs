// Pages' documents for tests: a line of JSON in, `[replica, name, ...arguments]`, and one out, what came of it.
import { createInterface } from 'node:readline';

import { Document, editsTo } from '../../web_static/document.js';

const documents = new Map();

const calls = {
  begin: (replica, base, ops) => void documents.set(replica, filled(base, ops)),
  // As room.js does it: what is pending is put behind what is there.
  load(replica, base, ops) {
    const { pending } = documents.get(replica);
    const next = filled(base, ops);
    const there = new Set(ops.map(({ id }) => id));
    for (const each of pending) if (!there.has(each.id)) next.do(each);
    documents.set(replica, next);
    return next.pending;
  },
  act(replica, act) {
    const document = documents.get(replica);
    const { write, ...operation } = act;
    if (write) {
      const edits = editsTo(document.characters(write[0]), write[1](document.text(write[0])));
      if (edits.length === 0) return null;
      operation.text = [[write[0], edits]];
    }
    document.do(operation);
    return operation;
  },
  undo: (replica, id, person) => about(replica, 'undo', id, person, documents.get(replica).undoable(person)),
  redo: (replica, id, person) => about(replica, 'redo', id, person, documents.get(replica).redoable(person)),
  take: (replica, ops) => void ops.forEach((op) => documents.get(replica).take(op)),
  refuse: (replica, id) => void documents.get(replica).refuse(id),
  plain: (replica) => documents.get(replica).plain(),
  base: (replica) => documents.get(replica).base(),
  can: (replica, person) => [documents.get(replica).undoable(person)?.id ?? null, documents.get(replica).redoable(person)?.id ?? null],
  below: (replica, prefix) => documents.get(replica).below(prefix),
  pending: (replica) => documents.get(replica).pending,
  reset: () => documents.clear(),
};

function filled(base, ops) {
  const document = new Document(base);
  for (const op of ops) document.take(op);
  return document;
}

function about(replica, way, id, person, act) {
  if (!act) return null;
  const operation = { id, person, [way]: act.id };
  documents.get(replica).do(operation);
  return operation;
}

/** A change of a text, as people make it: [where, how many letters go, what is written] in thousandths of its length. */
const changed = ([where, less, more]) => (text) => {
  const letters = [...text];
  const at = Math.floor((where * letters.length) / 1000);
  return [...letters.slice(0, at), more, ...letters.slice(at + less)].join('');
};

for await (const line of createInterface({ input: process.stdin })) {
  const [replica, name, ...rest] = JSON.parse(line);
  if (name === 'act' && rest[0].write) rest[0].write[1] = changed(rest[0].write[1]);
  process.stdout.write(`${JSON.stringify(calls[name](replica, ...rest) ?? null)}\n`);
}
