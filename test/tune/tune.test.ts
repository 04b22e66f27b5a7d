import { cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { parseWinner } from '../../ts/cache/parse-winner.js';
import { EngineError } from '../../ts/errors.js';
import { homeFolders } from '../../ts/home.js';
import { readStudy } from '../../ts/search/journal-storage.js';
import { parseObjective } from '../../ts/search/objective.js';
import { nonDominatedLayers, type Pair } from '../../ts/search/pareto.js';
import { tune } from '../../ts/tune.js';
import type { TuneEvent } from '../../ts/tune-events.js';
import { temporaryFolder } from '../helpers/folder.js';
import {
  config,
  eventsOf,
  smallTune,
  storedTrials,
  studyOf,
  type Told,
  tuneTold,
  tuneUntil,
} from '../helpers/tiny-tune.js';

// Every test but the first ones has a home of its own, with the snapshots of the first.
const test = anyTest.serial as unknown as TestFn<{ home: string; first: Told }>;

test.before(async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sparsetune-test-'));
  t.context = { home, first: await tuneTold({ ...smallTune, home }) };
});

test.after.always((t) => rm(t.context.home, { recursive: true, force: true }));

/** A home where prompts are prefilled already, but nothing was searched. */
async function warmHome(t: ExecutionContext<{ home: string }>): Promise<string> {
  const home = await temporaryFolder(t);
  for (const folder of ['models', 'snapshots'] as const) {
    const filter = (path: string) => !path.endsWith('.evaluations.jsonl');
    const options = { recursive: true, filter };
    await cp(homeFolders(t.context.home)[folder], homeFolders(home)[folder], options);
  }
  return home;
}

const paramsOf = (trials: readonly unknown[]) =>
  trials.map((trial) => (trial as { params: unknown }).params);

const names = (events: readonly TuneEvent[]) =>
  events.map((event) => (event.event === 'phase' ? `phase ${event.phase}` : event.event));

test('a tune tells its phases in order and ends with the winner', (t) => {
  const told = names(t.context.first.events);
  const landmarks = [
    'phase load',
    'phase prefill',
    'prepared',
    'phase search',
    'study',
    'trial',
    'search',
    'phase prefill',
    'prepared',
    'phase validate',
    'validation',
    'winner',
  ];
  let at = -1;
  for (const landmark of landmarks) {
    at = told.indexOf(landmark, at + 1);
    t.true(at >= 0, `${landmark} is missing or out of place`);
  }
  t.is(at, told.length - 1);
});

test('both splits are prepared, their prompts prefilled once', (t) => {
  const prepared = eventsOf(t.context.first.events, 'prepared');
  t.like(prepared[0], { split: 'search', contexts: 4, questions: 32, snapshotsReused: 0 });
  t.like(prepared[1], { split: 'validation', contexts: 8, questions: 64, snapshotsReused: 0 });
  t.is(prepared.length, 2);
});

test('progress never goes back within a phase of a split', (t) => {
  let last = { key: '', done: 0 };
  let split = '';
  for (const event of t.context.first.events) {
    if (event.event === 'phase') split = event.split ?? split;
    if (event.event !== 'progress') continue;
    const { phase, done, total } = event;
    const key = `${split} ${phase}`;
    t.true(done <= total);
    if (key === last.key) t.true(done >= last.done, `${done} after ${last.done} in ${key}`);
    last = { key, done };
  }
});

test('one thread waits for no other, so there is no advice on threads', (t) => {
  t.deepEqual(eventsOf(t.context.first.events, 'warning'), []);
});

test('every trial is told when it starts and when it ends', (t) => {
  const trials = eventsOf(t.context.first.events, 'trial');
  const numbers = new Set(trials.map(({ trial }) => trial));
  t.is(numbers.size, smallTune.trials);
  for (const number of numbers) {
    const own = trials.filter(({ trial }) => trial === number).map(({ state }) => state);
    t.deepEqual(
      own.map((state) => state === 'running'),
      own.map((_, i) => i % 2 === 0),
      `trial ${number}: ${own}`,
    );
    t.is(own.length % 2, 0);
  }
});

