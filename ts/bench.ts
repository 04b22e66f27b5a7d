import { thisMachine } from './bench/machine.js';
import { ModelBench } from './bench/model-bench.js';
import { modelName } from './bench/names.js';
import { type BenchOptions, type BenchRequest, resolveBenchOptions } from './bench/options.js';
import { type BenchPlan, makePlan } from './bench/plan.js';
import { RunProgress } from './bench/progress.js';
import type { CellReport } from './bench/report.js';
import { writeSummary } from './bench/summary.js';
import { WinnerCache } from './cache/winner-cache.js';
import { SparseTuneError } from './errors.js';
import { resolveModelFile } from './tune/model-file.js';

export type { BenchOptions, NamedConfig } from './bench/options.js';
export type { BenchPlan } from './bench/plan.js';
export type { CellReport } from './bench/report.js';

/** What a benchmark run came to. */
export interface BenchResult {
  /** What was to be done when it began. */
  readonly plan: BenchPlan;
  /** Every cell of the matrix: model by model, task by task, config by config; none after a dry run. */
  readonly cells: readonly CellReport[];
  /** The tables over all that the result folder holds. */
  readonly files: readonly string[];
}

/**
 * Measures configs on the `test` questions of tasks, which nothing was chosen on, with one or several models: real
 * greedy answers scored by the task's own metric, beside dense attention on the same questions.
 *
 * Answers are written to the result folder as they come, `<model>/<config>/<task>/raw.jsonl`; a run that was stopped
 * goes on after the last of them when it is called again. A cell that fails is reported as failed, and the others go on.
 *
 * @throws {TypeError | RangeError | SparseTuneError} naming the option and the cure, before anything is measured, also
 *   where the folder holds answers of another config, model or machine; the signal's reason when aborted
 *
 * @example
 * const { cells } = await bench({ model: 'model.gguf', task: 'niah_mq8@2048', config: ['dense', 'hash_attention'] });
 * for (const { config, score, difference } of cells) console.log(config, score?.mean, difference);
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  return benchRequest(resolveBenchOptions(options));
}

/** As `bench`, of options that are resolved. */
export async function benchRequest(request: BenchRequest): Promise<BenchResult> {
  const models = await openModels(request);
  await rejectConflicts(models);
  const progress = await RunProgress.open(models, request.home);
  const plan = makePlan(request.resultDir, models, progress);
  request.emit({ event: 'bench-plan', plan });
  if (request.dryRun) return { plan, cells: [], files: [] };
  const cells: CellReport[] = [];
  let files: readonly string[];
  try {
    for (const model of models) {
      cells.push(...(await model.run(progress, (cell) => request.emit({ event: 'cell', cell }))));
      model.release();
    }
  } finally {
    await progress.save();
    files = await writeSummary(request.resultDir);
  }
  request.emit({ event: 'bench-results', resultDir: request.resultDir, files, cells });
  return { plan, cells, files };
}

/** The models with their prompts made; of several only one is in memory at a time. */
async function openModels(request: BenchRequest): Promise<readonly ModelBench[]> {
  const { home, signal, emit } = request;
  emit({ event: 'phase', phase: 'load' });
  const winners = new WinnerCache(home, {
    onWarning: (message) => emit({ event: 'warning', message }),
  });
  const machine = await thisMachine(request);
  const models: ModelBench[] = [];
  const names = new Set<string>();
  for (const source of request.models) {
    const file = await resolveModelFile(source, { home, signal });
    const plain = modelName(source, file.path);
    const isTaken = names.has(plain.toLowerCase());
    const name = isTaken ? `${plain}-${file.fingerprint.split('-').at(-1)?.slice(0, 8)}` : plain;
    names.add(name.toLowerCase());
    const model = new ModelBench({ request, file, name, winners, machine });
    await model.open();
    if (request.models.length > 1) model.release();
    models.push(model);
  }
  return models;
}

/** Answers of different runs are never mixed. */
async function rejectConflicts(models: readonly ModelBench[]): Promise<void> {
  const found: string[] = [];
  for (const model of models) found.push(...(await model.conflicts()));
  const [first, ...others] = found;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more folders)`;
  throw new SparseTuneError(
    'ERR_ARGUMENT',
    `The result folder holds answers of another run${more}. ${first}. Take another --result-dir, or --restart to remove these answers and measure anew.`,
  );
}
