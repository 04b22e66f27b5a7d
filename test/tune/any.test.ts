import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { readStudy } from '../../ts/search/journal-storage.js';
import { rankMethods } from '../../ts/tune/method-ranking.js';
import { eventsOf, smallTune, studyOf, type Told, tuneTold } from '../helpers/tiny-tune.js';
import { trialOf } from '../helpers/trials.js';
import { validationRow } from '../helpers/winners.js';

const test = anyTest.serial as unknown as TestFn<{ home: string; told: Told }>;

const { config: _config, ...common } = smallTune;
const methods = ['streaming_llm', 'hash_attention', 'quest'];
const space = { config: { enum: methods } };

test.before(async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sparsetune-test-'));
  t.context = { home, told: await tuneTold({ ...common, space, trials: 12, home }) };
});

test.after.always((t) => rm(t.context.home, { recursive: true, force: true }));

test('without a config every method is searched in one study, its default first', async (t) => {
  const { home, told } = t.context;
  t.is(eventsOf(told.events, 'study').length, 1);
  const { state } = await readStudy(home, studyOf(told.events));
  t.is(state.trials.length, 12);
  const used = state.trials.map(({ params }) => params['config']);
  t.deepEqual([...new Set(used.slice(0, methods.length))].sort(), [...methods].sort());
});

test('the best of each method is validated, and the methods are ranked by it', (t) => {
  const [{ winner } = { winner: undefined }] = t.context.told.results;
  const rows = winner?.validation.rows ?? [];
  const validated = new Set(rows.map(({ params }) => params?.['config']));
  for (const method of methods) t.true(validated.has(method), method);
  t.deepEqual(winner?.methods?.map(({ config }) => config).sort(), [...methods].sort());
  t.is(
    winner?.methods?.reduce((sum, { trials }) => sum + trials, 0),
    12,
  );
  const best = winner?.methods?.map(({ best: label }) => {
    const row = rows.find((other) => other.label === label);
    return (row?.violation ?? 0) > 0 ? Number.POSITIVE_INFINITY : (row?.objective ?? 0);
  });
  t.deepEqual(
    best,
    best?.toSorted((a, b) => a - b),
  );
  for (const { front } of winner?.methods ?? []) t.true(front.length > 0);
});

test('a search of one method takes what the search of all has measured', async (t) => {
  const { home, told } = t.context;
  const all = await readStudy(home, studyOf(told.events));
  const config = 'streaming_llm';
  const tried = all.state.trials.filter(({ params }) => params['config'] === config);
  const enqueue = tried.map(({ params: { config: _method, ...own } }) => own);
  const one = await tuneTold({
    ...common,
    config: [config],
    enqueue,
    trials: enqueue.length,
    home,
  });
  const { state } = await readStudy(home, studyOf(one.events));
  const times = (trials: typeof tried) =>
    trials.map(({ results }) => results[0]?.metrics['attentionMs']);
  t.deepEqual(times([...state.trials]), times(tried), 'the same measurements, the clock included');
});

test('methods are ranked by their validated rows, broken constraints last, unvalidated behind', (t) => {
  const trial = (number: number, config: string, value: number, density: number) => {
    const own = trialOf(number, [value], { params: { config }, rungs: [3] });
    const results = own.results.map((result) => ({ ...result, metrics: { density } }));
    return { ...own, results };
  };
  const row = (label: string, config: string, objective: number, violation = 0) =>
    validationRow({ label, params: { config }, objective, violation });
  const trials = [
    trial(0, 'a', 5, 0.1),
    trial(1, 'a', 3, 0.2),
    trial(2, 'a', 4, 0.3),
    trial(3, 'b', 1, 0.1),
    trial(4, 'c', 1, 0.1),
    trial(5, 'd', 1, 0.1),
  ];
  const rows = [
    row('trial 1', 'a', 3),
    row('trial 0', 'a', 2),
    row('trial 3', 'b', 1, 0.5),
    row('trial 4', 'c', 1),
  ];
  const ranks = rankMethods(trials, rows);
  t.deepEqual(
    ranks.map(({ config, best }) => [config, best]),
    [
      ['c', 'trial 4'],
      ['a', 'trial 0'],
      ['b', 'trial 3'],
      ['d', undefined],
    ],
  );
  t.deepEqual(
    ranks[1]?.front.map(({ trial: number }) => number),
    [0, 1],
  );
});
