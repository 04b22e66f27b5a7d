import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { readStudy } from '../../ts/search/journal-storage.js';
import {
  eventsOf,
  smallTune,
  storedTrials,
  studyOf,
  type Told,
  tuneTold,
  tuneUntil,
} from '../helpers/tiny-tune.js';

// One home: each test builds on what the ones before it have stored.
const test = anyTest.serial as unknown as TestFn<{ home: string; first: Told }>;

test.before(async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sparsetune-test-'));
  t.context = { home, first: await tuneTold({ ...smallTune, home, trials: 9, warmStart: true }) };
});

test.after.always((t) => rm(t.context.home, { recursive: true, force: true }));

const narrow = { windowSize: { minimum: 200, maximum: 1500 } };

test('where nothing is stored a warm start is told to be none', (t) => {
  t.like(eventsOf(t.context.first.events, 'warm-start'), [{ config: 'streaming_llm', from: [] }]);
});

test('the winner of another objective and space is tried first', async (t) => {
  const { home, first } = t.context;
  const change = { objective: 'kl s.t. density<=0.8', space: { windowSize: { maximum: 300 } } };
  const { events } = await tuneTold({ ...smallTune, ...change, home, warmStart: true });
  const [told] = eventsOf(events, 'warm-start');
  t.is(told?.from.length, 1);
  const winner = first.results[0]?.winner;
  const windowSize = Math.min(300, Number(winner?.params['windowSize']));
  const params = { ...winner?.params, windowSize };
  t.like(told?.from[0], { isSameModel: true, tasks: ['niah_mq8@1728'], params });
  const { state } = await readStudy(home, studyOf(events));
  t.deepEqual(state.trials[0]?.params, told?.from[0]?.params);
  t.deepEqual(state.prior, [params]);
});

test('a narrower search takes the trials of a coarse one, and pays for its own alone', async (t) => {
  const { home, first } = t.context;
  const coarse = await readStudy(home, studyOf(first.events));
  const objective = 'density s.t. kl<=1.5';
  const options = { ...smallTune, objective, home, space: narrow, continueFrom: coarse.name };
  const { events, results } = await tuneTold(options);
  const inside = coarse.state.trials.filter(
    ({ params }) => Number(params['windowSize']) >= 200 && Number(params['windowSize']) <= 1500,
  ).length;
  const imports = { inside, outside: 9 - inside };
  t.true(inside > 0 && inside < 9);
  t.like(eventsOf(events, 'study')[0], { imports, continueFrom: coarse.name, resumedTrials: 0 });
  const { state } = await readStudy(home, studyOf(events));
  t.is(state.trials.length, inside + smallTune.trials);
  t.is(state.outside.length, 9 - inside);
  const [imported] = state.trials;
  const metrics = imported?.results[0]?.metrics;
  t.is(imported?.results[0]?.value, metrics?.['density'], 'judged by the objective of now');
  for (const { params } of state.trials.slice(inside))
    t.true(Number(params['windowSize']) >= 200 && Number(params['windowSize']) <= 1500);
  for (const { budget } of eventsOf(events, 'search')) t.true(budget.spent <= 6);
  t.is(results[0]?.winner?.key.objective, objective);
  t.like(results[0]?.winner?.search, { trials: smallTune.trials, imported: inside });
});

test('a stopped search keeps what it began with, whatever is stored meanwhile', async (t) => {
  const { home, first } = t.context;
  const coarse = studyOf(first.events);
  const options = { ...smallTune, home, objective: 'kl s.t. density<=0.7', space: narrow };
  const whole = { ...options, warmStart: true, continueFrom: coarse };
  let told = 0;
  const stopped = await tuneUntil(whole, ({ event }) => event === 'search' && ++told > 2);
  t.is(stopped.error, stopped.reason);
  const name = studyOf(stopped.events);
  const before = await readStudy(home, name);
  await tuneTold({ ...smallTune, home, objective: 'kl s.t. density<=0.6', trials: 3 });
  await rm(join(home, 'studies', coarse), { recursive: true });
  const resumed = await tuneTold({ ...whole, resume: true });
  t.deepEqual(eventsOf(resumed.events, 'warm-start'), []);
  t.deepEqual(eventsOf(resumed.events, 'study')[0]?.imports, before.state.progress().imports);
  const { state } = await readStudy(home, name);
  t.deepEqual(state.prior, before.state.prior);
  t.true(state.prior.length > 0);
  const known = before.state.trials.map(({ params }) => params);
  const all = (await storedTrials(home, name)) as { params: unknown }[];
  t.deepEqual(
    all.slice(0, known.length).map(({ params }) => params),
    known,
  );
  t.is(eventsOf(resumed.events, 'winner').length, 1);
});
