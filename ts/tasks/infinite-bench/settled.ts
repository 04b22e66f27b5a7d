import type { Task } from '../task.js';
import { quotePattern } from '../text-pattern.js';

type Settled = NonNullable<Task['isSettled']>;

const firstNumber: Settled = (prediction) => /[0-9][^0-9]/.test(prediction);

const parting = '[\\s:"\'.,?!{}]';
const wordFound: Settled = (prediction, { references: [value = ''] }) =>
  new RegExp(`(?:^|${parting})${quotePattern(value)}${parting}`).test(prediction);

/** A number may go on with a fraction. */
const firstDecimal: Settled = (prediction) =>
  /^\D*(?:\d+\.\d+|\d+)(?:[^\d.]|\.\D)/.test(prediction) || /^\D*\d+\.\d+\./.test(prediction);

/** The first wrong value ends what counts. */
const firstWrong: Settled = (prediction, { references }) => {
  const whole = prediction.match(/[0-9]+(?=[^0-9])/g) ?? [];
  if (whole.length >= references.length) return true;
  return whole.some((value, i) => Number(value) !== Number(references[i]));
};

/** When no continuation of an answer changes its score; see Task.isSettled. */
export const settled: Readonly<Record<string, Settled | undefined>> = {
  passkey: firstNumber,
  number_string: firstNumber,
  kv_retrieval: wordFound,
  math_find: firstDecimal,
  math_calc: firstWrong,
};
