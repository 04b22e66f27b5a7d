import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type AnswerRow, type CellConfig, CellFolder } from '../../ts/bench/cell-folder.js';
import { resolveBenchOptions } from '../../ts/bench/options.js';
import { bench, benchRequest } from '../../ts/bench.js';
import type { BenchEvent } from '../../ts/bench-events.js';
import { temporaryFolder } from '../helpers/folder.js';
import {
  benchTold,
  benchUntil,
  eventsOf,
  forkBench,
  rowsIn,
  smallBench,
  withoutClock,
} from '../helpers/tiny-bench.js';
import { toyContexts, toyQuestions, toyScore } from '../helpers/toy-task.js';

const nQuestions = toyContexts * toyQuestions;
const dense = 'tiny/dense/toy/scored-300';
const sparse = 'tiny/streaming_llm/toy/scored-300';
/** Keeps a tenth of the keys, so that answers differ from dense ones. */
const narrow = {
  name: 'narrow',
  config: { maskers: [{ kind: 'local', windowSize: 8 }] },
} as const;

async function options(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  return { ...smallBench, home: join(folder, 'home'), resultDir: join(folder, 'results') };
}

const read = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

test('a matrix of configs leaves a folder each with every answer, and tables over all', async (t) => {
  const base = { ...(await options(t)), config: ['dense', narrow] };
  const { events, result } = await benchTold(base);
  const [own, other] = result.cells;
  const rows = await rowsIn(base.resultDir, 'tiny/narrow/toy/scored-300');
  t.is(rows.length, nQuestions);
  t.is(new Set(rows.map(({ id }) => id)).size, nQuestions);
  for (const { prediction, score, densePrediction, denseScore, ...row } of rows) {
    t.is(score, toyScore(prediction));
    t.is(denseScore, toyScore(densePrediction ?? prediction));
    t.regex(row.id, new RegExp(`^${row.context}/\\d$`));
    t.true(row.timings.attentionMs > 0 && row.timings.denseAttentionMs > 0);
  }
  t.true(rows.some(({ densePrediction }) => densePrediction !== undefined));
  t.is(rows.filter(({ timings }) => timings.step !== undefined).length, 3);
  const mean = rows.reduce((sum, { score }) => sum + (score ?? 0), 0) / nQuestions;
  t.true(Math.abs((other?.score?.mean ?? -1) - mean) < 1e-12);
  t.true(Math.abs((other?.upstream?.['mean'] ?? -1) - 100 * mean) < 1e-9);
  t.is(other?.denseUpstream?.['mean'], own?.upstream?.['mean']);
  t.is(other?.denseScore?.mean, own?.score?.mean);
  t.true((other?.density ?? 1) < 0.1 && (other?.kl ?? 0) > 0.01);
  t.is(other?.tokensPerSecond?.questions, 3);
  t.like(own, { density: 1, readFraction: 1, state: 'complete', config: 'dense' });
  t.false('difference' in (own ?? {}));
  t.deepEqual(await read(base.resultDir, 'tiny/narrow/toy/scored-300/metrics.json'), other);
  t.deepEqual((await read(base.resultDir, 'summary.json')).cells, result.cells);
  t.is((await readFile(join(base.resultDir, 'summary.csv'), 'utf8')).split('\n').length, 4);
  t.regex(await readFile(join(base.resultDir, 'summary.md'), 'utf8'), /\| narrow \| 12 \|/);
  t.is(eventsOf(events, 'cell').length, 2);
  t.deepEqual(result.files.length, 3);
});

test('the config of a cell says what was measured and where it is from', async (t) => {
  const base = await options(t);
  await bench({ ...base, seed: 3, maxNewTokens: 4, maxRequests: 2, speedQuestions: 0 });
  const config: CellConfig = await read(base.resultDir, sparse, 'config.json');
  t.like(config, {
    source: { kind: 'default', preset: 'streaming_llm' },
    sparseConfig: { maskers: { length: 2 } },
  });
  t.like(config.identity, {
    task: 'toy/scored@300',
    taskVersion: 1,
    seed: 3,
    maxNewTokens: 4,
    threads: 1,
    kvType: 'f16',
  });
  t.like(config.options, { maxQuestions: 2, speedQuestions: 0 });
  t.true(
    ['createdAt', 'cpu', 'isa', 'node', 'llamaCpp', 'sparsetune'].every(
      (name) => name in config.provenance,
    ),
  );
  t.notRegex(JSON.stringify(config), /gguf|\/home/);
  t.is((await rowsIn(base.resultDir, sparse)).length, 2);
});

