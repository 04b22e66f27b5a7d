import { rejectArgument, rejectRange } from '../errors.js';
import { resolveHome } from '../home.js';
import { ANY, anyPreset } from '../maskers/any-preset.js';
import { changeSpace, getPreset, isTunable, type Preset } from '../maskers/presets.js';
import type { Budget } from '../search/budget.js';
import type { Objective } from '../search/objective.js';
import { parseObjective } from '../search/objective.js';
import type { ObjectiveSpec } from '../search/objective-spec.js';
import type { Params } from '../space/distribution.js';
import type { SpaceSchema } from '../space/search-space.js';
import { resolveTasks } from '../tasks/registry.js';
import type { PromptStyle, Task } from '../tasks/task.js';
import type { Truncate } from '../tasks/truncate.js';
import { usableThreads } from '../threads.js';
import type { TuneEvent } from '../tune-events.js';
import { defaultTrials, resolveBudget } from './budget.js';
import { type Enqueued, resolveEnqueued } from './enqueue.js';

/** What to tune, on what, and how hard. */
export interface TuneOptions {
  /** Path of a GGUF file, `hf:` URI, or name of a test model. */
  readonly model: string;
  /** Task id, e.g. `niah_mq8@2048`, or `file:` and the path of own prompts; or several. */
  readonly task: string | readonly string[];
  /**
   * Names of configs; each is searched by itself. `any` is one search over all of them: which method, with which
   * settings. Default `any`.
   */
  readonly config?: readonly string[];
  /** Default `kl s.t. density<=0.1`. */
  readonly objective?: string | ObjectiveSpec;
  /** Configurations to try per config: short for a budget of trials. Default 27 (of `any` 9 per method) where there is no budget. */
  readonly trials?: number;
  /** What the search of each config may spend; whatever is spent first ends it. */
  readonly budget?: Budget;
  /** Ends a search when so many new configurations in a row brought no improvement. Default: no limit. */
  readonly patience?: number;
  /** Configurations to try first, each for the configs that can express it. They count as trials. */
  readonly enqueue?: readonly Enqueued[];
  /** Tries first what won on other tasks, models, objectives and spaces, and looks near it. They count as trials. */
  readonly warmStart?: boolean;
  /**
   * Name of an earlier study of the same model, tasks and config: its trials in this search's space count as this
   * search's own, the others are evidence. They cost nothing of the budget.
   */
  readonly continueFrom?: string;
  /** Of every random choice. Default 0. */
  readonly seed?: number;
  /** Default: the cores this process may use. */
  readonly threads?: number;
  /**
   * Layers of the model that GPUs hold and compute, through a llama.cpp with a GPU back end; one more than the model has
   * is all of it. Sparse attention runs there too where llama.cpp runs on CUDA, else on the CPU. Default 0.
   */
  readonly gpuLayers?: number;
  /** Where models, snapshots, studies and winners are kept. Default: see resolveHome. */
  readonly home?: string;
  /** Changes to the search space, as JSON: narrows, fixes or widens parameters by name. */
  readonly space?: unknown;
  /** One config for all tasks in place of one for each: the mean of the tasks' normalised objectives decides. */
  readonly global?: boolean;
  /** With `global`: the winners of the single tasks as well, from the same study. */
  readonly perTask?: boolean;
  /**
   * With `global`: no task's normalised objective may be above it; 0 is as good as dense attention, 1 as the untuned
   * default.
   */
  readonly worstTask?: number;
  /** Search again although the winner is known. */
  readonly force?: boolean;
  /**
   * Go on with a search that was stopped although a winner is known. The name of its study refuses to go on with any
   * other: where model, space or build have changed meanwhile these options are those of another study.
   */
  readonly resume?: boolean | string;
  /** Default: the task's own. */
  readonly promptStyle?: PromptStyle;
  /** Text file that the essay haystacks of ruler are cut from. */
  readonly haystack?: string;
  /** Folder with a data set's own files, in place of a download. */
  readonly data?: string;
  /** What of a text that is longer than the task's `@L` is kept: its beginning, or both ends. Default: the task's own. */
  readonly truncate?: Truncate;
  /** Bytes of snapshots on disk. Default 20e9. */
  readonly snapshotLimitBytes?: number;
  /** Metrics to report beside those of the objective; only `outputError` costs extra. */
  readonly metrics?: readonly string[];
  /** Stops after the running batch; everything found so far is kept. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TuneEvent) => void;
}

/** A config to tune with its final search space. */
export interface TunedConfig {
  readonly preset: Preset;
  readonly space: SpaceSchema;
  /** To be tried first. */
  readonly enqueue: readonly Params[];
  /** Of its search. */
  readonly budget: Budget;
}

/** TuneOptions checked and resolved, before anything heavy is done. */
export interface TuneRequest {
  /** As the user gave them. */
  readonly options: TuneOptions;
  readonly model: string;
  readonly tasks: readonly Task[];
  /** What winners are searched: one a task, one for all tasks, or both from one study. */
  readonly scope: 'task' | 'global' | 'both';
  readonly worstTask: number | undefined;
  readonly configs: readonly TunedConfig[];
  readonly objective: Objective;
  readonly patience: number | undefined;
  readonly warmStart: boolean;
  readonly continueFrom: string | undefined;
  readonly seed: number;
  readonly threads: number;
  readonly gpuLayers: number;
  readonly home: string;
  readonly force: boolean;
  readonly snapshotLimitBytes: number | undefined;
  readonly outputError: boolean;
  /** Whether evaluations of earlier searches count: not where times are judged, nor in a forced search. */
  readonly reuse: boolean;
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: TuneEvent) => void;
}

