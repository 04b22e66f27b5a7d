import test, { type ExecutionContext } from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { JournalStorage } from '../../ts/search/journal-storage.js';
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
const key = { config: 'hash_attention', task: 'niah_mq8@512' };

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

test('resume goes on with the search, then with the configs that were to follow', async (t) => {
  const home = await stoppedStudy(t);
  const task = ['niah_mq8@512'];
  await rememberOptions(home, 'first', { ...options, threads: 1, home: 'elsewhere' }, [
    { task, config: ['hash_attention'], enqueue: [] },
    { task, config: ['magic_pig'], enqueue: options.enqueue },
  ]);
  const seen: Partial<TuneOptions>[] = [];
  const { code } = await runCaught(['study', 'resume', 'first', '--home', home, '--threads', '3'], {
    tune: (given) => {
      const { signal: _signal, onEvent: _onEvent, ...rest } = given;
      seen.push(rest);
      return replay(recordedEvents)(given);
    },
  });
  t.is(code, 0);
  const { config: _config, force: _force, enqueue, ...common } = options;
  t.deepEqual(seen, [
    { ...common, home, threads: 3, task, config: ['hash_attention'], enqueue: [], resume: true },
    { ...common, home, threads: 3, task, config: ['magic_pig'], force: true, enqueue },
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