test('few requests are spread over the contexts, and more go on with them', async (t) => {
  const base = await options(t);
  await bench({ ...base, maxRequests: toyContexts });
  const few = await rowsIn(base.resultDir, sparse);
  t.is(new Set(few.map(({ context }) => context)).size, toyContexts);
  const { events, result } = await benchTold({ ...base, maxRequests: 7 });
  t.deepEqual(
    eventsOf(events, 'answers').map(({ config, done, total, overall }) => [
      config,
      done,
      total,
      overall.total,
    ]),
    [
      ['dense', 7, 7, 8],
      ['streaming_llm', 7, 7, 8],
    ],
  );
  t.deepEqual((await rowsIn(base.resultDir, sparse)).slice(0, few.length), few);
  t.is(result.cells[1]?.questions.done, 7);
});

test('a run that was stopped goes on after the answers that are there', async (t) => {
  const base = { ...(await options(t)), config: ['dense', narrow, 'streaming_llm'] };
  const isFirst = (event: BenchEvent) => event.event === 'answers';
  const { error, reason } = await benchUntil(base, isFirst);
  t.is(error, reason);
  const kept = await rowsIn(base.resultDir, dense);
  t.is(kept.length, nQuestions);
  t.deepEqual(
    (await read(base.resultDir, 'summary.json')).cells.map(
      ({ config, state }: { config: string; state: string }) => [config, state],
    ),
    [['dense', 'complete']],
  );
  const { result, events } = await benchTold(base);
  t.deepEqual(await rowsIn(base.resultDir, dense), kept);
  t.deepEqual(
    [...new Set(eventsOf(events, 'answers').map(({ config }) => config))],
    ['narrow', 'streaming_llm'],
  );
  t.true(result.cells.every(({ state }) => state === 'complete'));
  const again = await benchTold(base);
  t.deepEqual(eventsOf(again.events, 'answers'), []);
  t.deepEqual(eventsOf(again.events, 'prepared'), []);
  t.deepEqual(again.result.cells, result.cells);
});

test('lines that are torn or lost are measured again, and the answers are the same', async (t) => {
  const base = await options(t);
  await bench(base);
  const before = await rowsIn(base.resultDir, sparse);
  const raw = join(base.resultDir, sparse, 'raw.jsonl');
  const lines = (await readFile(raw, 'utf8')).split('\n');
  await writeFile(raw, `${lines.slice(2, 9).join('\n')}\n`);
  await appendFile(raw, lines[9]?.slice(0, 40) ?? '');
  const { events, result } = await benchTold(base);
  t.regex(eventsOf(events, 'warning')[0]?.message ?? '', /1 damaged line of raw\.jsonl/);
  t.like(eventsOf(events, 'answers')[0], { done: nQuestions, overall: { total: nQuestions - 7 } });
  const { rows } = await new CellFolder(join(base.resultDir, sparse)).rows();
  const byId = (a: AnswerRow, b: AnswerRow) => a.id.localeCompare(b.id);
  t.deepEqual(withoutClock([...rows.values()].sort(byId)), withoutClock(before.sort(byId)));
  t.is(result.cells[1]?.state, 'complete');
});

test('answers of another run are refused before anything is measured, and removed when asked to', async (t) => {
  const base = await options(t);
  await bench({ ...base, maxRequests: 3 });
  const before = await rowsIn(base.resultDir, sparse);
  const other = { ...base, seed: 1, maxRequests: 3 };
  await t.throwsAsync(bench(other), {
    code: 'ERR_ARGUMENT',
    message:
      /answers of another run \(and 1 more folders\)\. .*its seed was 0 and is 1 now\. .*--restart/,
  });
  t.deepEqual(await rowsIn(base.resultDir, sparse), before);
  await bench({ ...other, restart: true });
  t.is((await rowsIn(base.resultDir, sparse)).length, 3);
  t.like(await read(base.resultDir, sparse, 'config.json'), { identity: { seed: 1 } });
});

test('a dry run says what there is to do and how long it may take, and writes nothing', async (t) => {
  const base = await options(t);
  const first = await bench({ ...base, dryRun: true });
  t.deepEqual(first.cells, []);
  t.like(first.plan.tasks[0], { contexts: toyContexts, questions: nQuestions, estimate: {} });
  t.deepEqual(first.plan.estimate, {});
  await t.throwsAsync(readdir(base.resultDir), { code: 'ENOENT' });
  await bench({ ...base, config: ['dense'] });
  const { plan } = await bench({ ...base, dryRun: true });
  t.deepEqual(
    plan.cells.map(({ done }) => done),
    [nQuestions, 0],
  );
  t.deepEqual(
    plan.cells.map(({ folder }) => folder),
    [dense, sparse],
  );
  t.is(plan.estimate.basis, 'task');
  t.true((plan.estimate.ms ?? 0) > 0);
});

