import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SearchSpaceError, SparseTuneError } from '../../ts/errors.js';
import type { TuneOptions } from '../../ts/tune.js';
import type { TuneEvent } from '../../ts/tune-events.js';
import { temporaryFolder } from '../helpers/folder.js';
import { noWinner, recordedEvents, replay } from '../helpers/recorded-tune.js';
import { runCaught } from '../helpers/run-cli.js';
import { front } from '../helpers/winners.js';

const base = ['tune', '--model', 'm.gguf', '--task', 'niah_mq8@512', '--config', 'hash_attention'];

async function optionsOf(...args: string[]): Promise<TuneOptions> {
  let seen: TuneOptions | undefined;
  const run = await runCaught([...base, ...args], {
    tune: async (options) => {
      seen = options;
      return [];
    },
  });
  if (seen === undefined) throw new Error(run.err);
  const { signal: _signal, onEvent: _onEvent, ...rest } = seen;
  return rest;
}

test('trials alone are the short form of a budget', async (t) => {
  t.like(await optionsOf('--trials', '9'), { trials: 9 });
});

test('options that are not given are not passed on', async (t) => {
  t.deepEqual(await optionsOf(), {
    model: 'm.gguf',
    task: ['niah_mq8@512'],
    config: ['hash_attention'],
    force: false,
  });
});

test('every option reaches the library', async (t) => {
  const space = join(await temporaryFolder(t), 'space.json');
  await writeFile(space, '{"type":"object"}');
  const enqueue = join(await temporaryFolder(t), 'first.json');
  await writeFile(enqueue, '[{"sinkSize":4}]');
  const options = await optionsOf(
    '--config',
    'magic_pig, dense',
    '--objective',
    'density s.t. kl<=0.1',
    '--budget',
    'trials=9, questions=200',
    '--budget',
    'minutes=1.5',
    '--patience',
    '4',
    '--seed',
    '0',
    '--threads',
    '2',
    '--gpu-layers',
    '30',
    '--home',
    'h',
    '--space',
    space,
    '--enqueue',
    enqueue,
    '--warm-start',
    '--continue',
    'coarse',
    '--force',
    '--prompt',
    'chat',
    '--metrics',
    'outputError',
    '--snapshot-limit',
    '1.5 GB',
  );
  t.deepEqual(options, {
    model: 'm.gguf',
    task: ['niah_mq8@512'],
    config: ['hash_attention', 'magic_pig', 'dense'],
    force: true,
    objective: 'density s.t. kl<=0.1',
    budget: { trials: 9, questions: 200, minutes: 1.5 },
    patience: 4,
    seed: 0,
    threads: 2,
    gpuLayers: 30,
    home: 'h',
    space: { type: 'object' },
    enqueue: [{ sinkSize: 4 }],
    warmStart: true,
    continueFrom: 'coarse',
    promptStyle: 'chat',
    metrics: ['outputError'],
    snapshotLimitBytes: 1_500_000_000,
  });
});

test('what is said of the prompts reaches the library', async (t) => {
  const args = ['--haystack', 'essay.txt', '--data', 'folder', '--truncate', 'middle'];
  t.like(await optionsOf(...args), { haystack: 'essay.txt', data: 'folder', truncate: 'middle' });
});

test('piped, the output is lines and warnings go beside it', async (t) => {
  const { code, out, err } = await runCaught(base, { tune: replay(recordedEvents) });
  t.is(code, 0);
  t.false(out.includes('\u001b'));
  t.regex(out, /stored in home\/winners\/w\.json\n$/);
  t.is(err, 'warning: the cores are oversubscribed\n');
});

