import type { Confidence } from '../cache/winner.js';
import type { Metrics } from '../metrics.js';
import type { Evaluation } from '../search/trial.js';
import { drawnMean, draws, quantiles, resample } from './bootstrap.js';

type NamedMetrics = Readonly<Record<string, number>>;

/** A candidate with what was measured of it, question by question of each task. */
export interface MeasuredCandidate {
  readonly label: string;
  readonly density: number;
  readonly results: readonly (readonly Metrics[])[];
}

export interface ConfidenceOptions {
  /** Index of the chosen one. */
  readonly winner: number;
  /** The context of each question, for each task. */
  readonly contextOf: readonly (readonly number[])[];
  /** Metrics that the objective needs. */
  readonly metrics: readonly string[];
  /** The objective of the means of each task. */
  readonly evaluate: (means: readonly NamedMetrics[]) => Evaluation;
  /** Index of the one to choose by values, violations and densities; undefined where none holds the constraint. */
  readonly choose: (
    candidates: readonly (Evaluation & { density: number })[],
  ) => number | undefined;
}

/** Chance that any of the intervals of one table misses its difference. */
const familyError = 0.05;

/**
 * How sure the choice of a winner is, by a paired bootstrap of the questions: how often it would be chosen again, and
 * which other candidates it is not told apart from. The intervals of all comparisons hold together at 95 % (Bonferroni).
 *
 * @see Davison and Hinkley, Bootstrap Methods and their Application, sections 3.8 and 4.4
 */
export async function measureConfidence(
  candidates: readonly MeasuredCandidate[],
  options: ConfidenceOptions,
): Promise<Confidence> {
  const { winner, contextOf, evaluate, choose } = options;
  const columns = candidates.map(({ results }) =>
    results.map((rows) => options.metrics.map((name) => rows.map((row) => metricOf(row, name)))),
  );
  const comparisons = Math.max(1, candidates.length - 1);
  const differences = candidates.map(() => new Float64Array(draws));
  let chosen = 0;
  let held = 0;
  await resample(contextOf, (counts, draw) => {
    const drawn = columns.map((perTask, i) => {
      const means = perTask.map((values, task) =>
        Object.fromEntries(
          values.map((column, m) => [options.metrics[m], drawnMean(column, counts[task])]),
        ),
      );
      return { ...evaluate(means), density: candidates[i]?.density ?? 1 };
    });
    const own = drawn[winner];
    if (choose(drawn) === winner) chosen++;
    if (own?.violation === 0) held++;
    for (const [i, { value }] of drawn.entries())
      (differences[i] as Float64Array)[draw] = value - (own?.value ?? Number.NaN);
  });
  const others = candidates.flatMap(({ label, density }, i) => {
    if (i === winner) return [];
    const values = differences[i] as Float64Array;
    const mean = values.reduce((sum, value) => sum + value, 0) / draws;
    const bounds = quantiles(values, familyError / 2 / comparisons);
    const isTied = bounds.low <= 0;
    const isSparser = density < (candidates[winner]?.density ?? 0);
    return [{ label, difference: { mean, ...bounds }, isTied, isSparser }];
  });
  return {
    chosenAgain: chosen / draws,
    holdsConstraint: held / draws,
    comparisons,
    others,
    method: `paired bootstrap over contexts then questions, ${draws} draws; the ${comparisons} intervals hold together at ${100 * (1 - familyError)} % (Bonferroni)`,
  };
}

function metricOf(metrics: Metrics, name: string): number {
  return (metrics as unknown as NamedMetrics)[name] ?? Number.NaN;
}
