import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { BenchEvent } from '../bench-events.js';
import { rejectArgument, rejectRange } from '../errors.js';
import { withoutByteOrderMark } from '../files.js';
import { resolveHome } from '../home.js';
import { ANY } from '../maskers/any-preset.js';
import { validateConfig } from '../maskers/config-schema.js';
import { getPreset } from '../maskers/presets.js';
import { parseObjective } from '../search/objective.js';
import type { ObjectiveSpec } from '../search/objective-spec.js';
import type { SparseConfig } from '../sparse-config.js';
import { resolveTasks } from '../tasks/registry.js';
import type { PromptStyle, Task } from '../tasks/task.js';
import type { Truncate } from '../tasks/truncate.js';
import { usableThreads } from '../threads.js';
import type { SplitLimits } from '../tune/prepare-split.js';
import { safeName } from './names.js';
import type { TuningStep } from './tuning-steps.js';

/** A config under a name of the user's. */
export interface NamedConfig {
  readonly name: string;
  readonly config: SparseConfig;
}

/** What to measure: every model with every config on every task. */
export interface BenchOptions {
  /** Path of a GGUF file, `hf:` URI, or name of a test model; one or several. */
  readonly model: string | readonly string[];
  /** Task ids; a benchmark's name stands for all its tasks. */
  readonly task: string | readonly string[];
  /**
   * Each `dense`, the name of a config (its stored winner for the task, else one for several tasks, else the untuned
   * default), `NAME:default` (always the untuned default), `auto` (the best stored winner of all configs), the path of
   * a JSON file with a whole config, or a config with a name.
   */
  readonly config: readonly (string | NamedConfig)[];
  /** Folder of the results. Default `bench-results`. */
  readonly resultDir?: string;
  /** Of the winners that are taken. Default `kl s.t. density<=0.1`. */
  readonly objective?: string | ObjectiveSpec;
  /** Takes winners for several tasks only, those for all tasks of this run before others. */
  readonly global?: boolean;
  /** Questions of each task, spread over its contexts. Default: all. */
  readonly maxRequests?: number;
  /** Tokens of a context; longer ones are cut. Default: none is cut. */
  readonly maxContextLength?: number;
  /** What of a longer context is kept, and of a text that is longer than the task's `@L`. Default: the task's own, `head`. */
  readonly truncate?: Truncate;
  /** Bound of an answer's tokens, where the task allows more. Default: the task's own. */
  readonly maxNewTokens?: number;
  /** Questions of each cell on which the speed of decoding is measured; 0 for none. Default 3. */
  readonly speedQuestions?: number;
  /** Of the random draws inside the maskers. Default 0, as for `tune`. */
  readonly seed?: number;
  /** Default: the cores this process may use. */
  readonly threads?: number;
  /**
   * Layers of the model that GPUs hold and compute, through a llama.cpp with a GPU back end; one more than the model has
   * is all of it. Sparse attention runs there too where llama.cpp runs on CUDA, else on the CPU. Default 0.
   */
  readonly gpuLayers?: number;
  /** Where models, snapshots and winners are kept. Default: see resolveHome. */
  readonly home?: string;
  /** Default: the task's own. */
  readonly promptStyle?: PromptStyle;
  /** Text file that the essay haystacks of ruler are cut from. */
  readonly haystack?: string;
  /** Folder with a data set's own files, in place of a download. */
  readonly data?: string;
  /** Bytes of snapshots on disk. Default 20e9. */
  readonly snapshotLimitBytes?: number;
  /** Measures everything anew and removes what is there of these cells. */
  readonly restart?: boolean;
  /** Only says what would be done and how long it may take. */
  readonly dryRun?: boolean;
  /** Stops after the running batch; every answer so far is kept. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BenchEvent) => void;
}

/** What the user asks for under `config`, before it is known what that is on a task. */
export type ConfigSpec = { readonly name: string } & (
  | { readonly kind: 'dense' }
  | { readonly kind: 'auto' }
  | { readonly kind: 'preset'; readonly preset: string }
  | { readonly kind: 'default'; readonly preset: string }
  | { readonly kind: 'given'; readonly config: SparseConfig; readonly file?: string }
);

/** BenchOptions checked and resolved, before anything heavy is done. */
export interface BenchRequest {
  /** As the user gave them. */
  readonly options: BenchOptions;
  readonly models: readonly string[];
  readonly tasks: readonly Task[];
  readonly configs: readonly ConfigSpec[];
  readonly resultDir: string;
  /** Canonical text of the winners' objective. */
  readonly objective: string;
  readonly global: boolean;
  readonly limits: SplitLimits;
  readonly speedQuestions: number;
  readonly seed: number;
  readonly threads: number;
  readonly gpuLayers: number;
  readonly home: string;
  readonly snapshotLimitBytes: number | undefined;
  /** Keys and values of the contexts that are in memory together, unless one has more. */
  readonly groupBytes: number;
  readonly restart: boolean;
  readonly dryRun: boolean;
  /** What will be tuned before; in a dry run alone. */
  readonly pending: readonly TuningStep[];
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: BenchEvent) => void;
}

