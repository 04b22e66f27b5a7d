import type { Split, TaskContext, TaskQuestion } from '../task.js';
import type { DataPrompt } from './prompt.js';

/** The questions over one text. */
export interface ContextGroup {
  readonly text: string;
  /** Place of the group among all, from 0; part of the ids of its questions. */
  readonly index: number;
  readonly prompts: readonly DataPrompt[];
}

/** Questions of a context that a search and a validation take at most, spread over all; test takes all. */
const mostQuestions = 8;

/** Groups prompts by their text, groups and prompts in the order of the rows. */
export function groupPrompts(prompts: readonly DataPrompt[]): ContextGroup[] {
  const groups = new Map<string, DataPrompt[]>();
  for (const prompt of prompts) {
    const group = groups.get(prompt.context);
    if (group === undefined) groups.set(prompt.context, [prompt]);
    else group.push(prompt);
  }
  return [...groups].map(([text, own], index) => ({ text, index, prompts: own }));
}

interface ContextOptions {
  readonly split: Split;
  readonly cut: TaskContext['cut'];
  /** False where references, if there are any, do not count. */
  readonly isGraded: boolean;
}

/** A context of a split. The blanks at the end of an answer's start become the one before the answer. */
export function toContext(
  { text, index, prompts }: ContextGroup,
  { split, cut, isGraded }: ContextOptions,
): TaskContext {
  const id = `${split}/${index}`;
  return {
    id,
    text,
    questions: choose(prompts, split).map((place) =>
      toQuestion(prompts[place] as DataPrompt, `${id}/${place}`, { cut, isGraded }),
    ),
    ...(cut && { cut }),
  };
}

function choose(prompts: readonly DataPrompt[], split: Split): number[] {
  const n = prompts.length;
  const count = split === 'test' ? n : Math.min(n, mostQuestions);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}

function toQuestion(
  prompt: DataPrompt,
  id: string,
  { cut, isGraded }: Pick<ContextOptions, 'cut' | 'isGraded'>,
): TaskQuestion {
  const { question, answerPrefix, references, gold, maxNewTokens, facts, metric } = prompt;
  return {
    id,
    question,
    answerPrefix: answerPrefix.replace(/ +$/, ''),
    // An opened quote is followed by the answer itself.
    ...(gold && { gold: /["'`]$/.test(answerPrefix) ? gold : ` ${gold}` }),
    references: isGraded ? references : [],
    // Half of a bounded length is the context's.
    maxNewTokens: cut === undefined ? maxNewTokens : Math.min(maxNewTokens, cut.length >> 1),
    ...(metric && { metric }),
    ...(facts && { facts }),
  };
}
