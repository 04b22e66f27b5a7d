import { canonicalJson } from '../space/canonical-json.js';
import type { Params } from '../space/distribution.js';
import type { SearchSpace } from '../space/search-space.js';
import type { Objective } from './objective.js';
import type { ImportedTrial, StudyRecord } from './storage.js';
import type { Trial, TrialResult } from './trial.js';

/** The study that trials are imported into. */
export interface ImportTarget {
  readonly space: SearchSpace;
  readonly objective: Objective;
  readonly rungs: readonly number[];
  readonly isFeasible: (params: Params) => boolean;
}

/**
 * What trials of another study are to this one: its own where they lie in its space and may be run, evidence where they
 * are comparable at least (a number beyond its range), nothing else.
 *
 * Values are computed anew from the metrics. Results between the rungs, or without a metric that the objective needs,
 * are left out, and trials of which nothing is left. Of equal configurations the one that went furthest counts.
 */
export function importTrials(
  trials: readonly Trial[],
  target: ImportTarget,
): Extract<StudyRecord, { kind: 'import' }> {
  const known = new Map<string, ImportedTrial>();
  for (const trial of trials) {
    if (!target.space.isComparable(trial.params)) continue;
    const imported = importTrial(trial, target);
    if (imported === undefined) continue;
    const key = canonicalJson(trial.params);
    const other = known.get(key);
    if (other === undefined || reach(imported) > reach(other)) known.set(key, imported);
  }
  const isOwn = ({ params }: ImportedTrial) =>
    target.space.contains(params) && target.isFeasible(params);
  const usable = [...known.values()];
  return {
    kind: 'import',
    trials: usable.filter(isOwn),
    outside: usable.filter((trial) => !isOwn(trial)),
  };
}

function importTrial(
  { params, results, state, target: to, error = 'failed' }: Trial,
  { objective, rungs }: ImportTarget,
): ImportedTrial | undefined {
  const kept = results
    .filter(({ resource, metrics }) => rungs.includes(resource) && isUsable(metrics, objective))
    .map(({ resource, metrics }) => ({ resource, metrics, ...objective.evaluate(metrics) }));
  if (state === 'failed') return { params, results: kept, failure: { to, error } };
  return kept.length > 0 ? { params, results: kept } : undefined;
}

function isUsable(metrics: TrialResult['metrics'], objective: Objective): boolean {
  return objective.metrics.every((name) => Number.isFinite(metrics[name]));
}

/** The highest resource with a result. */
function reach({ results }: ImportedTrial): number {
  return results.at(-1)?.resource ?? 0;
}
