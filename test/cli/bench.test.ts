import test from 'ava';
import type { BenchPlan } from '../../ts/bench/plan.js';
import type { BenchOptions } from '../../ts/bench.js';
import type { BenchEvent } from '../../ts/bench-events.js';
import type { RunEvent, RunOptions } from '../../ts/run.js';
import { recordedEvents } from '../helpers/recorded-tune.js';
import { cellReport } from '../helpers/reports.js';
import { runCaught } from '../helpers/run-cli.js';

const base = ['--model', 'm.gguf', '--task', 'niah_mq8@512', '--config', 'dense,quest'];

const plan: BenchPlan = {
  resultDir: 'results',
  tasks: [
    {
      model: 'm',
      task: 'niah_mq8@512',
      contexts: 8,
      questions: 64,
      contextTokens: 3500,
      estimate: { ms: 20_000, basis: 'other' },
    },
  ],
  cells: [
    {
      model: 'm',
      task: 'niah_mq8@512',
      config: 'dense',
      source: { kind: 'dense' },
      folder: 'm/dense/niah_mq8-512',
      done: 64,
      questions: 64,
      estimate: { ms: 0, basis: 'same' },
    },
    {
      model: 'm',
      task: 'niah_mq8@512',
      config: 'quest',
      source: { kind: 'default', preset: 'quest' },
      folder: 'm/quest/niah_mq8-512',
      done: 16,
      questions: 64,
      estimate: { ms: 90_000, basis: 'task' },
    },
  ],
  estimate: { ms: 110_000, basis: 'other' },
};
const cells = [
  cellReport({ model: 'm', config: 'dense' }),
  cellReport({ model: 'm', config: 'quest' }),
];
const events: readonly BenchEvent[] = [
  { event: 'phase', phase: 'load' },
  { event: 'bench-plan', plan },
  { event: 'phase', phase: 'prefill', split: 'test' },
  { event: 'warning', message: 'a damaged line' },
  {
    event: 'answers',
    model: 'm',
    task: 'niah_mq8@512',
    config: 'quest',
    done: 32,
    total: 64,
    overall: { done: 16, total: 48, elapsedMs: 30_000, remainingMs: 60_000 },
  },
  ...cells.map((cell) => ({ event: 'cell', cell }) as const),
  { event: 'bench-results', resultDir: 'results', files: ['results/summary.md'], cells },
];

/** A `bench` that tells recorded events. */
const replay =
  (recorded: readonly BenchEvent[] = events, reports = cells) =>
  async ({ onEvent, signal }: BenchOptions) => {
    for (const event of recorded) {
      signal?.throwIfAborted();
      onEvent?.(event);
    }
    return { plan, cells: reports, files: [] };
  };

async function optionsOf(command: 'bench' | 'run', ...args: string[]) {
  let seen: BenchOptions | RunOptions | undefined;
  const keep = async (options: BenchOptions | RunOptions) => {
    seen = options;
    return { plan, cells: [], files: [], steps: [], failures: [] };
  };
  const run = await runCaught([command, ...base, ...args], { bench: keep, run: keep });
  if (seen === undefined) throw new Error(run.err);
  const { signal: _signal, onEvent: _onEvent, ...rest } = seen;
  return rest;
}

test('options that are not given are not passed on', async (t) => {
  const expected = { model: ['m.gguf'], task: ['niah_mq8@512'], config: ['dense', 'quest'] };
  t.deepEqual(await optionsOf('bench'), expected);
  t.deepEqual(await optionsOf('run'), expected);
});

const all = {
  '--result-dir': ['out', { resultDir: 'out' }],
  '--objective': ['kl', { objective: 'kl' }],
  '--global': [undefined, { global: true }],
  '--max-requests': ['5', { maxRequests: 5 }],
  '--max-context-length': ['900', { maxContextLength: 900 }],
  '--truncate': ['middle', { truncate: 'middle' }],
  '--max-new-tokens': ['7', { maxNewTokens: 7 }],
  '--speed-questions': ['0', { speedQuestions: 0 }],
  '--seed': ['0', { seed: 0 }],
  '--threads': ['2', { threads: 2 }],
  '--gpu-layers': ['99', { gpuLayers: 99 }],
  '--home': ['h', { home: 'h' }],
  '--prompt': ['chat', { promptStyle: 'chat' }],
  '--haystack': ['essay.txt', { haystack: 'essay.txt' }],
  '--data': ['d', { data: 'd' }],
  '--snapshot-limit': ['2GB', { snapshotLimitBytes: 2e9 }],
  '--restart': [undefined, { restart: true }],
  '--dry-run': [undefined, { dryRun: true }],
} as const;
const searched = {
  '--trials': ['9', { trials: 9 }],
  '--budget': ['minutes=2', { budget: { minutes: 2 } }],
  '--patience': ['3', { patience: 3 }],
  '--warm-start': [undefined, { warmStart: true }],
  '--force': [undefined, { force: true }],
} as const;
for (const [option, [value, expected]] of Object.entries({ ...all, ...searched })) {
  test(`${option} reaches the library`, async (t) => {
    const args = value === undefined ? [option] : [option, value];
    t.like(await optionsOf('run', ...args), expected);
    if (option in all) t.like(await optionsOf('bench', ...args), expected);
    else t.is((await runCaught(['bench', ...base, ...args])).code, 2);
  });
}

