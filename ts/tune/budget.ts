import { rejectArgument } from '../errors.js';
import { isAny } from '../maskers/any-preset.js';
import type { Preset } from '../maskers/presets.js';
import { type Budget, checkBudget } from '../search/budget.js';
import { checkInteger } from '../search/check-options.js';
import type { SearchProgress } from '../search/study-state.js';
import { didYouMean } from '../space/nearest.js';

/** How much of the limit that is nearest to its end is spent. */
export interface BudgetUse {
  readonly unit: keyof Budget;
  readonly spent: number;
  readonly total: number;
}

/** What a budget is held against. */
export interface Spending {
  readonly progress: SearchProgress;
  /** Milliseconds since the search began in this process. */
  readonly elapsedMs: number;
}

const units = ['trials', 'questions', 'minutes'] as const;

/** Trials of a search over all methods, for each of them, and of a search of one config, unless the user gives a budget. */
const trialsPerMethod = 9;
const trialsPerConfig = 27;

/** Trials of a search of a preset that has no budget. */
export function defaultTrials(preset: Preset): number {
  return isAny(preset) ? trialsPerMethod * preset.methods.length : trialsPerConfig;
}

/**
 * The limits of a search from its two options: trials are short for a budget of trials.
 *
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` naming the option
 */
export function resolveBudget(
  { trials, budget }: { readonly trials?: number; readonly budget?: Budget },
  unbounded = trialsPerConfig,
): Budget {
  const given: unknown = budget ?? {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return rejectArgument('budget', 'an object of trials, questions, minutes', given);
  }
  if (trials !== undefined) checkInteger('trials', trials, 1);
  const unknown = Object.keys(given).find((name) => !units.some((unit) => unit === name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, units);
    return rejectArgument('budget', `trials, questions or minutes${hint}`, unknown);
  }
  if (trials !== undefined && budget?.trials !== undefined) {
    return rejectArgument('budget', 'no trials beside the option trials; give one', budget);
  }
  const limits = { ...budget, ...(trials !== undefined && { trials }) };
  const isBounded = units.some((unit) => limits[unit] !== undefined);
  return checkBudget(isBounded ? limits : { trials: unbounded });
}

/** The limit that ends the search first if it goes on as it did. */
export function budgetUse(budget: Budget, { progress, elapsedMs }: Spending): BudgetUse {
  const { complete, pruned, failed, imports } = progress;
  const nImported = imports?.inside ?? 0;
  const spent = {
    trials: complete + pruned + failed - nImported,
    questions: progress.resourceSpent,
    minutes: elapsedMs / 60_000,
  };
  const uses = units.flatMap((unit) => {
    const total = unit === 'trials' && budget.trials ? progress.trials - nImported : budget[unit];
    return total === undefined ? [] : [{ unit, spent: spent[unit], total }];
  });
  const [first = { unit: 'trials', spent: spent.trials, total: progress.trials - nImported }] =
    uses.toSorted((a, b) => b.spent / b.total - a.spent / a.total);
  return first;
}

/** Questions that the rest of a search will run at most, if each rung passes on a third; Infinity where only time bounds it. */
export function questionsLeft(budget: Budget, { progress }: Spending): number {
  const { questions } = budget;
  const affordable =
    questions === undefined ? Number.POSITIVE_INFINITY : questions - progress.resourceSpent;
  return Math.max(0, Math.min(affordable, questionsOfTrials(budget, progress)));
}

function questionsOfTrials(budget: Budget, { trials, rungs }: SearchProgress): number {
  if (budget.trials === undefined) return Number.POSITIVE_INFINITY;
  let left = 0;
  let expected = trials;
  let previous = 0;
  for (const rung of rungs) {
    left += Math.max(0, expected - rung.trials) * (rung.resource - previous);
    previous = rung.resource;
    expected = Math.max(1, Math.floor(expected / 3));
  }
  return left;
}

/** Time until the search ends, from the questions that were run in the time that has passed; undefined while none were. */
export function remainingMs(
  budget: Budget,
  spending: Spending,
  questionsRun: number,
): number | undefined {
  const { elapsedMs } = spending;
  const left = questionsLeft(budget, spending);
  const byQuestions =
    questionsRun === 0 || !Number.isFinite(left)
      ? Number.POSITIVE_INFINITY
      : (elapsedMs / questionsRun) * left;
  const byTime = 60_000 * (budget.minutes ?? Number.POSITIVE_INFINITY) - elapsedMs;
  const first = Math.max(0, Math.min(byQuestions, byTime));
  return Number.isFinite(first) ? first : undefined;
}
