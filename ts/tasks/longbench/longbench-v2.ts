import { dataSets } from '../data/data-sets.js';
import { dataTask } from '../data/data-task.js';
import type { DataPrompt } from '../data/prompt.js';
import type { Row } from '../data/row.js';
import { publishedScores } from '../published-scores.js';
import type { Task, TaskRequest } from '../task.js';

/** Answered at once, and after thinking. */
const styles = {
  '0shot': { answerPrefix: 'The correct answer is', maxNewTokens: 148 },
  cot: { answerPrefix: 'Let us think step by step.', maxNewTokens: 1044 },
} as const;

export const longBenchV2Subsets: readonly string[] = Object.keys(styles);

/**
 * LongBench-v2 (arXiv:2412.15204) from its data, prepared or original: 503 questions with four options over contexts of
 * 8k words and more.
 */
export function longBenchV2(request: TaskRequest): Task {
  const subset = request.subset as keyof typeof styles;
  return dataTask({
    benchmark: 'longbench_v2',
    subset,
    version: 1,
    request,
    about: { measures: 'Multiple choice over long texts.', metric: 'correct_answer_letter' },
    sets: dataSets.longbench_v2,
    wanted: { names: [subset], wholeNames: ['data', 'test', 'train', 'longbench_v2'] },
    truncate: 'head',
    toPrompts: (row) => [toPrompt(subset, row)],
    scores: {
      ...publishedScores('longbench_v2', subset),
      // The first answer in brackets is the one that counts, whatever follows.
      isSettled: (prediction) =>
        /The correct answer is \([A-D]\)/.test(prediction.replaceAll('*', '')),
    },
  });
}

function toPrompt(subset: keyof typeof styles, row: Row): DataPrompt {
  const letter = row.text('answer');
  if (!/^[A-D]$/.test(letter)) row.fail('the column "answer" is no letter from A to D');
  const length = row.optionalChoice('length', ['short', 'medium', 'long']);
  const difficulty = row.optionalChoice('difficulty', ['easy', 'hard']);
  return {
    ...(row.has('max_new_tokens') ? prepared(row) : original(subset, row)),
    references: [letter],
    // What a thinking model says first is for dense attention to show.
    ...(subset === '0shot' && { gold: `The correct answer is (${letter})` }),
    facts: { ...(length && { length }), ...(difficulty && { difficulty }) },
  };
}

type Wording = Pick<DataPrompt, 'context' | 'question' | 'answerPrefix' | 'maxNewTokens'>;

function prepared(row: Row): Wording {
  return {
    context: row.text('context'),
    question: row.text('question'),
    answerPrefix: row.optionalText('answer_prefix') ?? '',
    maxNewTokens: row.count('max_new_tokens'),
  };
}

function original(subset: keyof typeof styles, row: Row): Wording {
  const options = ['A', 'B', 'C', 'D'].map((letter) => {
    return `(${letter}) ${row.text(`choice_${letter}`).trim()}\n`;
  });
  const { maxNewTokens } = styles[subset];
  return {
    context: `Read this text. A question about it with four options follows.\n\n${row.text('context').trim()}\n\n`,
    question: `${row.text('question').trim()}\n${options.join('')}Answer in the form "The correct answer is (A)".\n`,
    answerPrefix: subset === 'cot' ? styles.cot.answerPrefix : '',
    maxNewTokens,
  };
}
