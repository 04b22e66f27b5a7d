import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { SearchSpaceError, SparseTuneError, StorageError } from '../../ts/errors.js';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import type { Job, JobResult } from '../../ts/search/job.js';
import { JournalStorage, readStudy } from '../../ts/search/journal-storage.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import type { Storage } from '../../ts/search/storage.js';
import { Study } from '../../ts/search/study.js';
import type { StudyOptions } from '../../ts/search/study-options.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import { temporaryFolder } from '../helpers/folder.js';
import { recordedStudy } from '../helpers/recorded-study.js';
import { spaceSchemas } from '../helpers/space-schemas.js';
import { trialOf } from '../helpers/trials.js';

const space = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    n: { type: 'integer', minimum: 1, maximum: 9 },
  },
};

const options = (more: Partial<StudyOptions> = {}): StudyOptions => ({
  space,
  sampler: new TpeSampler({ seed: 1, nStartup: 4 }),
  scheduler: new AshaScheduler({ minResource: 1, maxResource: 9 }),
  trials: 14,
  ...more,
});

/** A deterministic evaluation: noisy at low resources, and a failure for some. */
function evaluate({ trial, to }: Job): JobResult {
  const { x = 0, n = 0 } = trial.params as { x: number; n: number };
  if (n === 7) return { trial, error: 'seven' };
  const value = (x - 0.3) ** 2 + Math.abs(n - 4) / 20 + Math.sin(1000 * x + to) / (20 * to);
  return { trial, to, metrics: { value, kl: value, density: 1 - x } };
}

async function finish(study: Study, batch: number): Promise<readonly (readonly Job[])[]> {
  const batches: (readonly Job[])[] = [];
  while (!study.isFinished) {
    const jobs = await study.ask(batch);
    if (jobs.length > 0) batches.push(jobs);
    await study.tell(jobs.map(evaluate));
  }
  return batches;
}

test('a study starts as many trials as its budget and ends with full evaluations', async (t) => {
  const study = await Study.open(options());
  await finish(study, 4);
  t.is(study.trials.length, 14);
  t.true(study.isFinished);
  t.deepEqual(await study.ask(3), []);
  t.true(study.best(1)[0]?.state === 'complete');
  t.true(study.trials.every(({ state }) => state !== 'running'));
});

test('in every space suggestions are valid, budgets hold and the study ends, with failures and results out of order', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        trials: fc.integer({ min: 1, max: 30 }),
        questions: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
        parallel: fc.integer({ min: 1, max: 8 }),
        failureRate: fc.constantFrom(0, 0.2, 1),
        brackets: fc.integer({ min: 1, max: 3 }),
        isTpe: fc.boolean(),
        space: fc.constantFrom(...Object.values(spaceSchemas)),
      }),
      async ({
        seed,
        trials,
        questions,
        parallel,
        failureRate,
        brackets,
        isTpe,
        space: schema,
      }) => {
        const scheduler = new AshaScheduler({ minResource: 1, maxResource: 9, brackets });
        const sampler = isTpe ? new TpeSampler({ seed, nStartup: 5 }) : new RandomSampler({ seed });
        const { study, records } = await recordedStudy({
          seed,
          trials,
          parallel,
          failureRate,
          scheduler,
          sampler,
          space: schema,
          ...(questions !== undefined && { budget: { questions } }),
        });
        const jobs = records.flatMap((record) => (record.kind === 'ask' ? record.jobs : []));
        const units = jobs.reduce((sum, { from, to }) => sum + to - from, 0);
        t.true(units <= (questions ?? Number.POSITIVE_INFINITY));
        t.true(study.trials.length <= trials);
        if (questions === undefined) t.is(study.trials.length, Math.min(trials, study.space.size));
        for (const trial of study.trials) t.notThrows(() => study.space.check(trial.params));
        const keys = study.trials.map(({ params }) => study.space.key(params));
        t.is(new Set(keys).size, keys.length);
        t.true(study.trials.every(({ state }) => state !== 'running'));
        const alive = study.trials.filter(({ state }) => state !== 'failed');
        if (alive.length > 0 && questions === undefined) t.is(study.best(1)[0]?.state, 'complete');
      },
    ),
    { numRuns: 120, seed: 3 },
  );
});

test('no more jobs run at a time than allowed', async (t) => {
  const study = await Study.open(options({ parallel: 3 }));
  const jobs = await study.ask(10);
  t.is(jobs.length, 3);
  t.deepEqual(await study.ask(1), []);
  t.false(study.isFinished);
  await study.tell([evaluate(jobs[0] as Job)]);
  t.is((await study.ask(10)).length, 1);
});

test('a finite space that is used up ends the study as done', async (t) => {
  const small = { properties: { n: { enum: [1, 2, 3, 4, 5] } } };
  const study = await Study.open(options({ space: small, trials: 100 }));
  await finish(study, 4);
  t.is(study.trials.length, 5);
  t.is(study.best(1)[0]?.state, 'complete');
  t.is(study.progress().trials, 5);
});

