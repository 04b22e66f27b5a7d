import type { Task } from '../task.js';
import { isFirstNumberDone } from './hidden-digits.js';
import { isWordDone } from './kv-retrieval.js';
import { isSequenceDone } from './math-calc.js';
import { isFirstDecimalDone } from './math-find.js';

/** When no continuation of an answer changes its score; see Task.isSettled. */
export const settled: Readonly<Record<string, Task['isSettled']>> = {
  passkey: isFirstNumberDone,
  number_string: isFirstNumberDone,
  kv_retrieval: (prediction, { references }) => isWordDone(prediction, references),
  math_find: isFirstDecimalDone,
  math_calc: (prediction, { references }) => isSequenceDone(prediction, references),
};
