import { type BenchRequest, resolveBenchOptions } from './bench/options.js';
import { type TuningStep, tuningSteps } from './bench/tuning-steps.js';
import { type BenchOptions, type BenchResult, benchRequest } from './bench.js';
import type { BenchEvent } from './bench-events.js';
import { WinnerCache } from './cache/winner-cache.js';
import { resolveBudget } from './tune/budget.js';
import { resolveModelFile } from './tune/model-file.js';
import { type TuneOptions, tune } from './tune.js';
import type { TuneEvent } from './tune-events.js';

/** What `run` tells while it works: what it is going to tune, then the events of `tune` and those of `bench`. */
export type RunEvent = { event: 'tuning'; steps: readonly TuningStep[] } | TuneEvent | BenchEvent;

/** What to measure, and how hard to search for what is missing first. */
export interface RunOptions
  extends Omit<BenchOptions, 'onEvent'>,
    Pick<TuneOptions, 'trials' | 'budget' | 'patience' | 'warmStart'> {
  /** Without it nothing is searched, as in `bench`. Default true. */
  readonly tune?: boolean;
  /** Searches again although winners are stored. */
  readonly force?: boolean;
  readonly onEvent?: (event: RunEvent) => void;
}

/** A search that ended without a winner. */
export interface TuningFailure {
  readonly model: string;
  readonly tasks: readonly string[];
  readonly configs: readonly string[];
  readonly reason: string;
}

export interface RunResult extends BenchResult {
  /** Searches that were made, or after a dry run those that would be. */
  readonly steps: readonly TuningStep[];
  /** Where there is still no winner; the cell then has the next best config, and says which. */
  readonly failures: readonly TuningFailure[];
}

/**
 * Tunes the configs that have no winner for a task yet, then measures all of them on the `test` questions: see `tune`
 * and `bench`. Called again after it was stopped, it goes on where it stopped.
 *
 * @throws as `bench`; a search that fails does not stop the others
 *
 * @example
 * const { cells } = await run({ model: 'model.gguf', task: 'niah_mq8@2048', config: ['dense', 'magic_pig'], trials: 27 });
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { onEvent = () => undefined, ...benchOptions } = options;
  const request = resolveBenchOptions({ ...benchOptions, onEvent });
  const steps = options.tune === false ? [] : await allSteps(request, options);
  onEvent({ event: 'tuning', steps });
  if (request.dryRun) {
    const planned = await benchRequest({ ...request, pending: steps });
    return { ...planned, steps, failures: [] };
  }
  const failures: TuningFailure[] = [];
  for (const step of steps) {
    request.signal?.throwIfAborted();
    failures.push(...(await tuneStep(step, { request, options })));
  }
  return { ...(await benchRequest(request)), steps, failures };
}

/** Of all models; every option is checked before anything is searched. */
async function allSteps(
  request: BenchRequest,
  { onEvent, ...options }: RunOptions,
): Promise<readonly TuningStep[]> {
  const { trials } = resolveBudget(options);
  const isBounded = options.trials !== undefined || options.budget !== undefined;
  const onWarning = (message: string) => onEvent?.({ event: 'warning', message });
  const winners = new WinnerCache(request.home, { onWarning });
  // What a user's file holds is part of a winner; one that cannot be read fails by itself later.
  const own = request.tasks.filter(({ source }) => source !== undefined);
  for (const task of own) await task.prepare?.(request.signal).catch(() => undefined);
  const steps: TuningStep[] = [];
  for (const model of request.models) {
    const { home, signal } = request;
    const { fingerprint } = await resolveModelFile(model, { home, signal });
    const about = {
      model,
      modelFingerprint: fingerprint,
      winners,
      force: options.force ?? false,
      trials: isBounded ? trials : undefined,
    };
    steps.push(...(await tuningSteps(request, about)));
  }
  return steps;
}

async function tuneStep(
  { model, tasks, configs }: TuningStep,
  { request, options }: { readonly request: BenchRequest; readonly options: RunOptions },
): Promise<readonly TuningFailure[]> {
  const about = { model, tasks };
  const named = tasks.map((id) => request.tasks.find((task) => task.id === id)?.source ?? id);
  try {
    const results = await tune(tuneOptions({ model, tasks: named, configs }, options));
    return results.flatMap(({ config, winner, reason = 'no winner' }) =>
      winner === undefined ? [{ ...about, configs: [config], reason }] : [],
    );
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const reason = (error as Error).message;
    const what = `${configs.join(', ')} on ${tasks.join(' + ')}`;
    options.onEvent?.({ event: 'warning', message: `Could not tune ${what}: ${reason}` });
    return [{ ...about, configs, reason }];
  }
}

/** What both jobs are told alike, and what is the search's own; only what is given. */
function tuneOptions(step: TuningStep, options: RunOptions): TuneOptions {
  const shared = [
    'objective',
    'trials',
    'budget',
    'patience',
    'warmStart',
    'seed',
    'threads',
    'gpuLayers',
    'home',
    'promptStyle',
    'haystack',
    'data',
    'truncate',
    'snapshotLimitBytes',
    'signal',
    'onEvent',
  ] as const satisfies readonly (keyof TuneOptions & keyof RunOptions)[];
  const given = shared.filter((name) => options[name] !== undefined);
  return {
    model: step.model,
    task: step.tasks,
    config: step.configs,
    global: step.tasks.length > 1,
    force: options.force ?? false,
    ...(Object.fromEntries(given.map((name) => [name, options[name]])) as Partial<TuneOptions>),
  };
}