test('a space without a feasible configuration is an error', async (t) => {
  const study = await Study.open(options({ isFeasible: () => false }));
  await t.throwsAsync(study.ask(1), {
    instanceOf: SearchSpaceError,
    message: /No configuration .* feasible/,
  });
});

test('a metric that is not finite fails its trial only', async (t) => {
  const study = await Study.open(options());
  const jobs = await study.ask(2);
  await study.tell(
    jobs.map(({ trial, to }, i) => ({ trial, to, metrics: { value: i === 0 ? Number.NaN : 1 } })),
  );
  t.like(study.trials[0], { state: 'failed', error: 'The metric value is NaN' });
  t.is(study.trials[1]?.state, 'pruned');
});

test('a trial that breaks its constraint ranks after all that hold it', async (t) => {
  const study = await Study.open(
    options({
      objective: 'kl s.t. density<=0.1',
      scheduler: new AshaScheduler({ maxResource: 1 }),
      trials: 3,
    }),
  );
  const jobs = await study.ask(3);
  const metrics = [
    { kl: 0, density: 0.3 },
    { kl: 0.5, density: 0.1 },
    { kl: 0, density: 0.2 },
  ];
  await study.tell(
    jobs.map(({ trial, to }, i) => ({ trial: trial.number, to, metrics: metrics[i] ?? {} })),
  );
  t.deepEqual(
    study.best(3).map(({ number }) => number),
    [1, 2, 0],
  );
  t.like(study.progress().best, { trial: 1, isFeasible: true });
});

test('a missing metric is an error and nothing is recorded', async (t) => {
  const study = await Study.open(options({ objective: 'kl s.t. density<=0.1' }));
  const [job] = await study.ask(1);
  await t.throwsAsync(study.tell([{ trial: 0, to: job?.to ?? 0, metrics: { kl: 1 } }]), {
    instanceOf: SparseTuneError,
    code: 'ERR_OBJECTIVE',
    message: /needs the metric density/,
  });
  t.is(study.trials[0]?.state, 'running');
});

test('a result for a trial that is not running is refused', async (t) => {
  const study = await Study.open(options());
  const [job] = await study.ask(1);
  const result = { trial: 0, to: job?.to ?? 0, metrics: { value: 1 } };
  await t.throwsAsync(study.tell([{ ...result, trial: 5 }]), {
    instanceOf: TypeError,
    message: /a running trial for trial .* 5/,
  });
  await t.throwsAsync(study.tell([{ ...result, to: 9 }]), {
    instanceOf: RangeError,
    message: /Expected 1, where trial 0 is running to/,
  });
  await t.throwsAsync(study.tell([result, result]), {
    instanceOf: TypeError,
    message: /one result per trial/,
  });
  await study.tell([result]);
  await t.throwsAsync(study.tell([result]), { instanceOf: TypeError });
});

test('maximising turns the order', async (t) => {
  const study = await Study.open(
    options({ direction: 'maximize', scheduler: new AshaScheduler({ maxResource: 1 }), trials: 2 }),
  );
  const jobs = await study.ask(2);
  await study.tell(jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: trial.number } })));
  t.is(study.best(1)[0]?.number, 1);
});

test('equal seeds and results give equal studies, other seeds do not', async (t) => {
  const run = async (seed: number) =>
    finish(await Study.open(options({ sampler: new TpeSampler({ seed, nStartup: 4 }) })), 3);
  t.deepEqual(await run(1), await run(1));
  t.notDeepEqual(await run(1), await run(2));
});

