import type { RungRanking } from './rung-ranking.js';
import type { Trial } from './trial.js';

/** A trial that goes on to a higher resource. */
export interface Promotion {
  readonly trial: number;
  readonly from: number;
  readonly to: number;
}

/** What a scheduler may look at. */
export interface ScheduleRequest {
  /** All trials so far, in order of their number. */
  readonly trials: readonly Trial[];
  /** The same trials in order at each rung. */
  readonly ranking: RungRanking;
  /** Whether no new trial will be started any more, because the budget or the space is used up. */
  readonly isDraining: boolean;
}

/** Decides how far trials run. Like a sampler it holds no state: the trials tell everything. */
export interface Scheduler {
  /** Name in the journal. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Rising resources at which trials report; a complete one has reached the last. */
  readonly rungs: readonly number[];
  /** The rung that a new trial runs to. Default: the first. */
  startAt?(number: number): number;
  /** The next trial to promote, or undefined where a new trial should be started (or, when draining, nothing is left). */
  promote(request: ScheduleRequest): Promotion | undefined;
}
