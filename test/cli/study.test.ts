import test, { type ExecutionContext } from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { JournalStorage } from '../../ts/search/journal-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Study } from '../../ts/search/study.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import { rememberOptions } from '../../ts/tune/study-options.js';
import type { TuneOptions } from '../../ts/tune.js';
import { temporaryFolder } from '../helpers/folder.js';
import { recordedEvents, replay } from '../helpers/recorded-tune.js';
import { runCaught } from '../helpers/run-cli.js';

const options = {
  model: 'smollm2',
  task: 'niah_mq8@512',
  config: ['dense', 'hash_attention', 'magic_pig'],
  promptStyle: 'chat',
  trials: 6,
  seed: 5,
  force: true,
  enqueue: [{ lshK: 8 }],
} as const;
const key = {
  config: 'hash_attention',
  task: 'niah_mq8@512',
  taskVersion: 1,
  taskParameters: { length: 512 },
};

const plain = {
  name: 'first',
  space: { properties: { x: { type: 'number', minimum: 0, maximum: 1 } } },
  sampler: new RandomSampler({ seed: 5 }),
  scheduler: new AshaScheduler({ maxResource: 9 }),
  objective: 'kl s.t. density<=0.1',
} as const;

/** A study that was stopped after its first batch. */
async function stoppedStudy(t: ExecutionContext): Promise<string> {
  const home = await temporaryFolder(t);
  const study = await Study.open({
    name: 'first',
    storage: new JournalStorage(home),
    space: { type: 'object', properties: { x: { type: 'number', minimum: 0, maximum: 1 } } },
    sampler: new TpeSampler({ seed: 5 }),
    scheduler: new AshaScheduler({ maxResource: 9 }),
    objective: 'kl s.t. density<=0.1',
    trials: 6,
    metadata: { key },
  });
  const jobs = await study.ask(2);
  await study.tell(
    jobs.map(({ trial, to }) => ({
      trial,
      to,
      metrics: { kl: 0.5 - trial.number / 10, density: 0.05 },
    })),
  );
  await study.close();
  return home;
}

test('a home without studies lists none', async (t) => {
  t.regex(
    (await runCaught(['study', 'ls', '--home', await temporaryFolder(t)])).out,
    /No studies are stored/,
  );
});

test('a stopped study is listed with its best and shown with its trials', async (t) => {
  const home = await stoppedStudy(t);
  const { out } = await runCaught(['study', 'ls', '--home', home]);
  t.regex(
    out,
    /first {2}hash_attention {2}niah_mq8@512 {2}2\/6 {5}stopped {2}KL 0\.400, density 5\.0%/,
  );
  const shown = (await runCaught(['study', 'show', 'first', '--home', home])).out;
  t.regex(shown, /objective {3}kl s\.t\. density<=0\.1/);
  t.regex(shown, /\n {2}1 .* KL 0\.400.*\n {2}0 .* KL 0\.500/);
  t.regex(shown, /go on: sparsetune study resume first/);
  t.is(
    JSON.parse((await runCaught(['study', 'show', 'first', '--home', home, '--json'])).out).trials
      .length,
    2,
  );
});

/** A study that ran until it no longer improved, or its questions were spent. */
async function finishedStudy(t: ExecutionContext, objective: string): Promise<string> {
  const home = await temporaryFolder(t);
  const limits = { budget: { questions: 120 }, patience: 90 };
  const study = await Study.open({
    ...limits,
    name: 'whole',
    storage: new JournalStorage(home),
    space: {
      properties: {
        x: { type: 'number', minimum: 0, maximum: 1 },
        y: { type: 'number', minimum: 0, maximum: 1 },
      },
    },
    sampler: new RandomSampler({ seed: 5 }),
    scheduler: new AshaScheduler({ maxResource: 9 }),
    objective,
    metadata: { key: { ...key, modelFingerprint: `1234-${'f'.repeat(64)}`, spaceHash: 'abc' } },
  });
  while (!study.isFinished) {
    const jobs = await study.ask(2);
    await study.tell(
      jobs.map(({ trial, to }) => {
        const [x, y] = [Number(trial.params['x']), Number(trial.params['y'])];
        return { trial, to, metrics: { kl: 1 - x + 0.01 * y, density: x + 0.01 * y } };
      }),
    );
  }
  await study.close();
  await rememberOptions(home, 'whole', { ...given, ...limits, home, objective }, []);
  return home;
}