test('the winner is a candidate that holds the constraint, and not dense', (t) => {
  const { events, results } = t.context.first;
  const rows = eventsOf(events, 'validation').map(({ row }) => row);
  t.deepEqual(
    rows.slice(0, 2).map(({ label }) => label),
    ['dense', 'default'],
  );
  const [{ winner } = {}] = results;
  const [won, ...more] = winner?.validation.rows.filter(({ isWinner }) => isWinner) ?? [];
  t.is(more.length, 0);
  t.regex(won?.label ?? '', /^trial \d+$/);
  t.is(won?.violation, 0);
  t.true((won?.metrics.density ?? 1) <= 0.9);
  t.deepEqual(winner?.sparseConfig, won?.config);
  t.deepEqual(winner?.params, won?.params);
  const holding = rows.slice(2).filter(({ violation }) => violation === 0);
  t.is(won?.objective, Math.min(...holding.map(({ objective }) => objective)));
  t.is(winner?.validation.rows.length, rows.length);
});

test('dense is measured against itself', (t) => {
  const [dense] = eventsOf(t.context.first.events, 'validation').map(({ row }) => row);
  t.true((dense?.metrics.kl ?? 1) < 1e-6);
  t.is(dense?.metrics.density, 1);
  t.is(dense?.scoreDifference, undefined);
});

test('the winner is stored as it is returned', async (t) => {
  const { events, results } = t.context.first;
  const [told] = eventsOf(events, 'winner');
  const stored = parseWinner(await readFile(told?.path ?? '', 'utf8'));
  t.deepEqual(stored, JSON.parse(JSON.stringify(results[0]?.winner)));
  t.deepEqual(told?.winner, results[0]?.winner);
  t.false(told?.cached);
  t.is(stored.search.study, studyOf(events));
  t.is(stored.search.trials, smallTune.trials);
  t.is(stored.provenance.threads, 1);
  t.false('gpu' in stored.provenance);
});

test('a second call answers from the cache, without the model', async (t) => {
  const { home, first } = t.context;
  const { events, results } = await tuneTold({ ...smallTune, home, seed: 99, trials: 50 });
  t.deepEqual(names(events), ['phase load', 'winner']);
  t.true(eventsOf(events, 'winner')[0]?.cached);
  t.deepEqual(JSON.stringify(results), JSON.stringify(first.results));
});

test('a known winner tells of options that could have had an effect on a search alone', async (t) => {
  const { events } = await tuneTold({ ...smallTune, home: t.context.home, warmStart: true });
  const [warning] = eventsOf(events, 'warning');
  t.regex(warning?.message ?? '', /known.*warmStart.*force/);
});

test('force searches again from the start and finds the same, and keeps the old study', async (t) => {
  const { home, first } = t.context;
  const study = studyOf(first.events);
  const before = await storedTrials(home, study);
  const { events, results } = await tuneTold({ ...smallTune, home, force: true });
  t.is(eventsOf(events, 'study')[0]?.resumedTrials, 0);
  t.false(eventsOf(events, 'winner')[0]?.cached);
  t.deepEqual(await storedTrials(home, study), before);
  t.deepEqual(results[0]?.winner?.params, first.results[0]?.winner?.params);
  for (const { snapshotsReused, contexts, referenceMs } of eventsOf(events, 'prepared')) {
    t.is(snapshotsReused, contexts);
    t.is(referenceMs, 0);
  }
  const studies = await readdir(homeFolders(home).studies);
  t.is(studies.length, 2);
  for (const name of studies) t.deepEqual(await storedTrials(home, name), before);
  const aside = studies.find((name) => name !== study) ?? '';
  await t.throwsAsync(tuneTold({ ...smallTune, home, resume: aside, trials: 9 }), {
    code: 'ERR_ARGUMENT',
    message: new RegExp(`Cannot go on with the study ${aside}: .* ${study}, .*--continue`),
  });
  t.deepEqual(await storedTrials(home, study), before, 'not gone on with in its place');
});

