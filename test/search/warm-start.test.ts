import test from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import type { StudyRecord } from '../../ts/search/storage.js';
import { Study } from '../../ts/search/study.js';
import type { StudyOptions } from '../../ts/search/study-options.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import type { Params } from '../../ts/space/distribution.js';

const space = {
  properties: {
    x: { type: 'number', minimum: -5, maximum: 5 },
    rate: { type: 'number', minimum: 1e-5, maximum: 1, 'x-search': { scale: 'log' } },
    n: { type: 'integer', minimum: 1, maximum: 40 },
    kind: { enum: ['a', 'b', 'c'] },
  },
};

/** Least 0, at x = 2, rate = 0.01, n = 12, kind = b. */
function bowl({ x, rate, n, kind }: Params): number {
  return (
    (Number(x) - 2) ** 2 +
    (Math.log10(Number(rate)) + 2) ** 2 +
    ((Number(n) - 12) / 8) ** 2 +
    (kind === 'b' ? 0 : 2)
  );
}

const near = [
  { x: 1.2, rate: 0.03, n: 15, kind: 'b' },
  { x: 2.9, rate: 0.004, n: 8, kind: 'b' },
];
const far = [
  { x: -4, rate: 0.5, n: 38, kind: 'a' },
  { x: -3, rate: 0.8, n: 33, kind: 'c' },
];

function open(options: Partial<StudyOptions> = {}): Promise<Study> {
  return Study.open({
    space,
    sampler: new TpeSampler({ seed: 1 }),
    scheduler: new AshaScheduler({ maxResource: 1 }),
    trials: 20,
    ...options,
  });
}

async function finish(study: Study, n = Number.POSITIVE_INFINITY): Promise<void> {
  for (let i = 0; i < n && !study.isFinished; i++) {
    const jobs = await study.ask(1);
    await study.tell(
      jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: bowl(trial.params) } })),
    );
  }
}

/** Mean of the best value after so many trials, over 30 seeds. */
async function meanBest(trials: number, options: Partial<StudyOptions>): Promise<number> {
  let sum = 0;
  for (let seed = 0; seed < 30; seed++) {
    const study = await open({
      sampler: new TpeSampler({ seed, rerank: false }),
      trials,
      ...options,
    });
    await finish(study);
    sum += study.best(1)[0]?.results[0]?.value ?? Number.POSITIVE_INFINITY;
  }
  return sum / 30;
}

test('configurations near the optimum halve the distance after twenty trials, beyond trying them', async (t) => {
  const cold = await meanBest(20, {});
  const tried = await meanBest(20, { enqueue: near });
  const warm = await meanBest(20, { warmStart: near });
  t.true(warm < 0.55 * cold, `${warm} against ${cold}`);
  t.true(warm < 0.9 * tried, `${warm} against ${tried}`);
});

test('misleading configurations are overcome', async (t) => {
  const cold = await meanBest(40, {});
  const misled = await meanBest(40, { warmStart: far });
  t.true(misled < 1.25 * cold, `${misled} against ${cold}`);
});

test('a warm start is tried first, moved into the space, and recorded as a prior', async (t) => {
  const storage = new MemoryStorage();
  const outside = { x: 9, rate: 0.01, n: 12.3, kind: 'b', old: true };
  const study = await open({
    storage,
    warmStart: [outside, near[0] ?? {}, { x: 5, rate: 0.01, n: 12, kind: 'b' }, { other: 1 }],
    enqueue: [far[0] ?? {}],
    isFeasible: ({ n }) => n !== 15,
  });
  const jobs = await study.ask(2);
  t.deepEqual(
    jobs.map(({ trial }) => trial.params),
    [{ x: 5, rate: 0.01, n: 12, kind: 'b' }, far[0]],
  );
  await study.close();
  const { records } = await storage.open('study');
  t.deepEqual(
    records.filter(({ kind }) => kind === 'enqueue'),
    [
      { kind: 'enqueue', params: [{ x: 5, rate: 0.01, n: 12, kind: 'b' }], prior: true },
      { kind: 'enqueue', params: [far[0] ?? {}] },
    ] satisfies StudyRecord[],
  );
});

test('a warm start that was recorded holds, whatever a resumed study is given', async (t) => {
  const whole = await open({ warmStart: near });
  await finish(whole);
  for (const warmStart of [near, far, []]) {
    const storage = new MemoryStorage();
    const first = await open({ warmStart: near, storage });
    await finish(first, 11);
    await first.close();
    const second = await open({ warmStart, storage });
    await finish(second);
    t.deepEqual(second.trials, whole.trials);
  }
});

test('a study without a warm start stays as it was when one is given later', async (t) => {
  const whole = await open();
  await finish(whole);
  const storage = new MemoryStorage();
  const first = await open({ storage });
  await finish(first, 9);
  await first.close();
  const second = await open({ warmStart: near, storage });
  await finish(second);
  t.deepEqual(second.trials, whole.trials);
});
