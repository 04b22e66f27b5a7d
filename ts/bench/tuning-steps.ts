import type { StoredWinner, WinnerCache } from '../cache/winner-cache.js';
import { median } from '../engine/divergence.js';
import { ANY, anyPreset } from '../maskers/any-preset.js';
import { getPreset, isTunable } from '../maskers/presets.js';
import { defaultTrials } from '../tune/budget.js';
import type { BenchRequest, ConfigSpec } from './options.js';
import { type ConfigTarget, dataOf, findWinner } from './resolve-config.js';

/** Configs to be tuned together: on one task, or on all of a run as one. */
export interface TuningStep {
  /** As the user named it. */
  readonly model: string;
  readonly tasks: readonly string[];
  readonly configs: readonly string[];
  /** Of the search, from the stored winners of this model; left out where there are none. */
  readonly estimateMs?: number;
}

export interface StepOptions {
  readonly model: string;
  readonly modelFingerprint: string;
  readonly winners: WinnerCache;
  /** Also what has a winner. */
  readonly force: boolean;
  /** Trials of each search; undefined where only something else bounds it. */
  readonly trials: number | undefined;
}

/**
 * What has to be tuned before every config of a run has its own winner: per task, or with `global` one for all tasks
 * of the run. `auto` needs one of any config; where none is there or on its way it is a search over all of them.
 */
export async function tuningSteps(
  request: BenchRequest,
  options: StepOptions,
): Promise<readonly TuningStep[]> {
  const ids = request.tasks.map(({ id }) => id);
  const isGlobal = request.global && ids.length > 1;
  const steps: TuningStep[] = [];
  for (const tasks of isGlobal ? [ids] : ids.map((id) => [id])) {
    const configs = await missingConfigs({ request, options, tasks, isGlobal });
    if (configs.length === 0) continue;
    const step = { model: options.model, tasks, configs };
    const estimateMs = await estimate(step, options);
    steps.push({ ...step, ...(estimateMs !== undefined && { estimateMs }) });
  }
  return steps;
}

interface Group {
  readonly request: BenchRequest;
  readonly options: StepOptions;
  readonly tasks: readonly string[];
  readonly isGlobal: boolean;
}

/** Whatever is tuned for the others is there for `auto` to choose from, which therefore comes last. */
async function missingConfigs(group: Group): Promise<readonly string[]> {
  const names = new Set<string>();
  const { configs } = group.request;
  for (const spec of configs.toSorted((a, b) => Number(isAuto(a)) - Number(isAuto(b)))) {
    if (isAuto(spec) && names.size > 0) continue;
    const name = await missing(spec, group);
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

function isAuto({ kind }: ConfigSpec): boolean {
  return kind === 'auto';
}

/** The config to tune for what the user asks for, or undefined where nothing is missing. */
async function missing(
  spec: ConfigSpec,
  { request, options, tasks, isGlobal }: Group,
): Promise<string | undefined> {
  if (spec.kind !== 'preset' && spec.kind !== 'auto') return undefined;
  const name = spec.kind === 'auto' ? undefined : spec.preset;
  const isFixed = name !== undefined && name !== ANY && !isTunable(getPreset(name));
  if (isFixed) return undefined;
  if (options.force) return name ?? ANY;
  const first = request.tasks.find(({ id }) => id === tasks[0]);
  const target: ConfigTarget = {
    winners: options.winners,
    modelFingerprint: options.modelFingerprint,
    task: tasks[0] ?? '',
    data: first && dataOf(first),
    objective: request.objective,
    globalTasks: isGlobal ? tasks : undefined,
  };
  const found = await findWinner(name, target);
  return found !== undefined && answersFor(found, tasks) ? undefined : (name ?? ANY);
}

/** Whether a winner is the task's own, or of all the tasks where there are several. */
function answersFor({ winner: { key } }: StoredWinner, tasks: readonly string[]): boolean {
  if ('task' in key) return tasks.length === 1;
  return tasks.length > 1 && tasks.every((task) => key.tasks.includes(task));
}

/** By what searches on the task, or else on any, have taken a trial. */
async function estimate(
  { tasks, configs }: Pick<TuningStep, 'tasks' | 'configs'>,
  { winners, modelFingerprint, trials }: StepOptions,
): Promise<number | undefined> {
  const own = (await winners.list()).filter(
    ({ winner }) => winner.key.modelFingerprint === modelFingerprint && winner.search.trials > 0,
  );
  const onTask = own.filter(({ winner: { key } }) => 'task' in key && tasks.includes(key.task));
  const known = onTask.length > 0 ? onTask : own;
  if (known.length === 0) return undefined;
  const msPerTrial = median(
    known.map(({ winner: { provenance, search } }) => provenance.searchMs / search.trials),
  );
  const counts = configs.map(
    (name) => trials ?? defaultTrials(name === ANY ? anyPreset() : getPreset(name)),
  );
  return msPerTrial * counts.reduce((sum, count) => sum + count, 0) * tasks.length;
}
