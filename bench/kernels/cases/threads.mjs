// Two threads against one, where this build's attention takes a number of threads.
import { SparseAttention } from '../../../build/ts/ts/attention/sparse-attention.js';
import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { median, repeated } from '../../../build/ts/ts/micro/rounds.js';
import { digits, keys, ratios, spread, standard } from '../session.mjs';
import { gaussianBench } from './gaussian.mjs';

export const name = 'threads';

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    const shape = { ...standard, nKv: session.size(32768), dtype };
    const bench = gaussianBench(session, shape);
    if (!takesThreads(bench)) {
      session.log('threads: attention runs on one thread in this build');
      return;
    }
    for (const preset of ['dense', 'hash_attention', 'random_sampling']) {
      session.log(`threads ${preset} ${keys(shape.nKv)} ${dtype}`);
      rows.push(await measure(session, { bench, shape, preset }));
    }
  }
  session.section('Two threads', ['keys', 'dtype', 'config', 'one: ms', 'two: ms', 'ratio'], rows);
}

/** One place that says how a step is told its threads. */
function forward(attention, { queries, caches }, call, threads) {
  const options = threads === 1 ? {} : { threads };
  const cache = caches[call % caches.length];
  return attention.forward(queries[call % queries.length], cache, options);
}

function takesThreads(bench) {
  const attention = new SparseAttention({ maskers: [] }, { nQHeads: bench.shape.nQHeads });
  try {
    forward(attention, bench, 0, 2);
    return true;
  } catch {
    return false;
  }
}

async function measure(session, { bench, shape, preset }) {
  const { nQHeads } = shape;
  const { defaultConfig } = getPreset(preset);
  const attention = new SparseAttention(defaultConfig, { nQHeads });
  for (const call of bench.caches.keys()) forward(attention, bench, call, 1);
  const times = await session.times(
    [1, 2].map((threads) =>
      repeated(String(threads), { run: (call) => void forward(attention, bench, call, threads) }),
    ),
  );
  const [one, two] = [times.get('1'), times.get('2')];
  const ratio = median(ratios(one, two));
  session.add({ op: preset, peer: 'sparsetune', shape, ms: two, ratio, threads: 2 });
  session.judge('threads', `${preset}, ${keys(shape.nKv)} ${shape.dtype}`, ratios(one, two));
  return [keys(shape.nKv), shape.dtype, preset, spread(one), spread(two), digits(ratio)];
}
