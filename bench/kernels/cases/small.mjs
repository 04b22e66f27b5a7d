// Small steps: what a call costs beside its kernels (one key in the cache; one sink key of many) and a short context.
import { KvCache } from '../../../build/ts/ts/attention/kv-cache.js';
import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { interleave, median, quantile } from '../../../build/ts/ts/micro/rounds.js';
import { digits } from '../session.mjs';
import { newAttention } from '../steps.mjs';

const callsAtOnce = 200;
const oneSink = { maskers: [{ kind: 'sink', sinkSize: 1 }] };

export async function run(session) {
  const rows = [];
  const shape = { nQHeads: 9, nKvHeads: 3, headDim: 64, dtype: 'f32' };
  const cases = [
    ['dense, one key', 1, { maskers: [] }, true],
    ['one sink key of 512', 512, oneSink, true],
    ['dense, 512 keys', 512, { maskers: [] }, false],
    ...['streaming_llm', 'hash_attention', 'magic_pig'].map((preset) => [
      `${preset}, 512 keys`,
      512,
      getPreset(preset).defaultConfig,
      false,
    ]),
  ];
  session.log('small steps');
  const rivals = cases.map(([name, nKv, config]) =>
    manyCalls(session, name, { ...shape, nKv }, config),
  );
  // Short steps: a turn is short as well.
  const times = await interleave(rivals, { rounds: 7, roundMs: 50 });
  for (const [name, nKv, , isOverhead] of cases) {
    const ms = times.get(name);
    const us = ms.map((value) => value * 1e3);
    session.add({ op: `small ${name}`, peer: 'sparsetune', shape: { ...shape, nKv }, ms });
    if (isOverhead) session.judge('overhead', name, us);
    rows.push([name, digits(median(us)), digits(quantile(us, 0.1)), digits(quantile(us, 0.9))]);
  }
  session.section(
    'Small steps (9/3 heads of 64, f32)',
    ['step', 'microseconds a call', 'p10', 'p90'],
    rows,
  );
}

/** A clock read costs as much as these steps do, so it times many at once. */
function manyCalls(session, name, { nQHeads, nKvHeads, headDim, nKv }, config) {
  const gaussian = new Gaussian(41);
  const cache = new KvCache({ nKvHeads, headDim, capacity: nKv });
  const rows = () => gaussian.fill(new Float32Array(nKvHeads * nKv * headDim));
  cache.append(rows(), rows());
  const query = gaussian.fill(new Float32Array(nQHeads * headDim));
  const attention = newAttention(session, config, { nQHeads });
  return {
    name,
    round(budgetMs) {
      const times = [];
      const end = performance.now() + budgetMs;
      while (times.length < 2 || performance.now() < end) {
        const start = performance.now();
        for (let call = 0; call < callsAtOnce; call++) attention.forward(query, cache);
        times.push((performance.now() - start) / callsAtOnce);
      }
      return median(times);
    },
  };
}
