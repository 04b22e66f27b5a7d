import type { Front } from '../cache/front.js';
import type { ValidationRow } from '../cache/winner.js';
import type { Objective } from '../search/objective.js';
import { hypervolumeContributions, nonDominatedLayers, type Pair } from '../search/pareto.js';
import { latestResult, type Trial } from '../search/trial.js';
import type { TuneRequest } from './options.js';
import { provenanceOf, type RecordParts, searchOf } from './winner-record.js';

/**
 * At most `limit` trials of a front, spread over it: the one that alone dominates the least area is left out, again
 * and again; both ends stay.
 */
export function spreadFront(front: readonly Trial[], limit: number): readonly Trial[] {
  let kept = front;
  while (kept.length > limit) {
    const areas = hypervolumeContributions(kept.map(pairOfTrial));
    const least = areas.indexOf(Math.min(...areas));
    kept = kept.filter((_, i) => i !== least);
  }
  return kept;
}

/**
 * The validated candidates that hold the constraints and that no other of them beats in both objectives, by rising first
 * objective. Dense and the untuned default are no candidates.
 */
export function frontRows(
  rows: readonly ValidationRow[],
  objective: Objective,
): readonly ValidationRow[] {
  const candidates = rows.flatMap((row) => {
    const { objectives = [Number.NaN, Number.NaN] } = objective.evaluate({ ...row.metrics });
    const isSound = row.violation === 0 && objectives.every(Number.isFinite);
    return row.params !== undefined && isSound ? [{ row, pair: objectives }] : [];
  });
  const layers = nonDominatedLayers(candidates.map(({ pair }) => pair));
  return candidates
    .filter((_, i) => layers[i] === 0)
    .toSorted((a, b) => a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1])
    .map(({ row }) => ({ ...row, isWinner: true }));
}

/** The record of a front, with the evidence for it and where it comes from. */
export function frontRecord(
  request: TuneRequest,
  parts: RecordParts & { readonly rows: readonly ValidationRow[] },
): Front {
  const { key, rows, validation } = parts;
  const { contexts, questions, interval } = validation;
  const labels = new Set(rows.map(({ label }) => label));
  const marked = validation.rows.map((row) => ({ ...row, isWinner: labels.has(row.label) }));
  return {
    key,
    rows,
    search: searchOf(request, parts),
    validation: { contexts, questions, rows: marked, interval },
    provenance: provenanceOf(request, parts),
  };
}

function pairOfTrial(trial: Trial): Pair {
  const result = latestResult(trial);
  return result?.objectives ?? [result?.value ?? Number.NaN, result?.value ?? Number.NaN];
}
