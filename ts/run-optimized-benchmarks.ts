import { rejectArgument } from './errors.js';
import { type RunOptions, type RunResult, run } from './run.js';
import type { SparseConfig } from './sparse-config.js';
import type { Truncate } from './tasks/truncate.js';

/** A benchmark, or some of its subsets, at one or several lengths. */
export interface BenchmarkConfig {
  /** As in a task id: `ruler`. */
  readonly benchmarkName: string;
  /** Default: all. */
  readonly subsets?: readonly string[];
  /** Tokens, where the benchmark has lengths. */
  readonly length?: number;
}

/** A benchmark run with every sparse config tuned before, in one call. */
export interface OptimizedBenchmarkOptions
  extends Pick<
    RunOptions,
    'objective' | 'warmStart' | 'seed' | 'haystack' | 'data' | 'dryRun' | 'signal' | 'onEvent'
  > {
  /** Paths of GGUF files, `hf:` URIs, or names of test models. */
  readonly modelNames: readonly string[];
  /**
   * Pairs of a name and a config. `null` stands for the config of that name with tuned settings (`dense` for dense
   * attention); a whole config is measured as it is.
   */
  readonly sparseAttentionConfigs: readonly (readonly [
    name: string,
    config: SparseConfig | null,
  ])[];
  /** Task ids, or benchmarks with their subsets. */
  readonly benchmarkConfigs: readonly (string | BenchmarkConfig)[];
  readonly resultDir: string;
  /** Searches what has no winner. Without it stored winners are taken where there are any, else untuned defaults. Default true. */
  readonly enableOptimization?: boolean;
  /** Configurations to try for each config. Default 27. */
  readonly optimizationSamples?: number;
  /** One winner for each task; else one for all tasks together. Default true. */
  readonly usePerTaskConfig?: boolean;
  readonly requestOptions?: {
    /** Questions of each task, spread over its contexts. */
    readonly maxRequests?: number;
    /** Tokens of a context. */
    readonly maxContextLength?: number;
    readonly truncate?: Truncate;
  };
  readonly generationOptions?: {
    /** Bound of an answer's tokens, where the task allows more. Answers are always greedy. */
    readonly maxNewTokens?: number;
  };
  /** Of the model, its keys and values, and the threads. */
  readonly adapterConfig?: {
    readonly threads?: number;
    /** Layers of the model that GPUs hold and compute. */
    readonly gpuLayers?: number;
    /** Keys and values are kept in 16 bit. */
    readonly kvType?: 'f16';
    /** Bytes of KV snapshots on disk. */
    readonly snapshotLimitBytes?: number;
    readonly promptStyle?: 'auto' | 'chat' | 'plain';
    /** Folder of models, snapshots and winners. */
    readonly home?: string;
  };
}

/**
 * Tunes sparse-attention configs and measures them on benchmarks: `run` under the names that users of
 * sparse-attention-hub know.
 *
 * @throws as `run`
 *
 * @example
 * await runOptimizedBenchmarks({
 *   modelNames: ['model.gguf'],
 *   sparseAttentionConfigs: [['dense', null], ['magic_pig', null]],
 *   benchmarkConfigs: [{ benchmarkName: 'niah_mq8', length: 2048 }],
 *   resultDir: 'results',
 *   requestOptions: { maxRequests: 32 },
 * });
 */
export async function runOptimizedBenchmarks(
  options: OptimizedBenchmarkOptions,
): Promise<RunResult> {
  const { modelNames, sparseAttentionConfigs, benchmarkConfigs, resultDir } = options;
  const { requestOptions, generationOptions, adapterConfig = {} } = options;
  const { optimizationSamples, enableOptimization = true, usePerTaskConfig = true } = options;
  const { kvType = 'f16', ...adapter } = adapterConfig;
  rejectUnknown('options', options, optionNames);
  rejectUnknown('requestOptions', requestOptions, ['maxRequests', 'maxContextLength', 'truncate']);
  rejectUnknown('generationOptions', generationOptions, ['maxNewTokens']);
  rejectUnknown('adapterConfig', adapterConfig, adapterNames);
  if (kvType !== 'f16') rejectArgument('adapterConfig.kvType', '"f16"', kvType);
  const { objective, warmStart, seed, haystack, data, dryRun, signal, onEvent } = options;
  const given = { objective, warmStart, seed, haystack, data, dryRun, signal, onEvent };
  const common = {
    model: modelNames,
    task: list('benchmarkConfigs', benchmarkConfigs).flatMap(taskIds),
    config: list('sparseAttentionConfigs', sparseAttentionConfigs).map(toConfig),
    resultDir,
    global: !usePerTaskConfig,
    ...requestOptions,
    ...generationOptions,
    ...adapter,
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<RunOptions>),
  };
  const search = optimizationSamples === undefined ? {} : { trials: optimizationSamples };
  return run({ ...common, ...search, tune: enableOptimization });
}

const optionNames = [
  ...['modelNames', 'sparseAttentionConfigs', 'benchmarkConfigs', 'resultDir', 'seed', 'data'],
  ...['enableOptimization', 'optimizationSamples', 'usePerTaskConfig', 'requestOptions'],
  ...['generationOptions', 'adapterConfig', 'objective', 'warmStart', 'haystack', 'dryRun'],
  ...['signal', 'onEvent'],
] as readonly (keyof OptimizedBenchmarkOptions)[];

const adapterNames = [
  ...['threads', 'gpuLayers', 'snapshotLimitBytes', 'promptStyle', 'home', 'kvType'],
] as readonly (keyof NonNullable<OptimizedBenchmarkOptions['adapterConfig']>)[];

/** Names of the hub's own, such as `max_requests`, would otherwise be passed over in silence. */
function rejectUnknown<T extends object>(
  option: string,
  value: T | undefined,
  known: readonly (keyof T & string)[],
): void {
  const names: readonly string[] = known;
  const unknown = Object.keys(value ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined) rejectArgument(option, `no fields but ${names.join(', ')}`, unknown);
}

function list<T>(name: string, value: readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : rejectArgument(name, 'a list', value);
}

function taskIds(benchmark: string | BenchmarkConfig): readonly string[] {
  if (typeof benchmark === 'string') return [benchmark];
  const { benchmarkName, subsets, length } = benchmark;
  const end = length === undefined ? '' : `@${length}`;
  if (subsets === undefined || subsets.length === 0) return [`${benchmarkName}${end}`];
  return subsets.map((subset) => `${benchmarkName}/${subset}${end}`);
}

function toConfig(
  pair: readonly [name: string, config: SparseConfig | null],
): RunOptions['config'][number] {
  if (!Array.isArray(pair) || pair.length !== 2)
    return rejectArgument('sparseAttentionConfigs', 'pairs [name, null or a config]', pair);
  const [name, config] = pair;
  return config === null ? name : { name, config };
}