test('two callers never get the same job', async (t) => {
  const study = await Study.open(options());
  const batches = await Promise.all([study.ask(3), study.ask(3), study.ask(3)]);
  t.deepEqual(
    batches.flat().map(({ trial }) => trial.number),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
});

/** What a study may begin with: trials inside and outside its space, and configurations of another one. */
const knowledge = {
  imports: [
    trialOf(0, [0.3, 0.2], { params: { x: 0.25, n: 3 } }),
    trialOf(1, [0.5], { params: { x: 0.75, n: 2 } }),
    trialOf(2, [0.4], { params: { x: 1.5, n: 3 } }),
  ],
  warmStart: [{ x: 0.4, n: 12 }],
};

for (const [batch, title, more] of [
  [1, 'in batches of 1', {}],
  [4, 'in batches of 4', {}],
  [2, 'with imports and a warm start', knowledge],
] as const) {
  test(`a study killed at any record or in the middle of one goes on as if it had not been, ${title}`, async (t) => {
    const home = await temporaryFolder(t);
    const study = await Study.open(
      options({ storage: new JournalStorage(home), name: 'whole', ...more }),
    );
    const expected = await finish(study, batch);
    await study.close();
    const journal = await readFile(join(home, 'studies', 'whole', 'journal.jsonl'));
    const ends = [...journal.keys()].filter((i) => journal[i] === 0x0a).map((i) => i + 1);
    for (const end of [0, ...ends]) {
      for (const length of [end, Math.min(journal.length, end + 25)]) {
        const name = `cut${length}`;
        await mkdir(join(home, 'studies', name), { recursive: true });
        await writeFile(join(home, 'studies', name, 'journal.jsonl'), journal.subarray(0, length));
        const resumed = await Study.open(
          options({ storage: new JournalStorage(home), name, ...more }),
        );
        const rest = await finish(resumed, batch);
        await resumed.close();
        t.deepEqual(rest, expected.slice(expected.length - rest.length), `cut at byte ${length}`);
        t.deepEqual(resumed.trials, study.trials);
        t.deepEqual(resumed.outside, study.outside);
      }
    }
    t.deepEqual((await readStudy(home, 'whole')).state.trials, study.trials);
  });
}

test('after a crash the pending batches are handed out again, each as it was', async (t) => {
  const storage = await crashed([4, 2], 1);
  const study = await Study.open(options({ storage }));
  const numbers = async (n: number) => (await study.ask(n)).map(({ trial }) => trial.number);
  t.deepEqual(await numbers(1), [1, 2, 3]);
  t.deepEqual(await numbers(99), [4, 5]);
  t.deepEqual(await numbers(2), [6, 7]);
});

const changed = test.macro({
  async exec(t, change: Partial<StudyOptions>, message: RegExp) {
    const storage = await crashed([2], 0);
    const error = await t.throwsAsync(Study.open(options({ storage, ...change })), {
      instanceOf: StorageError,
      code: 'ERR_STORAGE',
    });
    t.regex(error?.message ?? '', message);
    await t.notThrowsAsync(Study.open(options({ storage })));
  },
  title: (what = '') => `a study is not resumed with another ${what}`,
});

test(
  'space',
  changed,
  { space: { properties: { x: { type: 'number', minimum: 0, maximum: 2 } } } },
  /started differently: search space/,
);
test('objective', changed, { objective: 'kl' }, /objective "value" there, "kl" here/);
test(
  'seed',
  changed,
  { sampler: new TpeSampler({ seed: 2, nStartup: 4 }) },
  /sampler or seed .*"seed":1.* there, .*"seed":2.* here/,
);
test(
  'sampler',
  changed,
  { sampler: new RandomSampler({ seed: 1 }) },
  /sampler or seed .*"tpe".* there, .*"random".* here/,
);
test('scheduler', changed, { scheduler: new AshaScheduler({ maxResource: 9 }) }, /scheduler /);
test(
  'metadata',
  changed,
  { metadata: { model: 'another' } },
  /metadata \{\} there, \{"model":"another"\} here/,
);

test('a finished study is resumed with a larger budget', async (t) => {
  const storage = new MemoryStorage();
  const first = await Study.open(options({ storage }));
  await finish(first, 2);
  await first.close();
  const same = await Study.open(options({ storage }));
  t.true(same.isFinished);
  await same.close();
  const more = await Study.open(options({ storage, trials: 20 }));
  t.false(more.isFinished);
  await finish(more, 2);
  t.is(more.trials.length, 20);
});

for (const objective of ['value', 'pareto(kl,density)']) {
  test(`a batch that cannot be recorded is not handed out, and the study goes on once it can: ${objective}`, async (t) => {
    const more = objective === 'value' ? {} : { objective };
    const memory = new MemoryStorage();
    let isFull = false;
    const storage: Storage = {
      async open(name) {
        const log = await memory.open(name);
        const append: typeof log.append = async (records) => {
          if (isFull) throw new StorageError('ERR_STORAGE', 'no space left');
          return log.append(records);
        };
        return { ...log, append };
      },
    };
    const study = await Study.open(options({ storage, ...more }));
    const whole = await finish(await Study.open(options(more)), 2);
    const [first] = await Promise.all([study.ask(2)]);
    isFull = true;
    await t.throwsAsync(study.tell(first.map(evaluate)), { code: 'ERR_STORAGE' });
    isFull = false;
    await study.tell(first.map(evaluate));
    isFull = true;
    await t.throwsAsync(study.ask(2), { code: 'ERR_STORAGE' });
    t.is(study.trials.length, 2);
    isFull = false;
    t.deepEqual([first, ...(await finish(study, 2))], whole);
  });
}

/** A storage with a study that ended abruptly: batches of these sizes were asked for, and `told` results came in. */
async function crashed(batches: readonly number[], told: number): Promise<Storage> {
  const storage = new MemoryStorage();
  const study = await Study.open(options({ storage }));
  const jobs: Job[] = [];
  for (const n of batches) jobs.push(...(await study.ask(n)));
  await study.tell(jobs.slice(0, told).map(evaluate));
  await study.close();
  return storage;
}
