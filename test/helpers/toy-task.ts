import { createHash } from 'node:crypto';
import { registerTask } from '../../ts/tasks/registry.js';
import { Rng } from '../../ts/tasks/rng.js';
import type { Split, TaskContext } from '../../ts/tasks/task.js';

/** Contexts and questions of a split. */
export const toyContexts = 3;
export const toyQuestions = 4;

/**
 * A quick task for a model that knows nothing: `toy/scored` gives an answer a score by chance that is always the same
 * for the same text, `toy/open` has no references.
 */
registerTask(
  'toy',
  ({ subset = 'scored', length = 300 }) => ({
    id: `toy/${subset}@${length}`,
    version: 1,
    parameters: { length },
    promptStyle: 'plain',
    contexts: (split) =>
      Array.from({ length: toyContexts }, (_, i) => toyContext(split, i, length, subset)),
    score: toyScore,
    upstreamScale: (answers) => ({
      mean:
        answers.reduce((sum, { prediction }) => sum + 100 * toyScore(prediction), 0) /
        answers.length,
    }),
  }),
  { subsets: ['scored', 'open'] },
);

/** 0, 0.25, ... 1. */
export function toyScore(prediction: string): number {
  return ((createHash('sha256').update(prediction).digest()[0] ?? 0) % 5) / 4;
}

function toyContext(split: Split, index: number, length: number, subset: string): TaskContext {
  const rng = new Rng('toy', split, index);
  const letters = (count: number) =>
    Array.from({ length: count }, () => String.fromCharCode(rng.integer(97, 122))).join('');
  const text = letters(length);
  return {
    id: `${split}/${index}`,
    text,
    questions: Array.from({ length: toyQuestions }, (_, question) => ({
      id: `${split}/${index}/${question}`,
      question: letters(12),
      answerPrefix: ':',
      gold: letters(4),
      references: subset === 'open' ? [] : [letters(4)],
      maxNewTokens: 6,
    })),
  };
}
