import { rejectRange } from '../errors.js';
import { checkInteger, checkNumber } from './check-options.js';
import type { Promotion, ScheduleRequest, Scheduler } from './scheduler.js';
import { compareEvaluations, type Evaluation, resultAt, type Trial } from './trial.js';

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

  promote({ trials, isDraining }: ScheduleRequest): Promotion | undefined {
    for (let k = this.rungs.length - 2; k >= 0; k--) {
      for (let bracket = 0; bracket < this.#brackets; bracket++) {
        const isOwn = ({ number }: Trial) => this.#bracketOf(number) === bracket;
        const found = bestPromotable(trials, this.rungs[k] ?? 0, isOwn);
        if (found !== undefined && found.place < Math.floor(found.size / this.#eta))
          return this.#promotion(found.trial, k);
      }
    }
    return isDraining ? this.#lastPromotion(trials) : undefined;
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

  /** See the class: the best of the highest rung, where the top would stay without a result. */
  #lastPromotion(trials: readonly Trial[]): Promotion | undefined {
    const top = this.rungs.at(-1) ?? 0;
    const isServed = trials.some(
      (trial) => resultAt(trial, top) !== undefined || trial.state === 'running',
    );
    if (isServed) return undefined;
    for (let k = this.rungs.length - 2; k >= 0; k--) {
      const found = bestPromotable(trials, this.rungs[k] ?? 0, () => true);
      if (found !== undefined) return this.#promotion(found.trial, k);
    }
    return undefined;
  }

  #promotion(trial: Trial, rung: number): Promotion {
    return { trial: trial.number, from: this.rungs[rung] ?? 0, to: this.rungs[rung + 1] ?? 0 };
  }
}

interface Entry {
  readonly trial: Trial;
  readonly evaluation: Evaluation;
}

/**
 * The best trial that may go on from a resource, its place from 0 in the ranking of all that were to reach it (those
 * that failed on the way come last), and how many these are. Nothing is sorted: a study may be large.
 */
function bestPromotable(
  trials: readonly Trial[],
  resource: number,
  isOwn: (trial: Trial) => boolean,
): { trial: Trial; place: number; size: number } | undefined {
  const entries = trials.flatMap((trial): Entry | [] => {
    const evaluation = isOwn(trial) ? evaluationAt(trial, resource) : undefined;
    return evaluation === undefined ? [] : { trial, evaluation };
  });
  let best: Entry | undefined;
  for (const entry of entries) {
    const { state, target } = entry.trial;
    const isPromotable = state !== 'failed' && target === resource;
    if (isPromotable && (best === undefined || compareEntries(entry, best) < 0)) best = entry;
  }
  if (best === undefined) return undefined;
  const { trial, evaluation } = best;
  const isBefore = (entry: Entry) => compareEntries(entry, { trial, evaluation }) < 0;
  return { trial, place: entries.filter(isBefore).length, size: entries.length };
}

function compareEntries(a: Entry, b: Entry): number {
  return compareEvaluations(a.evaluation, b.evaluation) || a.trial.number - b.trial.number;
}

function evaluationAt(trial: Trial, resource: number): Evaluation | undefined {
  const isFailedThere = trial.state === 'failed' && trial.target === resource;
  return resultAt(trial, resource) ?? (isFailedThere ? FAILED : undefined);
}

const FAILED: Evaluation = { value: Number.POSITIVE_INFINITY, violation: Number.MAX_VALUE };

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
