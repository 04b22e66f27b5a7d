// What a study itself costs per trial once it holds many.
//
//   npm run bench:study-cost -- [TRIALS, default 100000]
//
// Random search, so that the sampler counts next to nothing: what is left is the study's state, the scheduler and the
// records in memory. Run it before and after a change, alternately; only the ratio means something.
import { AshaScheduler, MemoryStorage, RandomSampler, Study } from '../build/ts/ts/index.js';

const nTrials = Number(process.argv[2] ?? 100_000);
const nMeasured = 200;

const space = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    n: { type: 'integer', minimum: 1, maximum: 512, 'x-search': { scale: 'log' } },
  },
};

/** Deterministic, so that two versions do the same work. */
const resultOf = (trial, to) => ((trial * 2654435761 + to * 40503) % 1000003) / 1000003;

/** The records of a study whose trials are told, one third of each rung's on the next. */
function recordsOf(rungs) {
  const records = [];
  for (let trial = 0; trial < nTrials; trial++) {
    const params = { x: (trial * 0.618033988749) % 1, n: 1 + (trial % 512) };
    for (const [k, to] of rungs.entries()) {
      if (trial % 3 ** k > 0) break;
      const from = k === 0 ? 0 : rungs[k - 1];
      const job = { trial, from, to, ...(k === 0 && { params }) };
      const value = k === 0 ? resultOf(trial, to) : 0;
      records.push({ kind: 'ask', batch: records.length, jobs: [job] });
      records.push({ kind: 'report', trial, to, metrics: { value }, value, violation: 0 });
    }
  }
  return records;
}

async function measure(title, scheduler) {
  const options = {
    space,
    scheduler,
    sampler: new RandomSampler({ seed: 1 }),
    storage: new MemoryStorage(),
    trials: 10 * nTrials,
  };
  await (await Study.open(options)).close();
  const log = await options.storage.open('study');
  for (const record of recordsOf(scheduler.rungs)) await log.append([record]);
  await log.close();
  const opened = performance.now();
  const study = await Study.open(options);
  const openMs = performance.now() - opened;
  const begin = performance.now();
  for (let i = 0; i < nMeasured; i++) {
    const jobs = await study.ask(1);
    await study.tell(
      jobs.map(({ trial, to }) => ({
        trial,
        to,
        metrics: { value: resultOf(trial.number, to) },
      })),
    );
  }
  const eachMs = (performance.now() - begin) / nMeasured;
  study.progress();
  const progressAt = performance.now();
  study.progress();
  const progressMs = performance.now() - progressAt;
  console.log(
    `${title}: ask and tell ${eachMs.toFixed(3)} ms, progress ${progressMs.toFixed(1)} ms, opened in ${openMs.toFixed(0)} ms, ${study.trials.length} trials, heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB`,
  );
}

await measure('one rung', new AshaScheduler({ maxResource: 1 }));
await measure('three rungs', new AshaScheduler({ maxResource: 27 }));