const start = [
  {
    event: 'study',
    config: 'streaming_llm',
    tasks: ['niah_mq8@512'],
    name: 'fine',
    resumedTrials: 0,
    budget: { trials: 9 },
    imports: { inside: 2, outside: 3 },
    continueFrom: 'coarse',
  },
  {
    event: 'warm-start',
    config: 'streaming_llm',
    tasks: ['niah_mq8@512'],
    from: [
      { id: 'aaaaaaaaaaaa', tasks: ['a@1', 'b@1'], isSameModel: true, params: { sinkSize: 4 } },
      { id: 'bbbbbbbbbbbb', tasks: ['a@1'], isSameModel: false, params: { sinkSize: 8 } },
    ],
  },
] satisfies TuneEvent[];

test('what a search begins with is one line each, on a terminal too', async (t) => {
  const lines =
    '  with 2 trials of coarse in its space, and 3 outside it as evidence\n' +
    '  begins with what won elsewhere: aaaaaaaaaaaa (a@1 + b@1), bbbbbbbbbbbb (a@1, another model)\n';
  const piped = await runCaught(base, { tune: replay(start) });
  t.is(piped.out, `  study fine: 9 trials\n${lines}`);
  let live = '';
  await runCaught(base, {
    tune: replay(start),
    out: { isTTY: true, columns: 100, write: (text) => (live += text) },
  });
  t.true(live.includes(lines));
  const none = await runCaught(base, {
    tune: replay([{ event: 'warm-start', config: 'quest', tasks: ['a@1'], from: [] }]),
  });
  t.is(none.out, '  no stored winner of quest fits from elsewhere; begins without\n');
});

test('with --json each event is a line and the winner is the last', async (t) => {
  const { code, out, err } = await runCaught([...base, '--json'], { tune: replay(recordedEvents) });
  t.is(code, 0);
  t.is(err, '');
  t.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    JSON.parse(JSON.stringify(recordedEvents)),
  );
});

test('with --quiet only the result is printed', async (t) => {
  const { out } = await runCaught([...base, '--quiet'], { tune: replay(recordedEvents) });
  t.true(out.startsWith('hash_attention on niah_mq8@512: kl s.t. density<=0.1\n'));
});

test('without a winner the exit code is 1', async (t) => {
  const { code, out } = await runCaught(base, { tune: replay([noWinner]) });
  t.is(code, 1);
  t.regex(out, /no winner/);
});

test('a front is printed as a table and its members, with code 0', async (t) => {
  const event = {
    event: 'front',
    config: 'hash_attention',
    cached: false,
    path: 'home/fronts/f.json',
    front: front(),
  } as const;
  const tune = async ({ onEvent }: TuneOptions) => {
    onEvent?.(event);
    return [{ config: 'hash_attention', tasks: ['niah_mq8@512'], front: front().rows }];
  };
  const quiet = await runCaught([...base, '--quiet'], { tune });
  t.is(quiet.code, 0);
  t.regex(quiet.out, /^hash_attention on niah_mq8@512: pareto\(kl,density\)\n/);
  t.regex(quiet.out, /\n {4}dense .*\n {2}\* trial 12 .*\n {2}\* trial 3 /);
  t.regex(quiet.out, /stored in home\/fronts\/f\.json\n/);
  const json = await runCaught([...base, '--json'], { tune });
  t.deepEqual(JSON.parse(json.out), JSON.parse(JSON.stringify(event)));
});

const ends = test.macro({
  async exec(t, args: string[], error: Error | undefined, code: number, message: RegExp) {
    const tune = async () => {
      if (error !== undefined) throw error;
      return [];
    };
    const run = await runCaught(args, { tune });
    t.is(run.code, code, run.err);
    t.regex(run.err, message);
    t.notRegex(run.err, /\n\s+at /);
  },
  title: (name) => `${name}`,
});

