import type { Params } from '../space/distribution.js';
import type { TrialRef } from './trial.js';

/** What to run next: a trial from one resource to a higher one; only the increment is new work. */
export interface Job<P extends Params = Params> {
  readonly trial: TrialRef<P>;
  /** Resource it has reached, 0 for a new trial. */
  readonly from: number;
  readonly to: number;
}

/** What became of a job: its metrics over the whole resource `to`, or the error that ended it. */
export type JobResult =
  | {
      readonly trial: number | TrialRef;
      readonly to: number;
      readonly metrics: Readonly<Record<string, number | undefined>>;
    }
  | { readonly trial: number | TrialRef; readonly error: string };
