import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { resultBefore } from './recall.js';
import type { Trial, TrialResult } from './trial.js';

/** What a regression model learns from one trial. */
export interface Observation {
  readonly trial: Trial;
  readonly unit: UnitVector;
  readonly result: TrialResult;
  /** Lower is better; on one scale for all rungs. */
  readonly target: number;
  /** 0 at the lowest rung, 1 at the top. */
  readonly fidelity: number;
  /** Variance of a mean over the rung's questions as a multiple of that at the top. */
  readonly noise: number;
}

export interface ObservationOptions {
  readonly space: SearchSpace;
  readonly rungs: readonly number[];
  readonly encode: (trial: Trial) => UnitVector;
  /** Results that arrived later are not looked at. Default: all. */
  readonly before?: number;
}

/** The latest results of all trials, on one scale. */
export function observe(
  trials: readonly Trial[],
  { rungs, encode, before = Number.POSITIVE_INFINITY }: ObservationOptions,
): readonly Observation[] {
  const known = trials.flatMap((trial) => {
    const result = resultBefore(trial, before);
    return result === undefined ? [] : [{ trial, result }];
  });
  const isAnyFeasible = known.some(({ result }) => result.violation === 0);
  const shifts = rungShifts(trials, rungs, before);
  const top = rungs.at(-1) ?? 1;
  return known.map(({ trial, result }) => {
    const rung = Math.max(0, rungs.indexOf(result.resource));
    return {
      trial,
      unit: encode(trial),
      result,
      target: isAnyFeasible ? result.value + (shifts[rung] ?? 0) : result.violation,
      fidelity: rungs.length > 1 ? rung / (rungs.length - 1) : 1,
      noise: top / result.resource,
    };
  });
}

/**
 * What to add to the values of each rung so that they compare with the top's: the medians of the differences between
 * successive rungs over the trials that have both, summed up.
 */
export function rungShifts(
  trials: readonly Trial[],
  rungs: readonly number[],
  before = Number.POSITIVE_INFINITY,
): readonly number[] {
  const shifts = rungs.map(() => 0);
  for (let k = rungs.length - 2; k >= 0; k--) {
    const steps = rungSteps(trials, rungs[k], rungs[k + 1], before);
    shifts[k] = (shifts[k + 1] ?? 0) + median(steps);
  }
  return shifts;
}

/**
 * By how much the value at the top rung differs from the one below it beyond the shift that all trials share: a robust
 * standard deviation, 0 where fewer than three trials tell. Values closer than this are not told apart.
 */
export function resolution(
  trials: readonly Trial[],
  rungs: readonly number[],
  before = Number.POSITIVE_INFINITY,
): number {
  const steps = rungSteps(trials, rungs.at(-2), rungs.at(-1), before);
  if (steps.length < 3) return 0;
  const middle = median(steps);
  return 1.4826 * median(steps.map((step) => Math.abs(step - middle)));
}

/** Differences of the values at two rungs, of the trials that have both. */
function rungSteps(
  trials: readonly Trial[],
  from: number | undefined,
  to: number | undefined,
  before: number,
): readonly number[] {
  return trials.flatMap(({ results }) => {
    const low = results.find(({ resource }) => resource === from);
    const high = results.find(({ resource }) => resource === to);
    if (low === undefined || high === undefined || high.order >= before) return [];
    return [high.value - low.value];
  });
}

/** The middle value; 0 of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? 0)) / 2;
}

/**
 * At most `cap` observations: six tenths the best, feasible ones of the highest rung first; the rest spread evenly over the
 * ranking of the others, so that the model also knows where not to look.
 */
export function thinOut(observations: readonly Observation[], cap: number): readonly Observation[] {
  if (observations.length <= cap) return observations;
  const ranked = [...observations].sort(
    (a, b) =>
      Number(a.result.violation > 0) - Number(b.result.violation > 0) ||
      b.fidelity - a.fidelity ||
      a.target - b.target ||
      a.trial.number - b.trial.number,
  );
  const nBest = Math.floor(0.6 * cap);
  const rest = ranked.slice(nBest);
  const stride = rest.length / (cap - nBest);
  const spread = Array.from({ length: cap - nBest }, (_, i) => rest[Math.floor(i * stride)]);
  return [...ranked.slice(0, nBest), ...spread.filter((entry) => entry !== undefined)];
}

/** Results of all trials so far. */
export function countResults(trials: readonly Trial[]): number {
  return trials.reduce((count, trial) => count + trial.results.length, 0);
}
