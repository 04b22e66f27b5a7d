import type { Trial, TrialResult } from './trial.js';

/** A study of up to so many trials is looked at whole. */
const MAX_WHOLE = 2048;
const MAX_BEST = 256;
const MAX_REST = 1024;

/**
 * The trials that a model looks at: all of a study of usual size; of a larger one those still running, the best by
 * `compareForModel` and a sample of all, by a hash of their number, so that time and memory of a suggestion hardly grow
 * with the study. The sample is halved whenever the study has doubled and else stays what it was.
 *
 * @param before - results that arrived later do not count. Default: all do.
 */
export function recall(
  trials: readonly Trial[],
  before = Number.POSITIVE_INFINITY,
): readonly Trial[] {
  if (trials.length <= MAX_WHOLE) return trials;
  const bound = 2 ** (32 - Math.ceil(Math.log2(trials.length / MAX_REST)));
  const kept = trials.filter(({ number, state }) => hash(number) < bound || state === 'running');
  const known = new Set(kept);
  const best = bestTrialsForModel(trials, MAX_BEST, before).filter((trial) => !known.has(trial));
  return [...kept, ...best.sort(byNumber)].sort(byNumber); // two runs, which a merge sort joins in one pass
}

function byNumber(a: Trial, b: Trial): number {
  return a.number - b.number;
}

/** Spreads numbers evenly over 32 bits (Fibonacci hashing), so that no period of the study meets one of the sample. */
function hash(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 0;
}

/** The last result that arrived before a moment, or undefined. */
export function resultBefore({ results }: Trial, before: number): TrialResult | undefined {
  for (let k = results.length - 1; k >= 0; k--) {
    const result = results[k];
    if (result !== undefined && result.order < before) return result;
  }
  return undefined;
}

/** The `count` best of the trials that have a result and did not fail, best first; ties by number. */
export function bestTrialsForModel(
  trials: readonly Trial[],
  count: number,
  before = Number.POSITIVE_INFINITY,
): readonly Trial[] {
  const best: { trial: Trial; result: TrialResult }[] = [];
  for (const trial of trials) {
    if (trial.state === 'failed') continue;
    const result = resultBefore(trial, before);
    if (result === undefined) continue;
    const worst = best[count - 1];
    if (worst !== undefined && compareForModel(result, worst.result) >= 0) continue;
    insert(best, { trial, result });
    if (best.length > count) best.pop();
  }
  return best.map(({ trial }) => trial);
}

/** Puts an entry behind all that are not worse. */
function insert<T extends { result: TrialResult }>(sorted: T[], entry: T): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && compareForModel(other.result, entry.result) <= 0) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, entry);
}

/** Feasible first; among them the higher rung, which was earned at every lower one, then the value. */
function compareForModel(a: TrialResult, b: TrialResult): number {
  return a.violation - b.violation || b.resource - a.resource || a.value - b.value;
}
