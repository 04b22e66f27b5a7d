import type { Params } from '../space/distribution.js';

/** `pruned` means stopped below the top rung; a later promotion may set the trial running again. */
export type TrialState = 'running' | 'complete' | 'pruned' | 'failed';

/** What an objective makes of metrics. */
export interface Evaluation {
  /** Lower is better. */
  readonly value: number;
  /** By how much constraints are broken; 0 where all hold. */
  readonly violation: number;
  /** The two values of a Pareto objective, both lower is better; `value` is then the first. */
  readonly objectives?: readonly [number, number];
}

/** The result of a trial at one resource. */
export interface TrialResult extends Evaluation {
  readonly resource: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** How many results the study had before this one. */
  readonly order: number;
}

/** One evaluation of a configuration, from the lowest rung up. */
export interface Trial<P extends Params = Params> {
  /** 0, 1, 2 ... in the order of suggestion, after imported ones; below 0 for evidence from outside the space. */
  readonly number: number;
  readonly params: P;
  readonly state: TrialState;
  /** Results so far, by rising resource. */
  readonly results: readonly TrialResult[];
  /** The resource it is running to, or failed on the way to. */
  readonly target: number;
  readonly error?: string;
  /** Present where another study ran it. If this one promotes it, only what comes then is this one's work. */
  readonly isImported?: true;
}

/** A trial as a job names it. */
export interface TrialRef<P extends Params = Params> {
  readonly number: number;
  readonly params: P;
}

/** The result at the highest resource reached, or undefined where there is none. */
export function latestResult(trial: Trial): TrialResult | undefined {
  return trial.results.at(-1);
}

/** The result at a resource, or undefined where the trial has none there. */
export function resultAt(trial: Trial, resource: number): TrialResult | undefined {
  return trial.results.find((result) => result.resource === resource);
}

/** Orders evaluations: feasible ones by value, then those that break a constraint, by how much. */
export function compareEvaluations(a: Evaluation, b: Evaluation): number {
  return a.violation - b.violation || a.value - b.value;
}
