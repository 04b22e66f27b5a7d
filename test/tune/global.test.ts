import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { homeFolders } from '../../ts/home.js';
import { readStudy } from '../../ts/search/journal-storage.js';
import type { TuneOptions } from '../../ts/tune.js';
import { temporaryFolder } from '../helpers/folder.js';
import {
  eventsOf,
  smallTune,
  studyOf,
  type Told,
  tuneTold,
  tuneUntil,
} from '../helpers/tiny-tune.js';

// Prompts are prefilled once, by the first test; the others copy them.
const test = anyTest.serial as unknown as TestFn<{ home: string; first: Told }>;

const tasks = ['niah_mq8@1728', 'niah_mq8@1792'];
const options = { ...smallTune, task: tasks, global: true, perTask: true } satisfies TuneOptions;

test.before(async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sparsetune-test-'));
  t.context = { home, first: await tuneTold({ ...options, home }) };
});

test.after.always((t) => rm(t.context.home, { recursive: true, force: true }));

test('one study gives the winner of each task and of all, each with its own evidence', (t) => {
  const { events, results } = t.context.first;
  t.is(eventsOf(events, 'study').length, 1);
  t.deepEqual(
    results.map((result) => result.tasks),
    [['niah_mq8@1728'], ['niah_mq8@1792'], [...tasks].sort()],
  );
  const [one, other, all] = results.map(({ winner }) => winner?.validation);
  t.is(one?.questions, 64);
  t.is(one?.tasks, undefined);
  for (const { winner } of results.slice(0, 2)) {
    const { questions, rungs, metrics } = winner?.search ?? {};
    t.deepEqual([questions, rungs], [32, [4, 11, 32]], "the task's own");
    t.false(Object.keys(metrics ?? {}).some((name) => name.includes('(')));
  }
  t.is(other?.questions, 64);
  t.is(all?.questions, 128);
  t.is(all?.contexts, 16);
  t.deepEqual(
    all?.tasks?.map(({ task, rows }) => [task, rows.map(({ label }) => label)]),
    tasks.map((task) => [task, all?.rows.map(({ label }) => label)]),
  );
});

test('the value of a row is the mean of the normalised objectives of its tasks', (t) => {
  const all = t.context.first.results.at(-1)?.winner?.validation;
  const perTask = all?.tasks ?? [];
  for (const [i, row] of (all?.rows ?? []).entries()) {
    const values = perTask.map(({ rows }) => {
      const [dense, untuned] = rows.map(({ objective }) => objective);
      const own = rows[i]?.objective ?? Number.NaN;
      return (own - (dense ?? 0)) / ((untuned ?? 0) - (dense ?? 0));
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    t.true(Math.abs(row.objective - mean) <= 1e-9 * Math.max(1, Math.abs(mean)), row.label);
  }
  t.is(all?.rows[0]?.objective, 0, 'dense');
  t.is(all?.rows[1]?.objective, 1, 'the untuned default');
});

test('every trial is measured on every task', async (t) => {
  const { state } = await readStudy(t.context.home, studyOf(t.context.first.events));
  t.deepEqual(state.header?.scheduler.rungs, [8, 22, 64]);
  for (const { results } of state.trials) {
    for (const { metrics } of results)
      for (const task of tasks) t.is(typeof metrics[`kl(${task})`], 'number');
  }
});

test('all winners are known to the next call and found for their tasks', async (t) => {
  const { home, first } = t.context;
  const again = await tuneTold({ ...options, home });
  t.deepEqual(again.results, first.results);
  t.true(eventsOf(again.events, 'winner').every(({ cached }) => cached));
  const swapped = await tuneTold({ ...options, task: [...tasks].reverse(), home, perTask: false });
  t.deepEqual(swapped.results, [first.results.at(-1)]);
  const { modelFingerprint, config } = first.results[0]?.winner?.key ?? {
    modelFingerprint: '',
    config: '',
  };
  const cache = new WinnerCache(home);
  const found = await cache.find({ modelFingerprint, config, task: 'niah_mq8@1792' });
  t.deepEqual(found?.winner, first.results[1]?.winner);
  const foreign = await cache.find({ modelFingerprint, config, task: 'niah_mq8@512' });
  t.deepEqual(foreign?.winner, first.results[2]?.winner);
});

test('a search of one task takes what the global one has measured', async (t) => {
  const { home } = t.context;
  const before = await readStudy(home, studyOf(t.context.first.events));
  const objective = 'kl s.t. density<=0.8';
  const { events } = await tuneTold({ ...smallTune, home, objective, task: tasks[0] ?? '' });
  const { state } = await readStudy(home, studyOf(events));
  const [first] = state.trials;
  const same = before.state.trials.find(
    ({ params }) => JSON.stringify(params) === JSON.stringify(first?.params),
  );
  t.is(
    first?.results[0]?.metrics['attentionMs'],
    same?.results[0]?.metrics[`attentionMs(${tasks[0]})`],
    'the same measurement, the clock included',
  );
});

test('a stopped global search goes on where it stopped', async (t) => {
  const home = await temporaryFolder(t);
  for (const folder of ['models', 'snapshots'] as const) {
    const filter = (path: string) => !path.endsWith('.evaluations.jsonl');
    const from = homeFolders(t.context.home)[folder];
    await cp(from, homeFolders(home)[folder], { recursive: true, filter });
  }
  let told = 0;
  const stopped = await tuneUntil(
    { ...options, home },
    ({ event }) => event === 'search' && ++told > 3,
  );
  t.is(stopped.error, stopped.reason);
  const { results } = await tuneTold({ ...options, home });
  const params = (list: Told['results']) => list.map(({ winner }) => winner?.params);
  t.deepEqual(params(results), params(t.context.first.results));
});

test('a bound of the worst task that no candidate holds gives no global winner', async (t) => {
  const { home } = t.context;
  const { results, events } = await tuneTold({ ...options, home, perTask: false, worstTask: 1e-9 });
  t.deepEqual(
    results.map(({ winner }) => winner),
    [undefined],
  );
  t.deepEqual(eventsOf(events, 'no-winner')[0]?.tasks, [...tasks].sort());
});
