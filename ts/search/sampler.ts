import type { Params } from '../space/distribution.js';
import type { SearchSpace } from '../space/search-space.js';
import type { Trial } from './trial.js';

/** What a sampler may look at; nothing else, so that the same request gives the same suggestion. */
export interface SuggestRequest {
  readonly space: SearchSpace;
  /** Number of the trial that the suggestion becomes. */
  readonly number: number;
  /**
   * All trials so far, those still running too, in order of their number. First come imported ones from outside the
   * space, whose number is below 0: they can be encoded, but a number may have a coordinate outside [0, 1].
   */
  readonly trials: readonly Trial[];
  /** Resources at which trials report, rising; the last is a full evaluation. */
  readonly rungs: readonly number[];
  /**
   * Whether values are places among all results so far, by the front of two objectives, which the results then hold.
   * Default false.
   */
  readonly isRanked?: boolean;
  /** Configurations that are expected to be good, whatever the trials say. Default: none. */
  readonly prior?: readonly Params[];
  /** By how much metrics miss each constraint; see Objective. Default: there are none, or only violations are known. */
  readonly margins?: (metrics: Readonly<Record<string, number>>) => readonly number[];
  /** Whether a configuration was never suggested in this study and is not infeasible. */
  isFresh(params: Params): boolean;
}

/** Proposes configurations. It holds no state that a suggestion depends on: all is in the request and the options. */
export interface Sampler {
  /** Name in the journal. */
  readonly kind: string;
  /** All options with their values, as JSON: a study may only be resumed with the same. */
  readonly options: Readonly<Record<string, unknown>>;
  /** A fresh configuration, or undefined where the space holds no more of them. */
  suggest(request: SuggestRequest): Params | undefined;
}