/**
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` naming the option
 * @throws {SparseTuneError} `ERR_TASK`, `ERR_CONFIG` or `ERR_OBJECTIVE`, each with the cure
 */
export function resolveBenchOptions(options: BenchOptions): BenchRequest {
  const { text, isPareto } = parseObjective(options.objective);
  if (isPareto === true)
    rejectArgument('objective', 'an objective with one value, whose winners are stored,', text);
  const { maxRequests, maxContextLength, truncate, maxNewTokens } = options;
  return {
    options,
    models: texts('model', options.model),
    tasks: tasksOf(options),
    configs: resolveSpecs(options.config),
    resultDir: resolve(options.resultDir ?? 'bench-results'),
    objective: text,
    global: options.global ?? false,
    limits: {
      maxQuestions: optional('maxRequests', maxRequests),
      maxContextLength: optional('maxContextLength', maxContextLength),
      maxNewTokens: optional('maxNewTokens', maxNewTokens),
      truncate,
    },
    speedQuestions: integer('speedQuestions', options.speedQuestions ?? 3, 0),
    seed: integer('seed', options.seed ?? 0, 0),
    threads: integer('threads', options.threads ?? usableThreads().threads, 1),
    gpuLayers: integer('gpuLayers', options.gpuLayers ?? 0, 0),
    home: resolveHome(options.home),
    snapshotLimitBytes: optional('snapshotLimitBytes', options.snapshotLimitBytes, 0),
    groupBytes: 2 ** 30,
    restart: options.restart ?? false,
    dryRun: options.dryRun ?? false,
    pending: [],
    signal: options.signal,
    emit: options.onEvent ?? (() => undefined),
  };
}

function tasksOf(options: BenchOptions): readonly Task[] {
  const { haystack, data, truncate, home } = options;
  const promptStyle = choice('promptStyle', options.promptStyle, ['auto', 'chat', 'plain']);
  choice('truncate', truncate, ['head', 'middle']);
  const taskOptions = { promptStyle, haystack, data, truncate, home };
  return resolveTasks(texts('task', options.task), taskOptions);
}

/** Each name once; two configs of one name would share a folder. */
function resolveSpecs(configs: BenchOptions['config']): readonly ConfigSpec[] {
  if (!Array.isArray(configs) || configs.length === 0)
    return rejectArgument('config', 'a list of at least one config', configs);
  const specs = new Map<string, ConfigSpec>();
  for (const [i, config] of [...new Set(configs)].entries()) {
    const spec = typeof config === 'string' ? parseSpec(config) : givenSpec(config, i);
    const folder = safeName(spec.name).toLowerCase();
    const isSparse = spec.kind === 'given' && spec.config.maskers.length > 0;
    if (isSparse && /^(dense|auto)$/.test(folder))
      rejectArgument('config', 'a name of its own for a config that is given', spec.name);
    if (specs.has(folder)) rejectArgument('config', 'configs with different names', spec.name);
    specs.set(folder, spec);
  }
  return [...specs.values()];
}

function parseSpec(text: string): ConfigSpec {
  if (text === 'dense' || text === 'auto') return { name: text, kind: text };
  if (/[./\\]/.test(text)) return fileSpec(text);
  const [, preset = text, untuned] = /^(.*?)(:default)?$/.exec(text) ?? [];
  if (untuned !== undefined && preset === ANY)
    rejectArgument('config', 'a single config before :default', text);
  if (preset !== ANY) getPreset(preset);
  return untuned === undefined
    ? { name: text, kind: 'preset', preset }
    : { name: `${preset}-default`, kind: 'default', preset };
}

function fileSpec(path: string): ConfigSpec {
  let config: unknown;
  try {
    config = JSON.parse(withoutByteOrderMark(readFileSync(path, 'utf8')));
  } catch (cause) {
    return rejectArgument('config', `a readable JSON file (${(cause as Error).message})`, path);
  }
  const file = basename(path.replaceAll('\\', '/'));
  const name = file.replace(/\.json$/i, '');
  return { name, kind: 'given', config: validateConfig(config), file };
}

function givenSpec(given: NamedConfig, index: number): ConfigSpec {
  const { name, config } = given ?? {};
  if (typeof name !== 'string' || name === '')
    return rejectArgument(`config[${index}]`, 'a name, or { name, config },', given);
  return { name, kind: 'given', config: validateConfig(config) };
}

function texts(name: string, value: string | readonly string[]): readonly string[] {
  const list: readonly unknown[] = [value].flat();
  const wrong = list.find((text) => typeof text !== 'string' || text === '');
  if (wrong !== undefined || list.length === 0)
    return rejectArgument(name, 'a text or a list of texts', wrong ?? value);
  return [...new Set(list as readonly string[])];
}

function choice<T extends string>(
  name: string,
  value: T | undefined,
  choices: readonly T[],
): T | undefined {
  if (value === undefined || choices.includes(value)) return value;
  return rejectArgument(name, choices.map((each) => `"${each}"`).join(' or '), value);
}

function optional(name: string, value: number | undefined, least = 1): number | undefined {
  return value === undefined ? undefined : integer(name, value, least);
}

function integer(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  return rejectRange(name, `an integer of at least ${least}`, value);
}
