// Two threads against one.
import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { median, repeated } from '../../../build/ts/ts/micro/rounds.js';
import { digits, keys, ratios, spread, standard } from '../session.mjs';
import { newAttention } from '../steps.mjs';
import { gaussianBench } from './gaussian.mjs';

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    const shape = { ...standard, nKv: session.size(32768), dtype };
    const bench = gaussianBench(session, shape);
    for (const preset of ['dense', 'hash_attention', 'random_sampling']) {
      session.log(`threads ${preset} ${keys(shape.nKv)} ${dtype}`);
      rows.push(await measure(session, { bench, shape, preset }));
    }
  }
  session.section('Two threads', ['keys', 'dtype', 'config', 'one: ms', 'two: ms', 'ratio'], rows);
}

async function measure(session, { bench, shape, preset }) {
  const { nQHeads } = shape;
  const { defaultConfig } = getPreset(preset);
  const outputs = [1, 2].map(
    (threads) =>
      newAttention(session, defaultConfig, { nQHeads, threads }).forward(
        bench.queries[0],
        bench.caches[0],
      ).output,
  );
  if (Buffer.compare(...outputs.map(({ buffer }) => Buffer.from(buffer))) !== 0) {
    throw new Error(`${preset}: two threads give another result than one`);
  }
  const rivals = [1, 2].map((threads) => {
    const attention = newAttention(session, defaultConfig, { nQHeads, threads });
    const run = (call) => {
      const cache = bench.caches[call % bench.caches.length];
      attention.forward(bench.queries[call % bench.queries.length], cache);
    };
    for (const call of bench.caches.keys()) run(call);
    return repeated(String(threads), { run });
  });
  const times = await session.times(rivals);
  const [one, two] = [times.get('1'), times.get('2')];
  const ratio = median(ratios(one, two));
  session.add({ op: preset, peer: 'sparsetune', shape, ms: two, ratio, threads: 2 });
  session.judge('threads', `${preset}, ${keys(shape.nKv)} ${shape.dtype}`, ratios(one, two));
  return [keys(shape.nKv), shape.dtype, preset, spread(one), spread(two), digits(ratio)];
}
