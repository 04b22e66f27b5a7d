import test from 'ava';
import fc from 'fast-check';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { RungRanking } from '../../ts/search/rung-ranking.js';
import type { Promotion } from '../../ts/search/scheduler.js';
import type { StudyRecord } from '../../ts/search/storage.js';
import { Study } from '../../ts/search/study.js';
import { compareEvaluations, type Evaluation, type Trial } from '../../ts/search/trial.js';
import { recordedStudy } from '../helpers/recorded-study.js';
import { trialOf } from '../helpers/trials.js';

const asha = new AshaScheduler({ minResource: 1, maxResource: 9 });
const running = { isDraining: false };
const draining = { isDraining: true };

function promote(
  trials: readonly Trial[],
  state: { isDraining: boolean },
  scheduler = asha,
): Promotion | undefined {
  return scheduler.promote({ trials, ranking: RungRanking.of(trials), ...state });
}

const rungs = test.macro({
  exec(
    t,
    options: { maxResource: number; minResource?: number; reductionFactor?: number },
    expected: readonly number[],
  ) {
    t.deepEqual(new AshaScheduler(options).rungs, expected);
  },
  title: (_, options) => `the rungs of ${JSON.stringify(options)}`,
});

test(rungs, { maxResource: 32 }, [4, 11, 32]);
test(rungs, { maxResource: 27 }, [3, 9, 27]);
test(rungs, { maxResource: 20 }, [3, 7, 20]);
test(rungs, { maxResource: 9 }, [3, 9]);
test(rungs, { maxResource: 8 }, [3, 8]);
test(rungs, { maxResource: 6 }, [6]);
test(rungs, { maxResource: 1 }, [1]);
test(rungs, { maxResource: 27, minResource: 1 }, [1, 3, 9, 27]);
test(rungs, { maxResource: 32, minResource: 4 }, [4, 12, 32]);
test(rungs, { maxResource: 0.9, minResource: 0.1 }, [0.1, 0.30000000000000004, 0.9]);
test(rungs, { maxResource: 16, minResource: 2, reductionFactor: 2 }, [2, 4, 8, 16]);
test(rungs, { maxResource: 5, minResource: 5 }, [5]);

test('options out of range are refused', (t) => {
  t.throws(() => new AshaScheduler({ maxResource: 0 }), {
    instanceOf: RangeError,
    message: /above 0.*maxResource.*0/,
  });
  t.throws(() => new AshaScheduler({ maxResource: 9, minResource: 10 }), {
    instanceOf: RangeError,
    message: /minResource/,
  });
  t.throws(() => new AshaScheduler({ maxResource: 9, reductionFactor: 1 }), {
    instanceOf: RangeError,
    message: /reductionFactor/,
  });
});

test('two results of three are too few to promote', (t) => {
  t.is(promote([trialOf(0, [1]), trialOf(1, [2])], running), undefined);
});

test('the best of three is promoted', (t) => {
  const trials = [trialOf(0, [5]), trialOf(1, [2]), trialOf(2, [7])];
  t.deepEqual(promote(trials, running), { trial: 1, from: 1, to: 3 });
});

test('a trial below the best third is not promoted though the best was', (t) => {
  const trials = [trialOf(0, [5]), trialOf(1, [2], { running: true }), trialOf(2, [7])];
  t.is(promote(trials, running), undefined);
});

test('the higher rung is promoted first', (t) => {
  const trials = [
    trialOf(0, [1, 3]),
    trialOf(1, [2, 2]),
    trialOf(2, [3, 4]),
    trialOf(3, [4]),
    ...[4, 5, 6, 7, 8, 9, 10, 11].map((n) => trialOf(n, [n + 5])),
  ];
  t.deepEqual(promote(trials, running), { trial: 1, from: 3, to: 9 });
});

test('a failed trial counts as the worst of its rung and is not promoted', (t) => {
  const trials = [
    trialOf(0, [], { failed: true }),
    trialOf(1, [], { failed: true }),
    trialOf(2, [7]),
  ];
  t.deepEqual(promote(trials, running), { trial: 2, from: 1, to: 3 });
  const dead = [trialOf(0, [1], { failed: true }), trialOf(1, [2]), trialOf(2, [3])];
  t.is(promote(dead, running), undefined);
});

test('a trial that holds its constraint is promoted before a better one that does not', (t) => {
  const trials = [
    trialOf(0, [1], { violation: 0.2 }),
    trialOf(1, [9]),
    trialOf(2, [2], { violation: 0.1 }),
  ];
  t.deepEqual(promote(trials, running), { trial: 1, from: 1, to: 3 });
});

test('the last promotions give the top rung a result however few the trials', (t) => {
  t.deepEqual(promote([trialOf(0, [3]), trialOf(1, [2])], draining), {
    trial: 1,
    from: 1,
    to: 3,
  });
  t.deepEqual(promote([trialOf(0, [3]), trialOf(1, [2, 8])], draining), {
    trial: 1,
    from: 3,
    to: 9,
  });
  t.is(promote([trialOf(0, [3]), trialOf(1, [2, 8], { running: true })], draining), undefined);
  t.is(promote([trialOf(0, [3]), trialOf(1, [2, 8, 8])], draining), undefined);
  const failed = [trialOf(0, [3]), trialOf(1, [2, 8], { failed: true })];
  t.deepEqual(promote(failed, draining), { trial: 0, from: 1, to: 3 });
});

