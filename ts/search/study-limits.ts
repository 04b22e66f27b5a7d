import { rejectArgument } from '../errors.js';
import { type Budget, checkBudget } from './budget.js';
import { checkInteger } from './check-options.js';
import type { FinishReason } from './storage.js';
import { type StudyState, UNLIMITED } from './study-state.js';

/** What ends a study. */
export interface Limits {
  readonly trials?: number;
  readonly budget?: Budget;
  readonly patience?: number;
}

/**
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` if a limit is out of range, or neither trials nor a budget is given
 */
export function checkLimits({ trials, budget = {}, patience }: Limits): void {
  if (trials !== undefined) checkInteger('trials', trials, 1);
  else if (Object.keys(budget).length === 0)
    rejectArgument('trials', 'an integer of at least 1, or a budget', trials);
  checkBudget(budget);
  if (patience !== undefined) checkInteger('patience', patience, 1);
}

/** Tells from a study's state what may still be started. Only a budget of minutes looks at the clock. */
export class StudyLimits {
  /** Trials that may be started in all. */
  readonly maxTrials: number;
  readonly #limits: Limits;
  readonly #openedAt = performance.now();

  constructor(limits: Limits) {
    this.#limits = limits;
    this.maxTrials = Math.min(limits.trials ?? UNLIMITED, limits.budget?.trials ?? UNLIMITED);
  }

  /** Whether no new trial that starts with a job of so many resource units may be started. */
  isReached(state: StudyState, units: number): boolean {
    return (
      state.nStarted >= this.maxTrials ||
      this.#isOutOfPatience(state) ||
      !this.affords(state, units)
    );
  }

  /** Whether a job of so many resource units may be started. */
  affords(state: StudyState, units: number): boolean {
    const { questions, minutes } = this.#limits.budget ?? {};
    if (minutes !== undefined && performance.now() - this.#openedAt >= 60_000 * minutes)
      return false;
    return questions === undefined || state.resourceSpent + units <= questions;
  }

  /** Which limit ended the study. */
  reason(state: StudyState): FinishReason {
    const isFull = state.nStarted >= this.maxTrials;
    return this.#isOutOfPatience(state) && !isFull ? 'patience' : 'budget';
  }

  #isOutOfPatience(state: StudyState): boolean {
    return state.trialsSinceImprovement >= (this.#limits.patience ?? Number.POSITIVE_INFINITY);
  }
}
