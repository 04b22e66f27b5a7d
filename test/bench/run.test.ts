import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { type RunEvent, type RunOptions, run } from '../../ts/run.js';
import { runOptimizedBenchmarks } from '../../ts/run-optimized-benchmarks.js';
import { temporaryFolder } from '../helpers/folder.js';
import { smallBench } from '../helpers/tiny-bench.js';

async function options(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const places = { home: join(folder, 'home'), resultDir: join(folder, 'results') };
  const search = { objective: 'kl s.t. density<=0.95', trials: 3 };
  return { ...smallBench, ...search, ...places, speedQuestions: 0 };
}

async function told(of: RunOptions) {
  const events: RunEvent[] = [];
  const result = await run({ ...of, onEvent: (event) => events.push(event) });
  return { names: events.map(({ event }) => event), result };
}

test('what has no winner is tuned, then all is measured; the second time nothing is left to do', async (t) => {
  const base = await options(t);
  const config = ['dense', 'streaming_llm', 'streaming_llm:default', 'auto'];
  const dry = await told({ ...base, config, dryRun: true });
  t.deepEqual(dry.result.steps[0]?.configs, ['streaming_llm']);
  t.deepEqual(
    dry.result.plan.cells.map(({ source }) => source?.kind),
    ['dense', 'pending', 'default', 'pending'],
  );
  t.false(dry.names.includes('study'));
  const { names, result } = await told({ ...base, config });
  t.true(names.indexOf('tuning') < names.indexOf('study'));
  t.true(names.indexOf('winner') < names.indexOf('bench-plan'));
  const [winner, ...others] = await new WinnerCache(base.home).list();
  t.deepEqual(others, []);
  t.deepEqual(result.failures, []);
  t.deepEqual(
    result.cells.map(({ source }) => [source?.kind, source?.kind === 'winner' ? source.id : '']),
    [
      ['dense', ''],
      ['winner', winner?.id],
      ['default', ''],
      ['winner', winner?.id],
    ],
  );
  t.deepEqual(result.cells[3]?.score, result.cells[1]?.score);
  const again = await told({ ...base, config });
  t.false(again.names.includes('study'));
  t.false(again.names.includes('answers'));
  t.deepEqual(again.result.cells, result.cells);
});

test('a search without a winner is told of, and the untuned default is measured', async (t) => {
  const base = await options(t);
  const { result } = await told({ ...base, objective: 'kl s.t. density<=0.000001' });
  t.like(result.failures[0], { configs: ['streaming_llm'], tasks: ['toy/scored@300'] });
  t.regex(result.failures[0]?.reason ?? '', /holds/);
  t.like(result.cells[1], { state: 'complete', source: { kind: 'default' } });
});

test('a task that cannot be tuned does not stop the others', async (t) => {
  const base = await options(t);
  const { result } = await told({ ...base, task: ['niah_mq8@5000', 'toy/scored@300'] });
  t.deepEqual(
    result.failures.map(({ tasks }) => tasks),
    [['niah_mq8@5000']],
  );
  t.regex(result.failures[0]?.reason ?? '', /niah_mq8@4096 or less/);
  t.deepEqual(
    result.cells.map(({ state, source }) => [state, source?.kind]),
    [
      ['failed', undefined],
      ['failed', undefined],
      ['complete', 'dense'],
      ['complete', 'winner'],
    ],
  );
});

test('optimised benchmarks are tuned and measured in one call, one winner for all tasks where asked', async (t) => {
  const { home, resultDir, objective, threads } = await options(t);
  const narrow = { maskers: [{ kind: 'local', windowSize: 8 }] };
  const common = {
    modelNames: ['tiny'],
    benchmarkConfigs: [{ benchmarkName: 'toy', subsets: ['scored'], length: 300 }, 'toy/open@300'],
    resultDir,
    objective,
    requestOptions: { maxRequests: 2 },
    generationOptions: { maxNewTokens: 3 },
    adapterConfig: { home, threads, kvType: 'f16' },
  } as const;
  const untuned = await runOptimizedBenchmarks({
    ...common,
    resultDir: join(resultDir, 'untuned'),
    sparseAttentionConfigs: [['streaming_llm', null]],
    enableOptimization: false,
  });
  t.deepEqual(
    untuned.cells.map(({ source }) => source?.kind),
    ['default', 'default'],
  );
  const { cells, steps } = await runOptimizedBenchmarks({
    ...common,
    sparseAttentionConfigs: [
      ['dense', null],
      ['streaming_llm', null],
      ['mine', narrow],
    ],
    optimizationSamples: 3,
    usePerTaskConfig: false,
  });
  t.deepEqual(
    steps.map(({ tasks }) => tasks),
    [['toy/scored@300', 'toy/open@300']],
  );
  t.deepEqual(
    cells.map(({ task, config, source, questions }) => [
      task,
      config,
      source?.kind,
      questions.done,
    ]),
    ['toy/scored@300', 'toy/open@300'].flatMap((task) => [
      [task, 'dense', 'dense', 2],
      [task, 'streaming_llm', 'winner', 2],
      [task, 'mine', 'given', 2],
    ]),
  );
  t.is((await new WinnerCache(home).list())[0]?.winner.search.trials, 3);
});

test('wrong options of optimised benchmarks are refused by their names', async (t) => {
  const { home, resultDir } = await options(t);
  const good = {
    modelNames: ['tiny'],
    sparseAttentionConfigs: [['dense', null]] as const,
    benchmarkConfigs: ['toy/scored@300'],
    resultDir,
    adapterConfig: { home },
  };
  for (const [name, change] of [
    ['sparseAttentionConfigs', { sparseAttentionConfigs: ['dense'] }],
    ['sparseAttentionConfigs', { sparseAttentionConfigs: null }],
    ['benchmarkConfigs', { benchmarkConfigs: 'toy' }],
    ['adapterConfig.kvType', { adapterConfig: { home, kvType: 'q8_0' } }],
    ['maxRequests', { requestOptions: { maxRequests: 0 } }],
    ['options', { maxRequests: 2 }],
    ['requestOptions', { requestOptions: { max_requests: 2 } }],
    ['generationOptions', { generationOptions: { max_new_tokens: 3 } }],
    ['adapterConfig', { adapterConfig: { home, device: 'cuda' } }],
  ] as const) {
    await t.throwsAsync(runOptimizedBenchmarks({ ...good, ...change } as typeof good), {
      any: true,
      message: new RegExp(`for ${name.replace('.', '\\.')}`),
    });
  }
});
