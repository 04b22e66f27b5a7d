import test from 'ava';
import fc from 'fast-check';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import type { JobResult } from '../../ts/search/job.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Rng } from '../../ts/search/rng.js';
import { Study } from '../../ts/search/study.js';
import type { StudyOptions } from '../../ts/search/study-options.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import type { Trial } from '../../ts/search/trial.js';
import type { Params } from '../../ts/space/distribution.js';
import { SearchSpace, type SpaceSchema } from '../../ts/space/search-space.js';
import { trialOf } from '../helpers/trials.js';

const wide = {
  properties: {
    x: { type: 'number', minimum: -4, maximum: 4 },
    n: { type: 'integer', minimum: 1, maximum: 60 },
    kind: { enum: ['a', 'b'] },
  },
};
const narrow = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 2 },
    n: { type: 'integer', minimum: 1, maximum: 40 },
    kind: { const: 'b' },
  },
};

const asha = () => new AshaScheduler({ minResource: 1, maxResource: 9 });

function open(options: Partial<StudyOptions>): Promise<Study> {
  return Study.open({
    space: narrow,
    sampler: new RandomSampler({ seed: 1 }),
    scheduler: asha(),
    trials: 9,
    ...options,
  });
}

/** Trial `number` with values at the rungs 1, 3, 9. */
const at = (number: number, params: Params, values: readonly number[], failed = false): Trial =>
  trialOf(number, values, { params, failed });

const numbers = (trials: readonly Trial[]) => trials.map(({ number }) => number);

test('trials inside the space are known, those beyond a range are evidence, others are nothing', async (t) => {
  const study = await open({
    imports: [
      at(0, { x: 1, n: 3, kind: 'b' }, [5, 4, 3]),
      at(1, { x: 3, n: 3, kind: 'b' }, [1]),
      at(2, { x: 1, n: 9, kind: 'a' }, [0]),
      at(3, { x: 0.5, n: 60, kind: 'b' }, [], true),
      at(4, { x: 0.5, n: 7, kind: 'b' }, [2], true),
      at(5, { x: 0.5, n: 8 }, [2]),
      trialOf(6, [], { params: { x: 1, n: 4, kind: 'b' }, running: true }),
      at(7, { x: 2, n: 5, kind: 'b' }, [6]),
    ],
  });
  t.deepEqual(
    study.trials.map(({ number, params, state, target }) => [number, params['n'], state, target]),
    [
      [0, 3, 'complete', 9],
      [1, 7, 'failed', 3],
      [2, 5, 'pruned', 1],
    ],
  );
  t.true(study.trials.every(({ isImported }) => isImported));
  t.deepEqual(
    study.outside.map(({ number, params, state }) => [number, params['n'], state]),
    [
      [-1, 3, 'pruned'],
      [-2, 60, 'failed'],
    ],
  );
  t.deepEqual(numbers(study.best(5)), [0]);
  const orders = [...study.trials, ...study.outside].flatMap(({ results }) =>
    results.map(({ order }) => order),
  );
  t.deepEqual(orders, [0, 1, 2, 3, 4, 5]);
});

test('values are those of the new objective; results it cannot use, or between its rungs, are left out', async (t) => {
  const results = [1, 2, 3].map((resource) => ({
    resource,
    metrics: { kl: resource, density: 0.2 },
    value: 77,
    violation: 0,
    order: 0,
  }));
  const lacking = [{ ...results[0], metrics: { kl: 1 } }] as Trial['results'];
  const trial = at(0, { x: 1, n: 3, kind: 'b' }, [1]);
  const study = await open({
    objective: 'kl s.t. density<=0.1',
    imports: [
      { ...trial, results },
      { ...trial, params: { x: 1, n: 4, kind: 'b' }, results: lacking },
    ],
  });
  t.is(study.trials.length, 1);
  t.deepEqual(
    study.trials[0]?.results.map(({ resource, value, violation }) => [resource, value, violation]),
    [
      [1, 1, 0.1],
      [3, 3, 0.1],
    ],
  );
});

