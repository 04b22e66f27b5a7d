// Dense decode: ours, torch in three forms, ggml in two, and the stream limit of the same bytes.

import { denseBytes } from '../../../build/ts/ts/micro/caches.js';
import { configContender, streamContender } from '../../../build/ts/ts/micro/contenders.js';
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { checkOutput, reference, tableCaches } from '../data.mjs';
import { digits, keys, ratios, spread, standard } from '../session.mjs';
import { newAttention } from '../steps.mjs';

export async function run(session) {
  const rows = [];
  for (const nKv of [16384, 131072].map((n) => session.size(n))) {
    for (const dtype of session.dtypes) {
      const shape = { ...standard, nKv, dtype };
      session.log(`dense ${keys(nKv)} ${dtype}`);
      rows.push(...(await measure(session, shape)));
    }
  }
  session.section(
    'Dense decode',
    ['keys', 'dtype', 'rival', 'ms a step [p10, p90]', 'times ours', 'share of stream'],
    rows,
  );
}

async function measure(session, shape) {
  const { rivals, forms, ours, stream } = await denseRivals(session, shape);
  const times = await session.times(rivals);
  for (const peer of forms.keys()) await session.peer(peer)?.ask({ cmd: 'free' });
  const own = times.get(ours.rival.name);
  const limit = times.get(stream.rival.name);
  const bytes = denseBytes(shape);
  session.add({ op: 'stream', peer: 'limit', shape, bytes, ms: limit });
  session.add({ op: 'dense', peer: 'sparsetune', shape, bytes, ms: own });
  session.judge('dense.stream', label(shape), ratios(limit, own));
  for (const [peer, names] of forms) {
    for (const form of names) {
      const ms = times.get(form);
      const ratio = median(ratios(ms, own));
      session.add({ op: `dense ${form}`, peer, shape, bytes, ms, ratio });
    }
    const best = fastest(names, times);
    const fastestMs = times.get(best);
    session.judge(`dense.${peer}`, label(shape), ratios(fastestMs, own), ratios(fastestMs, limit));
  }
  return [...times].map(([rival, ms]) => [
    keys(shape.nKv),
    shape.dtype,
    rival,
    spread(ms),
    digits(median(ratios(ms, own))),
    digits(median(ratios(limit, ms))),
  ]);
}

/** All rivals of a shape, each checked against the reference. */
export async function denseRivals(session, shape) {
  const { nQHeads, headDim } = shape;
  const table = session.table(headDim);
  const copies = session.copies(shape);
  const caches = tableCaches(shape, table.rows, copies);
  const query = new Gaussian(5).fill(new Float32Array(nQHeads * headDim));
  const heads = [0, nQHeads >> 1, nQHeads - 1];
  const check = {
    shape,
    heads,
    table: table.rows,
    expected: reference(shape, { table: table.rows, query, heads }),
  };
  const { isa, limits } = session;
  const attention = newAttention(session, { maskers: [] }, { nQHeads });
  checkOutput('sparsetune', attention.forward(query, caches[0]).output, check);
  const bench = { shape, caches, queries: [query], isa, limits };
  const ours = configContender('sparsetune', { maskers: [] }, bench);
  const stream = streamContender('stream limit', denseBytes(shape), limits);
  const forms = await loadPeers(session, shape, { table, copies, query, check });
  const peers = [...forms].flatMap(([peer, names]) =>
    names.map((form) => session.peer(peer).rival(form.slice(peer.length + 1))),
  );
  return { rivals: [ours.rival, stream.rival, ...peers], forms, ours, stream, bench, query, check };
}

async function loadPeers(session, shape, { table, copies, query, check }) {
  const forms = new Map();
  const load = {
    cmd: 'load',
    case: 'dense',
    ...shape,
    copies,
    table: table.path,
    query: session.folder.write(query),
  };
  for (const peer of ['torch', 'ggml'].map((name) => session.peer(name))) {
    if (peer === undefined) continue;
    const names = [];
    for (const form of await formsOf(session, peer, load)) {
      try {
        const { result } = await peer.ask({ cmd: 'result', form });
        checkOutput(`${peer.name} ${form}`, result, check);
        names.push(`${peer.name} ${form}`);
      } catch (error) {
        session.log(`  left out: ${error.message}`);
      }
    }
    if (names.length > 0) forms.set(peer.name, names);
  }
  return forms;
}

async function formsOf(session, peer, load) {
  try {
    return (await peer.ask(load)).forms;
  } catch (error) {
    session.log(`  left out: ${error.message}`);
    return [];
  }
}

/** The form with the lowest median. */
export function fastest(names, times) {
  return names.reduce((a, b) => (median(times.get(a)) <= median(times.get(b)) ? a : b));
}

function label({ nKv, dtype }) {
  return `${keys(nKv)} ${dtype}`;
}
