import { SparseTuneError } from '../errors.js';
import { dataSets } from './data/data-sets.js';
import { dataTask } from './data/data-task.js';
import { type DataPrompt, isPrepared, preparedPrompt } from './data/prompt.js';
import type { Row } from './data/row.js';
import { publishedScores } from './published-scores.js';
import type { Task, TaskRequest } from './task.js';

const maxNewTokens = 32_000;

/** The 30 problems of the AIME of a year, from prepared or original data: short prompts with very long answers. */
export function aime(benchmark: 'aime2024' | 'aime2025', request: TaskRequest): Task {
  if (request.subset !== undefined)
    throw new SparseTuneError(
      'ERR_TASK',
      `${benchmark} has no subsets, but "${request.subset}" was asked for.`,
    );
  return dataTask({
    benchmark,
    subset: undefined,
    version: 1,
    request,
    about: { measures: 'Problems of a mathematics contest.', metric: benchmark },
    sets: dataSets[benchmark],
    wanted: { names: [benchmark], wholeNames: ['test', 'train', 'data'] },
    truncate: 'head',
    toPrompts: (row) => [toPrompt(row)],
    scores: publishedScores(benchmark, benchmark),
  });
}

/** No gold: what a model says on its way to the number is for dense attention to show. */
function toPrompt(row: Row): DataPrompt {
  if (!isPrepared(row)) return original(row);
  const { gold: _gold, ...prompt } = preparedPrompt(row);
  return prompt;
}

function original(row: Row): DataPrompt {
  const problem = row.optionalText('Problem') ?? row.text('problem');
  return {
    context: `Solve this problem of the AIME. Its answer is an integer from 0 to 999.\n\n${problem}\n\n`,
    question: 'Think step by step, and give the final answer as \\boxed{...}.\n',
    answerPrefix: '',
    references: row.optionalTexts('Answer') ?? row.texts('answer'),
    maxNewTokens,
  };
}
