import { SparseTuneError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { checkInteger, checkNumber } from './check-options.js';

/** What a study may spend. No job is started that would exceed it. */
export interface Budget {
  /** New trials; promotions are not counted. */
  readonly trials?: number;
  /** Resource units of all jobs together, e.g. questions; a job counts in full when it starts, even if it fails. */
  readonly questions?: number;
  /** Wall time from when the study was opened, in this process; jobs that run are let finish. */
  readonly minutes?: number;
}

const NAMES = ['trials', 'questions', 'minutes'] as const;

/**
 * Reads a budget such as `trials=50` or `questions=2000,minutes=30`.
 *
 * @throws {SparseTuneError} `ERR_ARGUMENT` for an unknown name or a value that is no number
 * @throws {RangeError} `ERR_ARGUMENT` if a value is out of range
 */
export function parseBudget(text: string): Budget {
  const budget: { -readonly [Key in keyof Budget]: number } = {};
  for (const part of text.split(',')) {
    const [, word = '', value = ''] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    const name = NAMES.find((known) => known === word);
    if (name === undefined || budget[name] !== undefined || Number.isNaN(Number(value))) {
      throw new SparseTuneError(
        'ERR_ARGUMENT',
        `Expected trials=N, questions=N or minutes=N, each at most once, for budget but received ${JSON.stringify(part.trim())}${word === '' ? '' : didYouMean(word, NAMES)}`,
      );
    }
    budget[name] = Number(value);
  }
  return checkBudget(budget);
}

/** The budget itself. @throws {RangeError} `ERR_ARGUMENT` if a value is out of range */
export function checkBudget(budget: Budget): Budget {
  const { trials, questions, minutes } = budget;
  if (trials !== undefined) checkInteger('budget.trials', trials, 1);
  if (questions !== undefined) checkNumber('budget.questions', questions, 0, Number.MAX_VALUE);
  if (minutes !== undefined) checkNumber('budget.minutes', minutes, 0, Number.MAX_VALUE);
  return budget;
}
