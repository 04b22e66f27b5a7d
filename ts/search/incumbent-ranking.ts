import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { FitCache } from './fit-cache.js';
import { Surrogate } from './surrogate.js';
import { resultAt, type Trial } from './trial.js';

/** A model of fewer full evaluations than this would decide by chance. */
const MIN_TOP_RESULTS = 4;
/** Values within so many standard deviations of the noise above the lowest may still be the best. */
const REACH = 1;

/**
 * Ranks the trials of the top rung by a shrunken estimate of their value, because the lowest of many noisy values is
 * lower than it deserves (winner's curse).
 *
 * Noise shows where trials report at several rungs: a Gaussian process of all results says how far a value at the top
 * strays from its configuration's worth. Trials whose value lies within that reach of the lowest are ordered by the
 * process's mean, the others stay as they are. Studies with one rung keep their raw order.
 *
 * @see Smith and Winkler, "The optimizer's curse", Management Science, 2006
 */
export class IncumbentRanking {
  readonly #space: SearchSpace;
  readonly #rungs: readonly number[];
  readonly #fits = new FitCache();
  #last: { readonly order: number; readonly ranked: readonly Trial[] } | undefined;

  constructor(space: SearchSpace, rungs: readonly number[]) {
    this.#space = space;
    this.#rungs = rungs;
  }

  /**
   * @param trials - all trials of the study
   * @param raw - the trials with a result at the highest rung reached, best first by their own values
   */
  rank(trials: readonly Trial[], raw: readonly Trial[]): readonly Trial[] {
    const top = this.#rungs.at(-1) ?? 0;
    const hasTop = raw[0] !== undefined && resultAt(raw[0], top) !== undefined;
    if (this.#rungs.length === 1 || raw.length < MIN_TOP_RESULTS || !hasTop) return raw;
    // The estimate uses what was known when the last full evaluation came in, so that few models are built.
    const order = raw.reduce((most, trial) => Math.max(most, resultAt(trial, top)?.order ?? 0), 0);
    if (this.#last?.order !== order) {
      this.#last = { order, ranked: this.#estimate(trials, raw, order) };
    }
    return this.#last.ranked;
  }

  #estimate(trials: readonly Trial[], raw: readonly Trial[], order: number): readonly Trial[] {
    const surrogate = Surrogate.build({
      space: this.#space,
      trials,
      rungs: this.#rungs,
      encode: (trial) => this.#encode(trial),
      fits: this.#fits,
      before: order + 1,
    });
    const top = this.#rungs.at(-1) ?? 0;
    const first = raw[0] && resultAt(raw[0], top);
    if (surrogate === undefined || first === undefined) return raw;
    const bound = surrogate.warp(first.value) + REACH * surrogate.noiseSd;
    const isInReach = (trial: Trial) => {
      const result = resultAt(trial, top);
      if (result === undefined || result.violation > first.violation) return false;
      return surrogate.warp(result.value) <= bound;
    };
    const near = raw.filter(isInReach).map((trial) => ({
      trial,
      mean: surrogate.mean(this.#encode(trial)),
    }));
    near.sort((a, b) => a.mean - b.mean || a.trial.number - b.trial.number);
    return [...near.map(({ trial }) => trial), ...raw.filter((trial) => !isInReach(trial))];
  }

  #encode(trial: Trial): UnitVector {
    return this.#space.encode(trial.params);
  }
}