test('a cell that fails is told of, and the others go on', async (t) => {
  const base = await options(t);
  const { result } = await benchTold({
    ...base,
    task: ['niah_mq8@5000', 'toy/scored@300'],
    config: ['dense', 'auto'],
  });
  const states = result.cells.map(({ task, config, state, error }) => [
    task,
    config,
    state,
    error?.code,
  ]);
  t.deepEqual(states, [
    ['niah_mq8@5000', 'dense', 'failed', 'ERR_TASK'],
    ['niah_mq8@5000', 'auto', 'failed', 'ERR_TASK'],
    ['toy/scored@300', 'dense', 'complete', undefined],
    ['toy/scored@300', 'auto', 'failed', 'ERR_NO_WINNER'],
  ]);
  t.like(await read(base.resultDir, 'tiny/auto/toy/scored-300/metrics.json'), { state: 'failed' });
  t.regex(
    await readFile(join(base.resultDir, 'summary.md'), 'utf8'),
    /auto on toy\/scored@300 failed: No winner/,
  );
});

test('a context that is too long for the model runs when it is cut', async (t) => {
  const base = { ...(await options(t)), task: 'toy/scored@5000', maxRequests: 3 };
  t.regex(
    (await bench(base)).cells[0]?.error?.message ?? '',
    /5000.* needs .*--max-context-length/,
  );
  const cut = await bench({ ...base, maxContextLength: 1000, truncate: 'middle' });
  t.like(cut.cells[1], { state: 'complete', contextTokens: 1000 });
});

test('contexts that do not fit into memory together are measured one after the other, with the same answers', async (t) => {
  const base = { ...(await options(t)), config: ['dense', narrow] };
  const request = resolveBenchOptions(base);
  const events: BenchEvent[] = [];
  const emit = (event: BenchEvent) => events.push(event);
  const { cells } = await benchRequest({ ...request, emit, groupBytes: 1 });
  t.deepEqual(
    eventsOf(events, 'prepared').map(({ contexts }) => contexts),
    Array.from({ length: toyContexts }, () => 1),
  );
  t.is(cells[1]?.tokensPerSecond?.questions, 3);
  const together = { ...base, resultDir: join(base.resultDir, '..', 'together') };
  await bench(together);
  const byId = (a: AnswerRow, b: AnswerRow) => a.id.localeCompare(b.id);
  const sorted = async (resultDir: string) => {
    const rows = await rowsIn(resultDir, 'tiny/narrow/toy/scored-300');
    return rows
      .sort(byId)
      .map(({ id, prediction, score, context }) => ({ id, prediction, score, context }));
  };
  t.deepEqual(await sorted(base.resultDir), await sorted(together.resultDir));
});

test('a task without references has a divergence and no score', async (t) => {
  const base = { ...(await options(t)), task: 'toy/open@300', config: [narrow] };
  const { cells } = await bench(base);
  t.is(cells[0]?.score, undefined);
  t.true((cells[0]?.kl ?? 0) > 0);
  const rows = await rowsIn(base.resultDir, 'tiny/narrow/toy/open-300');
  t.true(rows.every(({ score, denseScore }) => score === null && denseScore === null));
});

test('a benchmark that is killed again and again ends with the answers of one that was not', async (t) => {
  const base = { ...(await options(t)), task: 'toy@300', speedQuestions: 0 };
  for (let kill = 1; kill <= 4; kill++) {
    let told = 0;
    await forkBench(base, (event, child) => {
      if (event.event === 'answers' || event.event === 'prepared') told++;
      if (told === kill) child.kill('SIGKILL');
    });
  }
  const { cells } = await bench(base);
  t.true(cells.every(({ state }) => state === 'complete'));
  const undisturbed = { ...base, resultDir: join(base.resultDir, '..', 'undisturbed') };
  await bench(undisturbed);
  for (const { folder } of cells) {
    const rows = await rowsIn(base.resultDir, folder);
    t.deepEqual(withoutClock(rows), withoutClock(await rowsIn(undisturbed.resultDir, folder)));
  }
});
