import type { Confidence } from '../cache/winner.js';
import type { Metrics } from '../metrics.js';
import type { Evaluation } from '../search/trial.js';
import { type DrawCounts, drawnMean, draws, quantiles, resample } from './bootstrap.js';

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
 * which other candidates that hold the constraints it is not told apart from. The intervals of all comparisons hold
 * together at 95 % (Bonferroni).
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
  const evaluateAll = (counts?: readonly DrawCounts[]) =>
    columns.map((perTask, i) => {
      const means = perTask.map((values, task) =>
        Object.fromEntries(
          values.map((column, m) => [options.metrics[m], drawnMean(column, counts?.[task])]),
        ),
      );
      return { ...evaluate(means), density: candidates[i]?.density ?? 1 };
    });
  const observed = evaluateAll();
  const rivals = observed.flatMap(({ value, violation }, i) =>
    i !== winner && violation === 0 && Number.isFinite(value) ? [i] : [],
  );
  const differences = candidates.map(() => new Float64Array(draws));
  let chosen = 0;
  let held = 0;
  await resample(contextOf, (counts, draw) => {
    const drawn = evaluateAll(counts);
    if (choose(drawn) === winner) chosen++;
    if (drawn[winner]?.violation === 0) held++;
    for (const i of rivals) (differences[i] as Float64Array)[draw] = excess(drawn, i, winner);
  });
  const tail = familyError / 2 / Math.max(1, rivals.length);
  const others = rivals.map((i) => {
    const { label = '', density = 1 } = candidates[i] ?? {};
    const bounds = quantiles(differences[i] as Float64Array, tail);
    return {
      label,
      difference: { mean: excess(observed, i, winner), ...bounds },
      isTied: bounds.low <= 0,
      isSparser: density < (candidates[winner]?.density ?? 0),
    };
  });
  return {
    chosenAgain: chosen / draws,
    holdsConstraint: held / draws,
    comparisons: rivals.length,
    others,
    method: `paired bootstrap over contexts then questions, ${draws} draws; the ${rivals.length} intervals hold together at ${100 * (1 - familyError)} % (Bonferroni)`,
  };
}

/** By how much the value of one candidate is above the winner's. */
function excess(values: readonly Evaluation[], rival: number, winner: number): number {
  return (values[rival]?.value ?? Number.NaN) - (values[winner]?.value ?? Number.NaN);
}

function metricOf(metrics: Metrics, name: string): number {
  return (metrics as unknown as NamedMetrics)[name] ?? Number.NaN;
}
