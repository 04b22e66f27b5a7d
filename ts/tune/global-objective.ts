import { leastShare } from '../cache/compare-winners.js';
import { rejectArgument } from '../errors.js';
import type { Preset } from '../maskers/presets.js';
import type { Objective } from '../search/objective.js';
import type { Evaluation } from '../search/trial.js';
import type { SparseConfig } from '../sparse-config.js';
import { meanMetrics } from './evaluate-jobs.js';
import { metricsOfPart, partMetric, type StudyPart } from './study-parts.js';

type NamedMetrics = Readonly<Record<string, number>>;

/** What a task's objective is measured against: its values of dense attention and of the untuned default. */
export interface Yardstick {
  readonly dense: number;
  readonly untuned: number;
}

/** Values of a task that differ by less than this share of themselves are no yardstick. */
const leastDifference = 1e-6;

/**
 * Where a task's objective lies between the better (0) and the worse (1) of dense attention and the untuned default;
 * beyond both it goes on straight, so that a lower value is better throughout. Where both give the same the plain
 * distance from them is taken.
 *
 * @param leastSpan - a distance between the two that counts at least
 */
export function normalise(value: number, yardstick: Yardstick, leastSpan = 0): number {
  const { dense, untuned } = yardstick;
  const span = Math.max(spanOf(yardstick), leastSpan);
  return (value - Math.min(dense, untuned)) / (span > 0 ? span : 1);
}

/** The distance between dense and untuned; 0 where they are the same. */
function spanOf({ dense, untuned }: Yardstick): number {
  const span = Math.abs(dense - untuned);
  return span > leastDifference * Math.min(Math.abs(dense), Math.abs(untuned)) ? span : 0;
}

/**
 * Dense attention and the untuned default on all questions of each part. Where the default cannot run dense stands for
 * it.
 */
export async function measureYardsticks(
  parts: readonly StudyPart[],
  { defaultConfig }: Preset,
  options: {
    readonly objective: Objective;
    readonly seed: number;
    readonly outputError: boolean;
    readonly reuse: boolean;
    readonly signal: AbortSignal | undefined;
  },
): Promise<ReadonlyMap<string, Yardstick>> {
  const yardsticks = new Map<string, Yardstick>();
  for (const { task, questions } of parts) {
    const objectiveOf = async (config: SparseConfig) => {
      const job = {
        chain: { ...config, seed: options.seed },
        from: 0,
        to: questions.questions.length,
      };
      const [results = []] = await questions.evaluate([job], options);
      const metrics = meanMetrics(results.map((result) => result.metrics));
      return options.objective.evaluate({ ...metrics } as Record<string, number>).value;
    };
    const dense = await objectiveOf({ maskers: [] });
    const untuned = await objectiveOf(defaultConfig).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ERR_CONFIG') throw error;
      return dense;
    });
    yardsticks.set(task, { dense, untuned });
  }
  return yardsticks;
}

export interface GlobalObjectiveOptions {
  /** By task. */
  readonly yardsticks: ReadonlyMap<string, Yardstick>;
  /** No task's normalised value may be above it. */
  readonly worstTask?: number | undefined;
}

/**
 * The objective of a study of several tasks: the mean over tasks of each one's normalised objective. A constraint must
 * hold on every task; what is broken is summed up.
 *
 * @throws {TypeError} `ERR_ARGUMENT` for an objective with a front
 */
export function globalObjective(
  objective: Objective,
  parts: readonly StudyPart[],
  { yardsticks, worstTask }: GlobalObjectiveOptions,
): Objective {
  if (objective.isPareto === true)
    rejectArgument('objective', 'an objective with one value for --global', objective.text);
  const guards = { yardsticks, worstTask };
  const names = parts.map(({ task }) => task);
  const own = (metrics: NamedMetrics) => parts.map((part) => metricsOfPart(parts, part, metrics));
  const perTask = (metrics: NamedMetrics) =>
    own(metrics).map((each, i) => ({ task: names[i] ?? '', ...objective.evaluate(each) }));
  return {
    text: globalText(objective, names, worstTask),
    metrics: parts.flatMap((part) =>
      objective.metrics.map((name) => partMetric(parts, part, name)),
    ),
    evaluate: (metrics) => combine(perTask(metrics), guards),
    margins: (metrics) => [
      ...own(metrics).flatMap((each) => objective.margins?.(each) ?? []),
      ...(worstTask === undefined
        ? []
        : [Math.max(...normalised(perTask(metrics), yardsticks)) - worstTask]),
    ],
  };
}

/** A task with the value of its objective. */
type TaskEvaluation = Evaluation & { readonly task: string };

/** On a task where the untuned default is nearly dense the smallest loss would outweigh all that others gain. */
function normalised(
  tasks: readonly TaskEvaluation[],
  yardsticks: GlobalObjectiveOptions['yardsticks'],
): readonly number[] {
  const leastSpan = leastShare * Math.max(...[...yardsticks.values()].map(spanOf));
  return tasks.map(({ task, value }) =>
    normalise(value, yardsticks.get(task) ?? { dense: 0, untuned: 0 }, leastSpan),
  );
}

/** One value of the values of all tasks. */
export function combine(
  tasks: readonly TaskEvaluation[],
  { yardsticks, worstTask }: GlobalObjectiveOptions,
): Evaluation {
  const values = normalised(tasks, yardsticks);
  const excess = worstTask === undefined ? 0 : Math.max(0, Math.max(...values) - worstTask);
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    violation: tasks.reduce((sum, { violation }) => sum + violation, excess),
  };
}

/** Canonical text: equal global objectives have equal texts. */
export function globalText(
  { text }: Objective,
  tasks: readonly string[],
  worstTask: number | undefined,
): string {
  const guard = worstTask === undefined ? '' : `, worst task<=${worstTask}`;
  return `mean over ${[...tasks].sort().join(', ')} of normalised ${text}${guard}`;
}