test('of equal configurations the one that went furthest counts; an infeasible one is evidence', async (t) => {
  const params = { x: 1, n: 3, kind: 'b' };
  const study = await open({
    imports: [at(0, params, [1]), at(1, params, [4, 3]), at(2, params, [], true)],
  });
  t.deepEqual(
    study.trials.map(({ target }) => target),
    [3],
  );
  const other = await open({ imports: [at(0, params, [1])], isFeasible: ({ n }) => n !== 3 });
  t.is(other.trials.length, 0);
  t.is(other.outside.length, 1);
});

test('an imported trial is promoted with the rest of its resource, which alone is paid for', async (t) => {
  const imports = [3, 2, 1].map((value, i) => at(i, { x: i / 2, n: 3, kind: 'b' }, [value]));
  const study = await open({ imports, trials: 5, budget: { questions: 3 } });
  const [promoted, fresh] = await study.ask(2);
  t.like(promoted, { trial: { number: 2 }, from: 1, to: 3 });
  t.like(fresh, { trial: { number: 3 }, from: 0, to: 1 });
  t.is((await study.ask(1)).length, 0);
});

test('imported trials count against neither the budget of trials nor patience', async (t) => {
  const scheduler = new AshaScheduler({ maxResource: 1 });
  const imports = Array.from({ length: 30 }, (_, i) =>
    trialOf(i, [i], { rungs: [1], params: { x: i / 20, n: 3, kind: 'b' } }),
  );
  for (const [options, expected] of [
    [{ trials: 7 }, 37],
    [{ trials: 70, patience: 5 }, 35],
  ] as const) {
    const study = await open({ scheduler, imports, ...options });
    while (!study.isFinished) {
      const jobs = await study.ask(1);
      await study.tell(jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: 50 } })));
    }
    t.is(study.trials.length, expected);
    t.is(study.progress().trials, expected);
    t.is(study.best(1)[0]?.number, 0);
  }
});

test('a resumed study keeps the trials it began with', async (t) => {
  const storage = new MemoryStorage();
  const first = await open({ storage, imports: [at(0, { x: 1, n: 3, kind: 'b' }, [1])] });
  await first.close();
  const again = await open({ storage, imports: [at(0, { x: 2, n: 4, kind: 'b' }, [1])] });
  t.deepEqual(again.trials, first.trials);
});

/** Least 0, at x = 1.3, n = 22, kind = b. */
const bowl = ({ x, n, kind }: Params) =>
  (Number(x) - 1.3) ** 2 + ((Number(n) - 22) / 10) ** 2 + (kind === 'b' ? 0 : 2);

async function minimise(study: Study): Promise<Study> {
  while (!study.isFinished) {
    const jobs = await study.ask(1);
    await study.tell(
      jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: bowl(trial.params) } })),
    );
  }
  return study;
}

test('a fine study that knows the coarse one beyond its ranges comes nearer to the optimum', async (t) => {
  const scheduler = new AshaScheduler({ maxResource: 1 });
  const sums = { informed: 0, alone: 0 };
  for (let seed = 0; seed < 12; seed++) {
    const sampler = new TpeSampler({ seed, rerank: false });
    const coarse = await minimise(await open({ space: wide, scheduler, sampler, trials: 40 }));
    // Only what lies outside, so that what helps is evidence and not a result that is known already.
    const inNarrow = SearchSpace.parse(narrow);
    const imports = coarse.trials.filter(({ params }) => !inNarrow.contains(params));
    for (const [name, options] of [
      ['informed', { imports }],
      ['alone', {}],
    ] as const) {
      const fine = await open({ scheduler, sampler, trials: 16, ...options });
      sums[name] += (await minimise(fine)).best(1)[0]?.results[0]?.value ?? Number.NaN;
    }
  }
  t.true(sums.informed < 0.75 * sums.alone, JSON.stringify(sums));
});

const kinds = ['a', 'b', 'c'];