test('no command is wrong usage', ends, [], undefined, 2, /Name a command/);
test(
  'an unknown command is wrong usage',
  ends,
  ['tuna'],
  undefined,
  2,
  /Did you mean tune\?|Unknown/,
);
test(
  'a missing option is wrong usage',
  ends,
  ['tune', '--model', 'm'],
  undefined,
  2,
  /Missing required argument: task/,
);
test('an unknown option is wrong usage', ends, [...base, '--trails', '3'], undefined, 2, /trails/);
test('a wrong choice is wrong usage', ends, [...base, '--prompt', 'poem'], undefined, 2, /chat/);
test(
  'trials below one are wrong usage',
  ends,
  [...base, '--trials', '0'],
  undefined,
  2,
  /Expected an integer of at least 1 for trials/,
);
test(
  'trials that are no number are wrong usage',
  ends,
  [...base, '--trials', 'many'],
  undefined,
  2,
  /for trials/,
);
test(
  'a budget of something else is wrong usage',
  ends,
  [...base, '--budget', 'question=9'],
  undefined,
  2,
  /for budget but received "question=9".*did you mean questions\?/,
);
test(
  'no patience is wrong usage',
  ends,
  [...base, '--patience', '0'],
  undefined,
  2,
  /Expected an integer of at least 1 for patience/,
);
test(
  'a size without sense is wrong usage',
  ends,
  [...base, '--snapshot-limit', 'big'],
  undefined,
  2,
  /size such as 20GB/,
);
test(
  'a missing space file is wrong usage',
  ends,
  [...base, '--space', 'none.json'],
  undefined,
  2,
  /file that can be read/,
);
test(
  'a missing file of configurations is wrong usage',
  ends,
  [...base, '--enqueue', 'none.json'],
  undefined,
  2,
  /for enqueue .*none\.json/,
);
test(
  'json and quiet together are wrong usage',
  ends,
  [...base, '--json', '--quiet'],
  undefined,
  2,
  /not both/,
);
test(
  'an unknown task is wrong usage',
  ends,
  base,
  new SparseTuneError('ERR_TASK', 'Unknown task'),
  2,
  /^sparsetune: Unknown task\n$/,
);
test('a bad space is wrong usage', ends, base, new SearchSpaceError('/a', 'bad'), 2, /bad/);
test(
  'an engine that fails is a failure',
  ends,
  base,
  new SparseTuneError('ERR_ENGINE', 'no memory'),
  1,
  /^sparsetune: no memory\n$/,
);
test(
  'an error that was not foreseen hides its stack',
  ends,
  base,
  new Error('boom'),
  1,
  /boom\nThis was not foreseen/,
);

test('with --json an error is a line too', async (t) => {
  const { out, code } = await runCaught([...base, '--json'], {
    tune: async () => {
      throw new SparseTuneError('ERR_ENGINE', 'no memory');
    },
  });
  t.is(code, 1);
  t.deepEqual(JSON.parse(out), { event: 'error', code: 'ERR_ENGINE', message: 'no memory' });
});

test('help and version are printed with code 0', async (t) => {
  const help = await runCaught(['tune', '--help']);
  t.is(help.code, 0);
  for (const option of ['--objective', '--snapshot-limit', '--force', 'hash_attention'])
    t.true(help.out.includes(option), option);
  const version = await runCaught(['--version']);
  t.is(version.code, 0);
  t.regex(version.out, /^\d+\.\d+\.\d+\n$/);
});

test('Ctrl-C ends with 130 and the command that goes on', async (t) => {
  let interrupt = () => {};
  const exits: number[] = [];
  const { code, err } = await runCaught([...base, '--home', 'my home'], {
    onInterrupt: (listener) => {
      interrupt = listener;
      return () => {};
    },
    exit: (value) => exits.push(value),
    tune: async (options) => {
      options.onEvent?.({
        event: 'study',
        config: 'hash_attention',
        tasks: ['niah_mq8@512'],
        name: 'study-1',
        resumedTrials: 0,
        budget: { trials: 27 },
      });
      interrupt();
      interrupt();
      options.signal?.throwIfAborted();
      return [];
    },
  });
  t.is(code, 130);
  t.deepEqual(exits, [130]);
  t.regex(err, /sparsetune study resume study-1 --home "my home"/);
});