const { trials: _trials, ...given } = options;

test('a finished study is shown with its end, its limits, and what its parameters do', async (t) => {
  const home = await finishedStudy(t, 'kl s.t. density<=0.9');
  const { out } = await runCaught(['study', 'show', 'whole', '--home', home]);
  t.regex(out, /^whole: done \(the budget is spent\)/);
  t.regex(out, /\n {2}about {7}model=1234-f{16} config=hash_attention\n/);
  t.regex(out, /\n {2}task {8}niah_mq8@512 version 1: length=512\n/);
  t.regex(out, /\n {2}budget {6}120 questions, patience 90\n {2}trials {6}\d+: \d+ complete/);
  t.regex(
    out,
    /\n {2}kl: the share .*\n {2}parameter {2}share\n {2}x +\d\d.*% {2}0: .* {2}0\.2: .* {2}1: /,
  );
  t.regex(out, /\n {2}go on: sparsetune study resume whole --trials N\n$/);
  t.regex(
    (await runCaught(['study', 'ls', '--home', home])).out,
    / niah_mq8@512 {2}\d+ +done {3}KL/,
  );
});

test('the best are shown first, then the others by rung and value', async (t) => {
  const home = await finishedStudy(t, 'kl s.t. density<=0.9');
  const { out } = await runCaught(['study', 'show', 'whole', '--home', home, '--json']);
  const shown = JSON.parse(out);
  t.like(shown, { state: 'done', finish: 'budget', budget: { questions: 120 }, patience: 90 });
  t.is(shown.ranking.length, shown.trials.length);
  t.is(shown.ranking[0], shown.progress.best.trial);
  const rungs = shown.ranking.map((number: number) => shown.trials[number].results.at(-1).resource);
  t.deepEqual(
    rungs,
    rungs.toSorted((a: number, b: number) => b - a),
  );
  t.deepEqual(
    shown.effects.map(({ objective }: { objective: string }) => objective),
    ['kl'],
  );
  t.is(shown.effects[0].parameters[0].marginal.length, 8);
  t.is(shown.front, undefined);
});

test('a study of several tasks is shown with the metrics of each', async (t) => {
  const home = await temporaryFolder(t);
  const { task: _task, taskVersion: _version, ...common } = key;
  const tasks = ['a@1', 'b@1'];
  const of = { tasks, taskVersions: [1, 2], taskParameters: [{ length: 1 }, {}] };
  const study = await Study.open({
    ...plain,
    storage: new JournalStorage(home),
    trials: 1,
    metadata: { key: { ...common, ...of } },
  });
  const [job] = await study.ask();
  const metrics = { kl: 0.3, 'kl(a@1)': 0.1, 'kl(b@1)': 0.5, density: 0.2 };
  const told = { ...metrics, 'density(a@1)': 0.1, 'density(b@1)': 0.3 };
  await study.tell([{ trial: job?.trial.number ?? 0, to: job?.to ?? 0, metrics: told }]);
  await study.close();
  const { out } = await runCaught(['study', 'show', 'first', '--home', home]);
  t.regex(out, /\n {2}task {8}a@1 version 1: length=1\n {2}task {8}b@1 version 2: /);
  t.regex(out, / KL 0\.300 \(0\.100, 0\.500\), density 20\.0% \(10\.0%, 30\.0%\) /);
  t.regex(out, /\n {2}metrics: the mean over the tasks and, in brackets, of each task/);
  t.regex(
    (await runCaught(['study', 'ls', '--home', home])).out,
    / a@1 \+ b@1 +1\/1 .* KL 0\.300, density 20\.0% /,
  );
});