for (const [moment, isEnd] of Object.entries({
  'when the search begins': (event: TuneEvent) => event.event === 'study',
  'in its third batch': (event: TuneEvent) => event.event === 'trial' && event.trial === 2,
  'between two batches': (event: TuneEvent) =>
    event.event === 'trial' && event.trial === 3 && event.state !== 'running',
})) {
  test(`a tune that is stopped ${moment} resumes and tries what an uninterrupted one tries`, async (t) => {
    const home = await warmHome(t);
    const stopped = await tuneUntil({ ...smallTune, home }, isEnd);
    t.is(stopped.error, stopped.reason);
    t.is(names(stopped.events).includes('validation'), false);
    const { events, results } = await tuneTold({ ...smallTune, home });
    const study = studyOf(events);
    t.is(study, studyOf(stopped.events));
    t.deepEqual(await storedTrials(home, study), await storedTrials(t.context.home, study));
    t.deepEqual(results[0]?.winner?.params, t.context.first.results[0]?.winner?.params);
  });
}

test('a tune that is stopped while it prefills keeps what was prefilled', async (t) => {
  const home = await temporaryFolder(t);
  let prefilled = 0;
  const stopped = await tuneUntil({ ...smallTune, home }, (event) => {
    if (event.event === 'progress') prefilled = event.done;
    return prefilled > 4000;
  });
  t.is(stopped.error, stopped.reason);
  t.is(names(stopped.events).includes('study'), false);
  const again = await tuneUntil({ ...smallTune, home }, ({ event }) => event === 'prepared');
  t.true((eventsOf(again.events, 'prepared')[0]?.snapshotsReused ?? 0) >= 2);
});

test('a signal that is aborted before the start stops the tune at once', async (t) => {
  const reason = new Error('not today');
  const home = await temporaryFolder(t);
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(tune({ ...smallTune, home, signal })), reason);
});

test('a study goes on where its budget is raised, and its trials stay', async (t) => {
  const home = await warmHome(t);
  const few = await tuneTold({ ...smallTune, home, trials: 3 });
  const study = studyOf(few.events);
  const before = await storedTrials(home, study);
  t.is(before.length, 3);
  const { trials: _three, ...options } = smallTune;
  const more = await tuneTold({ ...options, home, resume: true, budget: { questions: 60 } });
  t.is(studyOf(more.events), study);
  t.is(eventsOf(more.events, 'study')[0]?.resumedTrials, 3);
  const { state } = await readStudy(home, study);
  t.true(state.trials.length > 3);
  t.true(state.resourceSpent <= 60);
  t.deepEqual(
    state.trials.slice(0, 3).map(({ params }) => params),
    paramsOf(before),
  );
  for (const { budget } of eventsOf(more.events, 'search')) {
    t.is(budget.unit, 'questions');
    t.true(budget.spent <= budget.total);
  }
  t.is(eventsOf(more.events, 'winner').length, 1);
});

test('configurations that are given are tried first, and those that cannot be are told of', async (t) => {
  const home = await warmHome(t);
  const maskers = [
    { kind: 'sink', sinkSize: 7 },
    { kind: 'local', windowSize: 70 },
  ];
  const first = { sinkSize: 5, windowSize: 50 };
  const dense = { sinkSize: 128, windowSize: 4000 };
  const space = { windowSize: { maximum: 4000 } };
  const enqueue = [first, dense, { maskers }];
  const told = await tuneTold({ ...smallTune, home, space, enqueue, trials: 3 });
  const { state } = await readStudy(home, studyOf(told.events));
  const own = { sinkSize: 7, windowSize: 70 };
  t.deepEqual(
    state.trials.slice(0, 2).map(({ params }) => params),
    [first, own],
  );
  t.is(state.trials.length, 3);
  const [warning, ...more] = eventsOf(told.events, 'warning').map(({ message }) => message);
  t.regex(warning ?? '', /did not try the enqueued .*4000.* keys, but the shortest context/);
  t.is(more.length, 0);
});

test('patience ends a search early', async (t) => {
  const home = await warmHome(t);
  const told = await tuneTold({ ...smallTune, home, trials: 200, patience: 2 });
  const { state } = await readStudy(home, studyOf(told.events));
  t.is(state.finish, 'patience');
  t.true(state.trials.length < 100, `${state.trials.length} trials`);
  t.is(eventsOf(told.events, 'winner').length, 1);
});

test('a budget that affords no trial says what one takes', async (t) => {
  const home = await warmHome(t);
  const { trials: _six, ...options } = smallTune;
  const { results } = await tuneTold({ ...options, home, budget: { questions: 2 } });
  t.regex(results[0]?.reason ?? '', /takes 4 questions; raise --budget/);
});