/**
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` naming the option
 * @throws {SparseTuneError} `ERR_TASK`, `ERR_CONFIG`, `ERR_OBJECTIVE` or {SearchSpaceError}, each with the cure
 */
export function resolveTuneOptions(options: TuneOptions): TuneRequest {
  const objective = parseObjective(options.objective);
  const names = [...new Set(options.config ?? [ANY])];
  if (names.length === 0) rejectArgument('config', 'at least one config name', options.config);
  if (objective.metrics.includes('score')) {
    rejectArgument(
      'objective',
      'metrics that a search measures (score is measured on validation only; use accuracy)',
      objective.text,
    );
  }
  const tasks = tasksOf(options);
  const scope = resolveScope(options, objective, tasks.length);
  const nStudies = names.length * (scope === 'task' ? tasks.length : 1);
  const asked = [...objective.metrics, ...(options.metrics ?? []).map(metricName)];
  return {
    options,
    model: text('model', options.model),
    tasks,
    scope,
    worstTask: options.worstTask,
    configs: resolveConfigs(names, options),
    objective,
    patience: options.patience === undefined ? undefined : integer('patience', options.patience, 1),
    warmStart: options.warmStart ?? false,
    continueFrom: resolveContinueFrom(options.continueFrom, nStudies),
    seed: integer('seed', options.seed ?? 0, 0),
    threads: integer('threads', options.threads ?? usableThreads().threads, 1),
    gpuLayers: integer('gpuLayers', options.gpuLayers ?? 0, 0),
    home: resolveHome(options.home),
    force: options.force ?? false,
    snapshotLimitBytes: bytes('snapshotLimitBytes', options.snapshotLimitBytes),
    outputError: asked.includes('outputError'),
    reuse: options.force !== true && !objective.metrics.includes('attentionMs'),
    signal: options.signal,
    emit: options.onEvent ?? (() => undefined),
  };
}

function tasksOf(options: TuneOptions): readonly Task[] {
  const { task, haystack, data, truncate, home } = options;
  const ids = [task].flat();
  if (ids.length === 0) rejectArgument('task', 'at least one task id', task);
  if (truncate !== undefined && truncate !== 'head' && truncate !== 'middle')
    rejectArgument('truncate', '"head" or "middle"', truncate);
  const style = promptStyle(options.promptStyle);
  const taskOptions = { promptStyle: style, haystack, data, truncate, home };
  return resolveTasks(
    ids.map((id) => text('task', id)),
    taskOptions,
  );
}

function resolveScope(
  { global = false, perTask = false, worstTask }: TuneOptions,
  objective: Objective,
  nTasks: number,
): TuneRequest['scope'] {
  if (global && nTasks < 2) rejectArgument('global', 'at least two tasks beside it', nTasks);
  if (global && objective.isPareto === true)
    rejectArgument('objective', 'an objective with one value for global', objective.text);
  if (perTask && !global) rejectArgument('perTask', 'the option global beside it', perTask);
  if (worstTask !== undefined) {
    if (!global) rejectArgument('worstTask', 'the option global beside it', worstTask);
    if (!(worstTask > 0)) rejectRange('worstTask', 'a number above 0', worstTask);
  }
  if (!global) return 'task';
  return perTask ? 'both' : 'global';
}

function resolveContinueFrom(name: string | undefined, nStudies: number): string | undefined {
  if (name === undefined || nStudies === 1) return name;
  return rejectArgument('continueFrom', 'one config on one task, or on several with global,', name);
}

function resolveConfigs(names: readonly string[], options: TuneOptions): readonly TunedConfig[] {
  const { space, enqueue = [] } = options;
  const presets = names.map((name) => resolvePreset(name, space));
  const queues = resolveEnqueued(enqueue, presets);
  return presets.map((preset, i) => ({
    preset,
    space: preset.space,
    enqueue: queues[i] ?? [],
    budget: resolveBudget(options, defaultTrials(preset)),
  }));
}

function resolvePreset(name: string, changes: unknown): Preset {
  if (name === ANY) return anyPreset(changes);
  const known = getPreset(name);
  const preset = changes === undefined ? known : changeSpace(known, changes);
  if (!isTunable(preset)) rejectArgument('config', 'a config with parameters to tune', name);
  return preset;
}

function integer(name: string, value: number, minimum: number): number {
  if (!Number.isSafeInteger(value) || value < minimum) {
    rejectRange(name, `an integer of at least ${minimum}`, value);
  }
  return value;
}

function bytes(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value >= 0) return value;
  return rejectRange(name, 'a number of bytes, 0 or more,', value);
}

function text(name: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  return rejectArgument(name, 'a text', value);
}

function promptStyle(value: PromptStyle | undefined): PromptStyle | undefined {
  if (value === undefined || ['auto', 'chat', 'plain'].includes(value)) return value;
  return rejectArgument('promptStyle', '"auto", "chat" or "plain"', value);
}

/** A metric by its name or short name, as objectives read them. */
function metricName(name: string): string {
  const [metric] = parseObjective(name).metrics;
  return metric ?? name;
}