/** A space over the same parameters; two of these overlap anyhow. */
const spaces = fc
  .record({
    x: fc.tuple(fc.integer({ min: -5, max: 4 }), fc.integer({ min: 1, max: 5 })),
    rate: fc.tuple(fc.integer({ min: -5, max: -1 }), fc.integer({ min: 1, max: 4 })),
    n: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 60 })),
    kinds: fc.subarray(kinds, { minLength: 1 }),
    step: fc.constantFrom(undefined, 0.25),
  })
  .map(
    ({ x, rate, n, kinds: branches, step }): SpaceSchema => ({
      properties: {
        x: {
          type: 'number',
          minimum: x[0],
          maximum: x[0] + x[1],
          ...(step !== undefined && { 'x-search': { step } }),
        },
        rate: {
          type: 'number',
          minimum: 10 ** rate[0],
          maximum: 10 ** (rate[0] + rate[1]),
          'x-search': { scale: 'log' },
        },
      },
      oneOf: branches.map((kind) => ({
        properties: {
          kind: { const: kind },
          ...(kind !== 'c' && { n: { type: 'integer', minimum: n[0], maximum: n[0] + n[1] } }),
        },
      })),
    }),
  );

/** Runs a study with random batches and results in random order; gives the resource that was handed out. */
async function run(study: Study, seed: number, stopAfter = Number.POSITIVE_INFINITY) {
  const rng = Rng.at(seed, 7);
  const waiting: { trial: number; from: number; to: number }[] = [];
  let [units, nTold] = [0, 0];
  while (!study.isFinished && nTold < stopAfter) {
    const jobs = await study.ask(1 + rng.integer(4));
    for (const { trial, from, to } of jobs) {
      units += to - from;
      waiting.push({ trial: trial.number, from, to });
    }
    if (waiting.length === 0) continue;
    const told = waiting.splice(rng.integer(waiting.length), 1 + rng.integer(2));
    nTold += told.length;
    await study.tell(
      told.map(({ trial, to }): JobResult => {
        const value = rng.uniform() + trial / 1000 / to;
        return value > 0.95 ? { trial, error: 'fell' } : { trial, to, metrics: { value } };
      }),
    );
  }
  return units;
}

/** The next batch after those that were open when the study was closed. */
async function nextAfterRestart(study: Study) {
  const isRunning = new Set(numbers(study.trials.filter(({ state }) => state === 'running')));
  for (;;) {
    const jobs = await study.ask(1);
    if (!jobs.some(({ trial }) => isRunning.has(trial.number))) return jobs;
  }
}

const suggestions = (study: Study) =>
  study.trials.filter(({ isImported }) => isImported !== true).map(({ params }) => params);

test('with imports: suggestions lie in the space and are new, budgets hold, a restart changes nothing', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        from: spaces,
        to: spaces,
        seed: fc.nat(),
        trials: fc.integer({ min: 1, max: 14 }),
        questions: fc.integer({ min: 5, max: 60 }),
        cut: fc.integer({ min: 1, max: 12 }),
        isTpe: fc.boolean(),
      }),
      async ({ from, to, seed, trials, questions, cut, isTpe }) => {
        const sampler = () =>
          isTpe ? new TpeSampler({ seed, nStartup: 3 }) : new RandomSampler({ seed });
        const earlier = await open({ space: from, sampler: sampler(), trials: 24 });
        await run(earlier, seed);
        const options = {
          space: to,
          imports: earlier.trials,
          trials,
          budget: { questions },
          warmStart: earlier.best(2).map(({ params }) => params),
        };
        const study = await open({ ...options, sampler: sampler() });
        const space = SearchSpace.parse(to);
        const nImported = study.trials.length;
        const inside = earlier.trials.filter(({ params }) => space.contains(params));
        t.is(nImported, inside.length);
        t.true((await run(study, seed)) <= questions);
        t.true(study.trials.length <= nImported + trials);
        for (const params of suggestions(study)) t.notThrows(() => space.check(params));
        const keys = study.trials.map(({ params }) => space.key(params));
        t.is(new Set(keys).size, keys.length);

        const whole = await open({ ...options, sampler: sampler() });
        await run(whole, seed, cut);
        const storage = new MemoryStorage();
        const first = await open({ ...options, storage, sampler: sampler() });
        await run(first, seed, cut);
        await first.close();
        const second = await open({ ...options, imports: [], storage, sampler: sampler() });
        t.deepEqual(second.trials, whole.trials);
        t.deepEqual(second.outside, whole.outside);
        t.deepEqual(await nextAfterRestart(second), await whole.ask(1));
      },
    ),
    { numRuns: 60, seed: 17 },
  );
});