test('a constraint that no candidate holds gives no winner but the nearest, and stores nothing', async (t) => {
  const home = await warmHome(t);
  const objective = 'density s.t. kl<=0.000001';
  const { events, results } = await tuneTold({ ...smallTune, home, objective, trials: 3 });
  const [told] = eventsOf(events, 'no-winner');
  t.is(names(events).at(-1), 'no-winner');
  t.is(results[0]?.winner, undefined);
  t.is(results[0]?.reason, told?.reason);
  t.true(told?.reason.includes(objective));
  t.regex(told?.nearest?.label ?? '', /^trial \d+$/);
  const violations = eventsOf(events, 'validation').map(({ row }) => row.violation);
  t.is(told?.nearest?.violation, Math.min(...violations.slice(2)));
  await t.throwsAsync(readdir(homeFolders(home).winners), { code: 'ENOENT' });
});

test('two objectives end in a front that is stored and answered at once', async (t) => {
  const home = await warmHome(t);
  const objective = 'pareto(kl,density)';
  const { events, results } = await tuneTold({ ...smallTune, home, objective, trials: 12 });
  const [told] = eventsOf(events, 'front');
  t.is(names(events).at(-1), 'front');
  t.is(results[0]?.winner, undefined);
  const rows = results[0]?.front ?? [];
  t.true(rows.length >= 2);
  const evaluate = parseObjective(objective).evaluate;
  const pairs = rows.map((row): Pair => evaluate({ ...row.metrics }).objectives ?? [0, 0]);
  t.deepEqual(new Set(nonDominatedLayers(pairs)), new Set([0]));
  t.deepEqual(
    pairs,
    pairs.toSorted((a, b) => a[0] - b[0]),
  );
  const validated = told?.front.validation.rows ?? [];
  t.deepEqual(
    new Set(validated.filter(({ isWinner }) => isWinner).map(({ label }) => label)),
    new Set(rows.map(({ label }) => label)),
  );
  t.deepEqual(
    JSON.parse(await readFile(told?.path ?? '', 'utf8')),
    JSON.parse(JSON.stringify(told?.front)),
  );
  await t.throwsAsync(readdir(homeFolders(home).winners), { code: 'ENOENT' });
  const again = await tuneTold({ ...smallTune, home, objective });
  t.deepEqual(names(again.events), ['phase load', 'front']);
  t.is(JSON.stringify(again.results), JSON.stringify(results));
});

test('a front whose constraint no candidate holds is none', async (t) => {
  const home = await warmHome(t);
  const objective = 'pareto(kl,density) s.t. kl<=0.000001';
  const { events, results } = await tuneTold({ ...smallTune, home, objective, trials: 3 });
  t.is(names(events).at(-1), 'no-winner');
  t.is(results[0]?.front, undefined);
  t.true(results[0]?.reason?.includes(objective));
  t.regex(eventsOf(events, 'no-winner')[0]?.nearest?.label ?? '', /^trial/);
});

test('several configs are tuned one after another on one preparation', async (t) => {
  const home = await warmHome(t);
  const both = [config, 'hash_attention'];
  const { events, results } = await tuneTold({ ...smallTune, home, config: both, trials: 3 });
  t.deepEqual(
    results.map((result) => [result.config, result.winner !== undefined]),
    both.map((name) => [name, true]),
  );
  t.is(eventsOf(events, 'prepared').length, 2);
  t.deepEqual(
    eventsOf(events, 'study').map((event) => event.config),
    both,
  );
});

test('a task that is too long for the model is refused with the longest length', async (t) => {
  const home = await temporaryFolder(t);
  await t.throwsAsync(tune({ ...smallTune, home, task: 'niah_mq8@5000' }), {
    code: 'ERR_TASK',
    message: /niah_mq8@5000 needs \d+ tokens .*Use niah_mq8@4096 or less/,
  });
});

test('a model file that is no model is an engine error that names it', async (t) => {
  const home = await temporaryFolder(t);
  const model = join(t.context.home, 'models', 'tiny.gguf');
  const broken = join(home, 'broken.gguf');
  await cp(model, broken);
  await truncate(broken, 300_000);
  await t.throwsAsync(tune({ ...smallTune, home, model: broken }), {
    instanceOf: EngineError,
    message: /broken\.gguf/,
  });
});
