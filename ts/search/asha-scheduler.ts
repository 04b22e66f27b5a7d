import { rejectRange } from '../errors.js';
import { checkInteger, checkNumber } from './check-options.js';
import type { Promotion, ScheduleRequest, Scheduler } from './scheduler.js';
import { resultAt, type Trial } from './trial.js';

export interface AshaOptions {
  /** R of the paper: the resource of a full evaluation, e.g. the number of search questions. */
  readonly maxResource: number;
  /** r of the paper: the resource of the lowest rung. Default: rungs are R / eta^2, R / eta and R, rounded up, without those below 3. */
  readonly minResource?: number;
  /** eta of the paper; at least 2. Default 3. */
  readonly reductionFactor?: number;
  /**
   * Hyperband's brackets: of eta^(b-1) + ... + eta + 1 successive trials the first eta^(b-1) start at the lowest rung, eta
   * at the last but one of these, one at the b-th; each bracket ranks its own trials. More than one guards against low
   * rungs that mislead. From 1 to the number of rungs. Default 1.
   */
  readonly brackets?: number;
}

/**
 * Promotes a trial that is among the best `1 / reductionFactor` of its rung, else lets a new one start (ASHA).
 *
 * A trial is promoted from a rung of n results if it is among the best floor(n / eta) and was not promoted from there
 * before; the highest rung with such a trial comes first. A failed trial counts as the worst result of the rung it
 * failed on the way to. 27 trials that run at once give 9 on the second of three rungs and 3 at the top; where results
 * arrive one by one a few more are promoted, since the best third changes as it grows.
 *
 * When no new trial will start and nothing is left to promote, but the top rung holds no result (fewer than eta^2
 * trials, or failures), the best trial of the highest rung that has an unpromoted one goes on, so that a study of any
 * size ends with a full evaluation.
 *
 * @throws {RangeError} `ERR_ARGUMENT` if a value is below its minimum
 * @see arXiv:1810.05934, algorithm 2; brackets: Hyperband, arXiv:1603.06560
 *
 * @example
 * const study = await Study.open({ space, sampler, scheduler: new AshaScheduler({ maxResource: 32 }), trials: 27 });
 */
export class AshaScheduler implements Scheduler {
  readonly kind = 'asha';
  readonly options: Readonly<Record<string, unknown>>;
  readonly rungs: readonly number[];
  readonly #eta: number;
  readonly #brackets: number;

  constructor({ maxResource, minResource, reductionFactor = 3, brackets = 1 }: AshaOptions) {
    checkNumber('maxResource', maxResource, 0, Number.POSITIVE_INFINITY);
    if (!(reductionFactor >= 2))
      rejectRange('reductionFactor', 'a number of at least 2', reductionFactor);
    this.#eta = checkNumber('reductionFactor', reductionFactor, 1, Number.MAX_VALUE);
    if (minResource !== undefined) checkNumber('minResource', minResource, 0, maxResource);
    this.rungs =
      minResource === undefined
        ? defaultRungs(maxResource, this.#eta)
        : geometricRungs(minResource, maxResource, this.#eta);
    this.#brackets = checkInteger('brackets', brackets, 1);
    if (brackets > this.rungs.length)
      rejectRange('brackets', `at most the number of rungs, ${this.rungs.length},`, brackets);
    this.options = { maxResource, minResource: minResource ?? null, reductionFactor, brackets };
  }

  promote(request: ScheduleRequest): Promotion | undefined {
    for (let k = this.rungs.length - 2; k >= 0; k--) {
      const all = request.ranking.at(this.rungs[k] ?? 0);
      for (let bracket = 0; bracket < this.#brackets; bracket++) {
        const own = this.#brackets === 1 ? all : this.#ofBracket(all, bracket);
        const found = this.#promotable(own, k, Math.floor(own.length / this.#eta));
        if (found !== undefined) return this.#promotion(found, k);
      }
    }
    return request.isDraining ? this.#lastPromotion(request) : undefined;
  }

  startAt(number: number): number {
    return this.rungs[this.#bracketOf(number)] ?? 0;
  }

  /** The bracket of a trial is the rung that it starts at. */
  #bracketOf(number: number): number {
    if (this.#brackets === 1) return 0;
    const sizes = Array.from({ length: this.#brackets }, (_, bracket) =>
      Math.round(this.#eta ** (this.#brackets - 1 - bracket)),
    );
    let place = number % sizes.reduce((sum, size) => sum + size, 0);
    return sizes.findIndex((size) => {
      place -= size;
      return place < 0;
    });
  }

  #ofBracket(trials: readonly Trial[], bracket: number): readonly Trial[] {
    return trials.filter(({ number }) => this.#bracketOf(number) === bracket);
  }

  /** See the class: the best of the highest rung, where the top would stay without a result. */
  #lastPromotion({ trials, ranking }: ScheduleRequest): Promotion | undefined {
    const top = this.rungs.at(-1) ?? 0;
    const isServed = trials.some(
      (trial) => resultAt(trial, top) !== undefined || trial.state === 'running',
    );
    if (isServed) return undefined;
    for (let k = this.rungs.length - 2; k >= 0; k--) {
      const sorted = ranking.at(this.rungs[k] ?? 0);
      const found = this.#promotable(sorted, k, sorted.length);
      if (found !== undefined) return this.#promotion(found, k);
    }
    return undefined;
  }

  #promotion(trial: Trial, rung: number): Promotion {
    return { trial: trial.number, from: this.rungs[rung] ?? 0, to: this.rungs[rung + 1] ?? 0 };
  }

  /** The best trial of a rung's first `count` that ended there and was not promoted. */
  #promotable(sorted: readonly Trial[], rung: number, count: number): Trial | undefined {
    const resource = this.rungs[rung] ?? 0;
    for (let place = 0; place < count; place++) {
      const trial = sorted[place];
      const isWaiting = trial?.target === resource && trial.state !== 'failed';
      if (isWaiting) return trial;
    }
    return undefined;
  }
}

/** ceil(R / eta^k) for k = 2, 1, 0, without those below 3 and without repeats. */
function defaultRungs(maxResource: number, eta: number): readonly number[] {
  const lower = [2, 1].map((k) => Math.ceil(maxResource / eta ** k - 1e-9));
  return [...new Set(lower.filter((rung) => rung >= 3 && rung < maxResource)), maxResource];
}

/** r, r * eta, r * eta^2 ..., the last replaced by R. */
function geometricRungs(minResource: number, maxResource: number, eta: number): readonly number[] {
  const rungs: number[] = [];
  for (let rung = minResource; rung < maxResource * (1 - 1e-9); rung *= eta) rungs.push(rung);
  return [...rungs, maxResource];
}