test('piped, the plan, the progress and the results are lines, and warnings go beside them', async (t) => {
  const { code, out, err } = await runCaught(['bench', ...base], { bench: replay() });
  t.is(code, 0);
  t.false(out.includes('\u001b'));
  t.is(err, 'warning: a damaged line\n');
  t.regex(out, /^loading the model\nmodel {2}task .*\nm .* 8 .* 64 .* 3500 .* 20\.0s\n/);
  t.regex(out, /quest {3}untuned default of quest {2}48 of 64 {2}1m 30s\n/);
  t.regex(out, /48 answers to do; about 1m 50s, roughly, by what other tasks took\n/);
  t.regex(out, /m: quest on niah_mq8@512 32\/64; 16\/48 answers, 30\.0s, about 1m 00s left\n/);
  t.regex(
    out,
    /m: quest on niah_mq8@512: score 0\.750 ± 0\.050, to dense -0\.050 \[-0\.100, 0\.020\], KL 0\.0213, density 8\.1%\n/,
  );
  t.regex(
    out,
    /niah_mq8@512 {2}quest .* 64 {2}0\.750 ± 0\.050 .* 12\.0% .* 1\.50 .*\(6\.00\) .* 60\.0 .*\(40\.0\)\n/,
  );
  t.regex(out, /\nresults: results\n$/);
});

test('with --quiet only the table is printed, with --json every event is a line', async (t) => {
  const quiet = await runCaught(['bench', ...base, '--quiet'], { bench: replay() });
  t.regex(quiet.out, /^\nm\ntask /);
  const json = await runCaught(['bench', ...base, '--json'], { bench: replay() });
  const lines = json.out.trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line)),
    JSON.parse(JSON.stringify(events)),
  );
  t.is((await runCaught(['bench', ...base, '--json', '--quiet'])).code, 2);
});

test('a cell that failed ends with code 1 and its reason', async (t) => {
  const failed = cellReport({ state: 'failed', error: { code: 'ERR_TASK', message: 'too long' } });
  const recorded: BenchEvent[] = [
    { event: 'bench-results', resultDir: 'r', files: [], cells: [failed] },
  ];
  const { code, out } = await runCaught(['bench', ...base], { bench: replay(recorded, [failed]) });
  t.is(code, 1);
  t.regex(out, /tiny: magic_pig on niah_mq8@512 failed: too long\n/);
});

test('a run without a winner ends with code 1', async (t) => {
  const failure = { model: 'm', tasks: ['a'], configs: ['quest'], reason: 'none' };
  const run = async () => ({ plan, cells, files: [], steps: [], failures: [failure] });
  t.is((await runCaught(['run', ...base], { run })).code, 1);
});

test('what is tuned first is told with how long it may take', async (t) => {
  const steps = [
    { model: 'm', tasks: ['a@1'], configs: ['quest', 'top_p'], estimateMs: 60_000 },
    { model: 'm', tasks: ['b@1'], configs: ['quest'] },
  ];
  const told: RunEvent[] = [{ event: 'tuning', steps }, ...recordedEvents, ...events];
  const run = async ({ onEvent }: RunOptions) => {
    for (const event of told) onEvent?.(event);
    return { plan, cells, files: [], steps, failures: [] };
  };
  const piped = await runCaught(['run', ...base], { run });
  t.regex(
    piped.out,
    /^to tune first:\n {2}quest, top_p on a@1 \(m\); about 1m 00s by .*\n {2}quest on b@1 \(m\); no search/,
  );
  t.regex(
    piped.out,
    /searching hash_attention\n(.*\n)+.*stored in home\/winners\/w\.json\n(.*\n)+results: results\n$/,
  );
  let live = '';
  const out = { isTTY: true, columns: 120, write: (text: string) => (live += text) };
  t.is((await runCaught(['run', ...base], { run, out })).code, 0);
  t.regex(live, /to tune first:\n(.*\n)+.*w\.json\n(.*\n)+.*48 answers to do/);
  t.regex(live, /results: results\n/);
  t.regex(
    (
      await runCaught(['run', ...base], {
        run: async ({ onEvent }) => {
          onEvent?.({ event: 'tuning', steps: [] });
          return { plan, cells, files: [], steps: [], failures: [] };
        },
      })
    ).out,
    /every config has a winner/,
  );
});

test('Ctrl-C tells how to go on', async (t) => {
  let interrupt = () => {};
  const bench = async ({ signal, onEvent }: BenchOptions) => {
    for (const event of events.slice(0, 5)) onEvent?.(event);
    interrupt();
    throw signal?.reason;
  };
  const onInterrupt = (listener: () => void) => {
    interrupt = listener;
    return () => {};
  };
  const { code, err } = await runCaught(['bench', ...base], { bench, onInterrupt });
  t.is(code, 130);
  t.regex(err, /stopping after the running batch/);
  t.regex(err, /Stopped; 16 answers of this run are on the disk\. Go on with the same command/);
});

test('a wrong option is refused with its name', async (t) => {
  for (const [args, message] of [
    [['--max-requests', '0'], /max-requests/],
    [['--truncate', 'tail'], /truncate/],
    [['--no-such'], /such/],
  ] as const) {
    const { code, err } = await runCaught(['bench', ...base, ...args]);
    t.is(code, 2);
    t.regex(err, message);
  }
  t.is((await runCaught(['bench', '--model', 'm', '--task', 'niah_mq8'])).code, 2);
});
