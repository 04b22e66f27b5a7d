import type { GrowingContext } from '../fit-length.js';
import { type Draw, generatedTask } from '../generated-task.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskQuestion, TaskRequest } from '../task.js';
import { drawCodeRun } from './code-run.js';
import { infiniteBenchData, infiniteBenchDataSubsets } from './data-set.js';
import { drawHiddenDigits, isFirstNumberDone, numberString, passkey } from './hidden-digits.js';
import { drawKvRetrieval, isWordDone } from './kv-retrieval.js';
import { drawMathCalc, isSequenceDone } from './math-calc.js';
import { drawMathFind, isFirstDecimalDone } from './math-find.js';

const seed = 42;
const contexts = { search: 8, validation: 16, test: 16 } as const;

/** How contexts of a task are made, and when an answer is decided. */
interface Generator {
  readonly measures: string;
  readonly metric: string;
  readonly draw: (draw: Draw, length: number) => GrowingContext;
  readonly parameters?: Task['parameters'];
  /** See Task.isSettled. */
  readonly isSettled?: (prediction: string, references: TaskQuestion['references']) => boolean;
}

const firstDigits = 'first_integer: 1 where the first run of digits is the right one';

const generators: Readonly<Record<string, Generator>> = {
  passkey: {
    measures: 'Five digits, stated twice in one line of filler.',
    metric: firstDigits,
    draw: (draw) => drawHiddenDigits(passkey, draw),
    parameters: { haystack: 'noise' },
    isSettled: isFirstNumberDone,
  },
  number_string: {
    measures: 'Ten digits with repeats, stated twice in one line of filler.',
    metric: firstDigits,
    draw: (draw) => drawHiddenDigits(numberString, draw),
    parameters: { haystack: 'noise' },
    isSettled: isFirstNumberDone,
  },
  kv_retrieval: {
    measures: 'The value of one UUID in a JSON object of UUIDs.',
    metric: 'word_match: 1 where the value is one of the words',
    draw: drawKvRetrieval,
    isSettled: isWordDone,
  },
  math_find: {
    measures:
      'The largest, second or third largest, smallest ... number, or the median, of a long list.',
    metric: 'math_find: 1 where the first number is the right one',
    draw: drawMathFind,
    isSettled: isFirstDecimalDone,
  },
  math_calc: {
    measures: 'The running value of a long sum after each operation.',
    metric: 'math_calc: the share of values that are right before the first wrong one',
    draw: drawMathCalc,
    isSettled: isSequenceDone,
  },
  code_run: {
    measures: 'What a call returns among many Python functions that call each other.',
    metric: 'code_run: 1 where the last word is the right integer',
    draw: drawCodeRun,
  },
};

/** All tasks of InfiniteBench. */
export const infiniteBenchSubsets: readonly string[] = infiniteBenchDataSubsets;

/** Those that can be made at any length. */
export const infiniteBenchGroups: Readonly<Record<string, readonly string[]>> = {
  generated: Object.keys(generators),
};

/**
 * A task of InfiniteBench (arXiv:2402.13718): where it can be made, at a length and without a folder of data, with texts
 * of our own, else from its data.
 */
export function infiniteBench(request: TaskRequest): Task {
  const { subset = '', length, data, promptStyle = 'auto' } = request;
  const generator = generators[subset];
  if (generator === undefined || length === undefined || data !== undefined)
    return infiniteBenchData(request);
  const { measures, isSettled } = generator;
  return generatedTask({
    name: `infinite_bench/${subset}`,
    version: 1,
    length,
    seed,
    promptStyle,
    parameters: generator.parameters ?? {},
    about: { measures, metric: generator.metric, contexts, questionsPerContext: 1 },
    draw: (draw) => generator.draw(draw, length),
    ...publishedScores('infinite_bench', subset),
    ...(isSettled && {
      isSettled: (prediction, { references }) => isSettled(prediction, references),
    }),
  });
}
