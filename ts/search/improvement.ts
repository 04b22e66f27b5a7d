import type { TrialResult } from './trial.js';

/**
 * Whether results get better: one at a higher rung than any before is an improvement, and one that none before it at its
 * rung beats; for two objectives, that none before it dominates.
 */
export class Improvement {
  /** The results at the highest rung that none other there beats. */
  #bests: readonly TrialResult[] = [];

  /** Takes the next result; tells whether it is an improvement. */
  note(result: TrialResult): boolean {
    const top = this.#bests[0]?.resource ?? 0;
    if (result.resource < top) return false;
    if (result.resource > top) this.#bests = [];
    if (this.#bests.some((best) => covers(best, result))) return false;
    this.#bests = [...this.#bests.filter((best) => !covers(result, best)), result];
    return true;
  }
}

/** Whether `a` is at least as good as `b` in everything. */
function covers(a: TrialResult, b: TrialResult): boolean {
  if (a.violation !== b.violation) return a.violation < b.violation;
  if (a.objectives === undefined || b.objectives === undefined) return a.value <= b.value;
  return a.objectives[0] <= b.objectives[0] && a.objectives[1] <= b.objectives[1];
}
