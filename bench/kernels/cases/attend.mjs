// Attention over given lists, another one at every step: 10 % at 16k against the best dense peer, 2 % at 128k against
// the gather limit.
import { nativeOf } from '../../../build/ts/ts/attention/kv-cache.js';
import { gatherContender, listContender } from '../../../build/ts/ts/micro/contenders.js';
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { loadAddon } from '../../../build/ts/ts/native/addon.js';
import { checkOutput, reference } from '../data.mjs';
import { digits, is16Bit, keys, ratios, spread, standard } from '../session.mjs';
import { denseRivals, fastest } from './dense.mjs';

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    for (const [nKv, density] of [
      [session.size(16384), 0.1],
      [session.size(131072), 0.02],
    ]) {
      const shape = { ...standard, nKv, dtype };
      session.log(`attend ${density * 100} % of ${keys(nKv)} ${dtype}`);
      rows.push(...(await measure(session, shape, density)));
    }
  }
  session.section(
    'Attention over given lists',
    ['keys', 'dtype', 'density', 'rival', 'ms a step [p10, p90]', 'times dense', 'share of gather'],
    rows,
  );
}

async function measure(session, shape, density) {
  const isSmall = density > 0.05;
  const dense = await denseRivals(session, shape);
  checkLists(dense, shape, density);
  const gaussian = new Gaussian(3);
  const lists = [
    ['group lists', false],
    ['a list per head', true],
  ].map(([name, isPerHead]) => listContender(name, { density, isPerHead, gaussian }, dense.bench));
  const gather = gatherContender('gather limit', { shape, density }, session.limits);
  // Independent lists of a group name this share of its keys.
  const united = 1 - (1 - density) ** (shape.nQHeads / shape.nKvHeads);
  const union = gatherContender(
    'gather limit of unions',
    { shape, density: united },
    session.limits,
  );
  const peers = isSmall ? dense.rivals.slice(2) : [];
  const own = [dense.ours, ...lists, gather, union].map(({ rival }) => rival);
  const times = await session.times([...own, ...peers]);
  for (const peer of dense.forms.keys()) await session.peer(peer).ask({ cmd: 'free' });
  const denseMs = times.get('sparsetune');
  const gatherMs = times.get('gather limit');
  session.add({ op: 'gather', peer: 'limit', shape, density, bytes: gather.bytes, ms: gatherMs });
  for (const [i, list] of lists.entries()) {
    const ms = times.get(list.rival.name);
    const ratio = median(ratios(denseMs, ms));
    const op = `attend ${list.rival.name}`;
    session.add({ op, peer: 'sparsetune', shape, density, bytes: list.bytes, ms, ratio });
    if (isSmall)
      judgeAgainstPeers(session, shape, { times, ms, forms: dense.forms, isHead: i === 1 });
    else if (i === 0)
      session.judge('attend.gather', `${keys(shape.nKv)} ${shape.dtype}`, ratios(gatherMs, ms));
  }
  return [...times].map(([rival, ms]) => [
    keys(shape.nKv),
    shape.dtype,
    density,
    rival,
    spread(ms),
    digits(median(ratios(denseMs, ms))),
    digits(median(ratios(gatherMs, ms))),
  ]);
}

function judgeAgainstPeers(session, { dtype, nKv }, { times, ms, forms, isHead }) {
  const names = [...forms.values()].flat();
  if (names.length === 0) return;
  const id = `attend.${isHead ? 'head' : 'shared'}.${is16Bit(dtype) ? '16bit' : 'f32'}`;
  const peerMs = times.get(fastest(names, times));
  const limitMs = times.get(isHead ? 'gather limit of unions' : 'gather limit');
  session.judge(id, `${keys(nKv)} ${dtype}`, ratios(peerMs, ms), ratios(peerMs, limitMs));
}

/** Both kinds of lists against the reference. */
function checkLists({ bench, query, check }, shape, density) {
  const { nQHeads, nKvHeads, headDim, nKv } = shape;
  const n = Math.round(density * nKv);
  for (const isPerHead of [false, true]) {
    const nLists = isPerHead ? nQHeads : nKvHeads;
    const gaussian = new Gaussian(11);
    const lists = Array.from({ length: nLists }, () => gaussian.sample(n, nKv));
    const flat = new Uint32Array(nLists * n);
    for (const [i, list] of lists.entries()) flat.set(list, i * n);
    const output = loadAddon().kernels.attendLists({
      cache: nativeOf(bench.caches[0]),
      queries: query,
      lists: flat,
      n,
      isPerHead,
      scale: headDim ** -0.5,
      isa: bench.isa,
    });
    const list = (head) => lists[isPerHead ? head : Math.floor(head / (nQHeads / nKvHeads))];
    const { heads, table } = check;
    const expected = reference(shape, { table, query, heads, list });
    checkOutput('sparsetune lists', output, { shape, heads, expected });
  }
}