test('a study is shown with what it began with', async (t) => {
  const home = await temporaryFolder(t);
  const coarse = await Study.open({ ...plain, trials: 12 });
  const jobs = await coarse.ask(12);
  const metrics = { kl: 1, density: 0.05 };
  await coarse.tell(jobs.map(({ trial, to }) => ({ trial, to, metrics })));
  const { trials } = coarse;
  const inside = trials.filter(({ params }) => Number(params['x']) <= 0.5).length;
  const study = await Study.open({
    ...plain,
    storage: new JournalStorage(home),
    space: { properties: { x: { type: 'number', minimum: 0, maximum: 0.5 } } },
    trials: 4,
    imports: trials,
    warmStart: [{ x: 0.125 }],
  });
  await study.close();
  await rememberOptions(home, 'first', { ...options, home, continueFrom: 'coarse' }, []);
  const { out } = await runCaught(['study', 'show', 'first', '--home', home]);
  const outside = trials.length - inside;
  t.true(inside > 1 && outside > 1);
  t.true(out.includes(`${inside} trials of coarse in its space, and ${outside} outside it as`));
  t.regex(out, /\n {2}began with {2}1 configuration that won elsewhere\n/);
  t.regex(out, /\n {2}trials {6}0 of 4 and those it began with: 0 complete/);
  t.regex(out, / pruned, imported {2}3 /);
  t.regex((await runCaught(['study', 'ls', '--home', home])).out, / 0\/4 +stopped /);
  const shown = JSON.parse(
    (await runCaught(['study', 'show', 'first', '--home', home, '--json'])).out,
  );
  t.deepEqual(shown.progress.imports, { inside, outside });
  t.is(shown.outside.length, outside);
  t.deepEqual(shown.prior, [{ x: 0.125 }]);
  t.is(shown.continueFrom, 'coarse');
});

test('the front of a study of two objectives is marked, and its effects are on both', async (t) => {
  const home = await finishedStudy(t, 'pareto(kl,density)');
  const { out } = await runCaught(['study', 'show', 'whole', '--home', home]);
  const { front } = JSON.parse(
    (await runCaught(['study', 'show', 'whole', '--home', home, '--json'])).out,
  );
  t.true(front.length > 1);
  const table = out.slice(out.indexOf('\n  trial ')).split('\n').slice(2);
  for (const [i, number] of front.entries()) t.true(table[i]?.startsWith(`  ${number} * `));
  t.regex(out, /\* on the front: no other is better in both/);
  t.regex(out, /\n {2}kl: the share .*\n {2}density: the share /s);
  t.regex(
    (await runCaught(['study', 'ls', '--home', home])).out,
    new RegExp(` done {3}front of ${front.length} `),
  );
});

test('resume goes on with the search, then with the configs that were to follow', async (t) => {
  const home = await stoppedStudy(t);
  const task = ['niah_mq8@512'];
  await rememberOptions(home, 'first', { ...options, threads: 1, home: 'elsewhere' }, [
    { task, config: ['hash_attention'], enqueue: [] },
    { task, config: ['magic_pig'], enqueue: options.enqueue },
  ]);
  const seen: Partial<TuneOptions>[] = [];
  const machine = ['--threads', '3', '--gpu-layers', '0'];
  const { code } = await runCaught(['study', 'resume', 'first', '--home', home, ...machine], {
    tune: (given) => {
      const { signal: _signal, onEvent: _onEvent, ...rest } = given;
      seen.push(rest);
      return replay(recordedEvents)(given);
    },
  });
  t.is(code, 0);
  const { config: _config, force: _force, enqueue, ...rest } = options;
  const common = { ...rest, home, threads: 3, gpuLayers: 0 };
  t.deepEqual(seen, [
    { ...common, task, config: ['hash_attention'], enqueue: [], resume: 'first' },
    { ...common, task, config: ['magic_pig'], force: true, enqueue },
  ]);
});

for (const [name, args, limits] of [
  ['more trials', ['--trials', '40'], { trials: 40 }],
  ['another budget', ['--budget', 'questions=900'], { budget: { questions: 900 } }],
  ['patience', ['--patience', '5'], { trials: 6, patience: 5 }],
] as const) {
  test(`resume takes ${name} for what the study was started with`, async (t) => {
    const home = await stoppedStudy(t);
    await rememberOptions(home, 'first', { ...options, home }, [
      { task: 'niah_mq8@512', config: ['magic_pig'] },
    ]);
    let seen: TuneOptions | undefined;
    await runCaught(['study', 'resume', 'first', '--home', home, ...args], {
      tune: async (given) => {
        seen = given;
        return [];
      },
    });
    const { trials, budget, patience } = seen ?? {};
    t.deepEqual(JSON.parse(JSON.stringify({ trials, budget, patience })), limits);
  });
}

test('a study without options is not resumed, and an unknown one is named', async (t) => {
  const home = await stoppedStudy(t);
  const foreign = await runCaught(['study', 'resume', 'first', '--home', home]);
  t.is(foreign.code, 1);
  t.regex(foreign.err, /Run the "sparsetune tune" command that started it once more/);
  t.regex(
    (await runCaught(['study', 'show', 'frist', '--home', home])).err,
    /did you mean first\?/,
  );
});
