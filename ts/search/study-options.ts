import type { Params } from '../space/distribution.js';
import type { ParamsOf } from '../space/params-of.js';
import type { SearchSpace, SpaceSchema } from '../space/search-space.js';
import type { Budget } from './budget.js';
import type { Objective } from './objective.js';
import type { ObjectiveSpec } from './objective-spec.js';
import type { Sampler } from './sampler.js';
import type { Scheduler } from './scheduler.js';
import type { Storage } from './storage.js';
import type { Trial } from './trial.js';

/** What a study searches, how, and for how long; `Space` is the type of `space`, from which that of a configuration follows. */
export interface StudyOptions<Space extends SpaceSchema | SearchSpace = SpaceSchema | SearchSpace> {
  /** Name in the storage. Default `study`. */
  readonly name?: string;
  readonly space: Space;
  readonly sampler: Sampler;
  readonly scheduler: Scheduler;
  /** How metrics become a value; a text or JSON is read by parseObjective. Default: the metric `value`. */
  readonly objective?: Objective | ObjectiveSpec | string;
  /** Default `minimize`. */
  readonly direction?: 'minimize' | 'maximize';
  /** Default: this process's memory. */
  readonly storage?: Storage;
  /**
   * Budget of new trials, those of a resumed study included; promotions and imported trials are not counted. Needed unless
   * `budget` is given.
   */
  readonly trials?: number;
  /** What else bounds the study; whatever is spent first ends it. */
  readonly budget?: Budget;
  /** New trials without an improvement at the highest rung reached, after which no more are started. Default: no limit. */
  readonly patience?: number;
  /** Configurations to try first, in this order; see Study.enqueue. */
  readonly enqueue?: readonly Params[];
  /**
   * Configurations that are good elsewhere, e.g. on another task: tried before all others, and expected to be good until
   * the study's own results say more. Each is moved to the nearest configuration of the space (SearchSpace.adapt), or
   * left out where there is none. Only a new study takes them; a resumed one keeps those it began with.
   */
  readonly warmStart?: readonly Params[];
  /**
   * Trials of earlier studies with other spaces, but the same metrics at the same rungs: a coarse study's for a finer
   * one. Those in this space count as this study's own: never suggested again, promoted, named as the best; they cost no
   * budget and no patience. Of the others the sampler learns what it can (a number beyond its range); those with a
   * choice, fixed value or alternative that does not exist here are left out. Only a new study takes them.
   */
  readonly imports?: readonly Trial[];
  /** False for a configuration that must not be run; it is never suggested and costs no trial. */
  readonly isFeasible?: (params: ParamsOf<Space>) => boolean;
  /** Jobs that may be running at a time. Default: no limit. */
  readonly parallel?: number;
  /** What else a resumed study must agree in, e.g. model and task. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}
