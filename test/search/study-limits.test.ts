import test from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { parseBudget } from '../../ts/search/budget.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Study } from '../../ts/search/study.js';
import type { StudyOptions } from '../../ts/search/study-options.js';

const space = { properties: { n: { type: 'integer', minimum: 1, maximum: 1000 } } };

function open(options: Partial<StudyOptions>): Promise<Study> {
  return Study.open({
    space,
    sampler: new RandomSampler({ seed: 1 }),
    scheduler: new AshaScheduler({ maxResource: 9, minResource: 1 }),
    ...options,
  });
}

/** Runs to the end and gives the resource units that were handed out; every fourth job fails. */
async function spend(study: Study, value: (n: number) => number, batch = 3): Promise<number> {
  let [units, count] = [0, 0];
  while (!study.isFinished) {
    const jobs = await study.ask(batch);
    for (const { trial, from, to } of jobs.reverse()) {
      units += to - from;
      count += 1;
      const result =
        count % 4 === 0
          ? { error: 'broken' }
          : { metrics: { value: value(Number(trial.params['n'])) } };
      await study.tell([{ trial, to, ...result }]);
    }
  }
  return units;
}

test('a budget of questions is never exceeded, with failures and results out of order', async (t) => {
  for (const questions of [1, 10, 57, 200]) {
    const study = await open({ budget: { questions } });
    const units = await spend(study, (n) => n);
    t.true(units <= questions, `${units} of ${questions}`);
    t.true(units > questions - 9, `${units} of ${questions}`);
  }
});

test('the lower of two budgets of trials counts', async (t) => {
  const study = await open({ trials: 20, budget: { trials: 7 } });
  await spend(study, (n) => n);
  t.is(study.trials.length, 7);
});

test('a budget of minutes that is over starts nothing', async (t) => {
  const study = await open({ budget: { minutes: 1e-9 } });
  t.deepEqual(await study.ask(2), []);
  t.true(study.isFinished);
});

test('a study stops when its best result has not improved for as many trials as it has patience', async (t) => {
  const scheduler = new AshaScheduler({ maxResource: 1 });
  const study = await open({ scheduler, trials: 500, patience: 12, sampler: new RandomSampler() });
  let trial = 0;
  while (!study.isFinished) {
    const [job] = await study.ask(1);
    if (job === undefined) break;
    const value = trial < 5 ? -trial : 0;
    await study.tell([{ trial: job.trial, to: job.to, metrics: { value } }]);
    trial += 1;
  }
  // Trial 4 is the best: the fifth one started, and twelve more.
  t.is(study.trials.length, 17);
  t.is(study.progress().trials, 17);
});

test('a study that a limit ended goes on where the limit is raised', async (t) => {
  const storage = new MemoryStorage();
  const first = await open({ storage, budget: { questions: 20 } });
  await spend(first, (n) => n);
  const { length } = first.trials;
  await first.close();
  const second = await open({ storage, budget: { questions: 40 } });
  t.false(second.isFinished);
  await spend(second, (n) => n);
  t.true(second.trials.length > length);
});

test('enqueued configurations come first, once each, and survive a restart', async (t) => {
  const storage = new MemoryStorage();
  const options = { storage, trials: 6, enqueue: [{ n: 17 }, { n: 5 }, { n: 17 }] };
  const study = await open(options);
  const [first] = await study.ask(1);
  t.deepEqual(first?.trial.params, { n: 17 });
  t.is(await study.enqueue([{ n: 17 }, { n: 5 }, { n: 900 }]), 1);
  await study.close();
  const resumed = await open(options);
  t.deepEqual((await resumed.ask(1))[0]?.trial.params, { n: 17 });
  const next = [...(await resumed.ask(1)), ...(await resumed.ask(1))];
  t.deepEqual(
    next.map(({ trial }) => trial.params),
    [{ n: 5 }, { n: 900 }],
  );
});

test('an enqueued configuration outside the space is refused, an infeasible one left out', async (t) => {
  await t.throwsAsync(open({ trials: 3, enqueue: [{ n: 5000 }] }), { name: 'SearchSpaceError' });
  const study = await open({ trials: 3, enqueue: [{ n: 7 }], isFeasible: ({ n }) => n !== 7 });
  t.not((await study.ask(1))[0]?.trial.params['n'], 7);
});

test('the text of a budget is read, with clear errors', (t) => {
  t.deepEqual(parseBudget('questions=2000, minutes=1.5'), { questions: 2000, minutes: 1.5 });
  t.throws(() => parseBudget('question=3'), {
    code: 'ERR_ARGUMENT',
    message: /did you mean questions/,
  });
  t.throws(() => parseBudget('trials=3,trials=4'), { code: 'ERR_ARGUMENT' });
  t.throws(() => parseBudget('trials=0'), { instanceOf: RangeError });
  t.throws(() => parseBudget('50'), { code: 'ERR_ARGUMENT' });
});