test('27 trials at once give 9 on the second rung and 3 at the top', async (t) => {
  const space = { properties: { x: { type: 'number', minimum: 0, maximum: 1 } } };
  const study = await Study.open({
    space,
    sampler: new RandomSampler(),
    scheduler: new AshaScheduler({ maxResource: 32 }),
    trials: 27,
  });
  while (!study.isFinished) {
    const jobs = await study.ask(27);
    await study.tell(
      jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: Number(trial.params['x']) } })),
    );
  }
  t.deepEqual(study.progress().rungs, [
    { resource: 4, trials: 27 },
    { resource: 11, trials: 9 },
    { resource: 32, trials: 3 },
  ]);
  const values = study.trials.map(({ params }) => Number(params['x'])).sort((a, b) => a - b);
  t.deepEqual(
    study.best(3).map(({ params }) => params['x']),
    values.slice(0, 3),
  );
});

/** The trials that a promoted one competes with according to the records before, best first. */
function rungOf(
  records: readonly StudyRecord[],
  { trial: promoted, from }: Promotion,
  scheduler: AshaScheduler,
): readonly number[] {
  const results = records.flatMap((record): { trial: number; evaluation: Evaluation }[] => {
    if (record.kind !== 'report' && record.kind !== 'fail') return [];
    const { trial, to } = record;
    const isRival = to === from && scheduler.startAt(trial) === scheduler.startAt(promoted);
    if (!isRival) return [];
    return [{ trial, evaluation: record.kind === 'report' ? record : FAILED }];
  });
  return results
    .sort((a, b) => compareEvaluations(a.evaluation, b.evaluation))
    .map(({ trial }) => trial);
}

const FAILED: Evaluation = { value: Number.POSITIVE_INFINITY, violation: Number.POSITIVE_INFINITY };

/** Whether all trials were started, none runs, and the top has no result. */
function isOver(records: readonly StudyRecord[], trials: number, top: number): boolean {
  const jobs = records.flatMap((record) => (record.kind === 'ask' ? record.jobs : []));
  const told = records.filter(({ kind }) => kind === 'report' || kind === 'fail');
  const hasTop = records.some((record) => record.kind === 'report' && record.to === top);
  const nStarted = jobs.filter(({ params }) => params !== undefined).length;
  return nStarted === trials && told.length === jobs.length && !hasTop;
}

test('each promoted trial is among the best of its rung, none is promoted twice', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        trials: fc.integer({ min: 1, max: 40 }),
        parallel: fc.integer({ min: 1, max: 9 }),
        eta: fc.integer({ min: 2, max: 4 }),
        brackets: fc.constantFrom(1, 1, 2),
      }),
      async ({ seed, trials, parallel, eta, brackets }) => {
        const scheduler = new AshaScheduler({
          minResource: 1,
          maxResource: 20,
          reductionFactor: eta,
          brackets,
        });
        const failureRate = 0.1;
        const { records } = await recordedStudy({ seed, trials, parallel, scheduler, failureRate });
        const promoted = new Set<string>();
        for (const [i, record] of records.entries()) {
          if (record.kind !== 'promote') continue;
          t.false(promoted.has(`${record.trial} ${record.from}`));
          promoted.add(`${record.trial} ${record.from}`);
          const before = records.slice(0, i);
          const rung = rungOf(before, record, scheduler);
          const place = rung.indexOf(record.trial);
          const isAmongBest = place >= 0 && place < Math.floor(rung.length / eta);
          // The last promotions, which only serve a top rung without results, may go further.
          t.true(
            isAmongBest || (place >= 0 && isOver(before, trials, 20)),
            JSON.stringify({ record, rung }),
          );
        }
      },
    ),
    { numRuns: 150, seed: 11 },
  );
});

test('brackets start trials at higher rungs and rank their own', (t) => {
  const scheduler = new AshaScheduler({ maxResource: 9, minResource: 1, brackets: 2 });
  t.deepEqual(
    [0, 1, 2, 3, 4, 7].map((number) => scheduler.startAt(number)),
    [1, 1, 1, 3, 1, 3],
  );
  // Trials 3, 7 and 11 are of the second bracket: with three results at rung 3 its best goes on, although two
  // trials of the first are better there: they are too few for a promotion of their own.
  const second = [3, 7, 11].map((number) => {
    const trial = trialOf(number, [0, 10 + number]);
    return { ...trial, results: trial.results.slice(1) };
  });
  const first = [trialOf(0, [1, 1]), trialOf(1, [2, 2])];
  const trials = [...first, ...second].sort((a, b) => a.number - b.number);
  t.deepEqual(promote(trials, running, scheduler), { trial: 3, from: 3, to: 9 });
  t.throws(() => new AshaScheduler({ maxResource: 9, minResource: 1, brackets: 4 }), {
    instanceOf: RangeError,
    message: /brackets/,
  });
});
