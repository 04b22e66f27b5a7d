import { type Draw, generatedTask, questionId } from './generated-task.js';
import { noise, weave } from './haystack.js';
import { stringMatchAll } from './metrics/string-match.js';
import type { PromptStyle, Task, TaskContext, TaskQuestion } from './task.js';
import { drawKeys, drawNumbers } from './words.js';

const keyCount = 8;

export interface NiahMq8Options {
  /** Tokens of context, longest question, answer prefix and answer together. Default 512. */
  readonly length?: number;
  readonly seed?: number;
  readonly promptStyle?: PromptStyle;
}

/**
 * Multi-query needle in a haystack: eight numbers hidden in eight equal depth strata of noise, all eight asked one
 * by one over one context. Four contexts to search on, eight others to validate on, eight more to test on.
 */
export function niahMq8({
  length = 512,
  seed = 42,
  promptStyle = 'auto',
}: NiahMq8Options = {}): Task {
  return generatedTask({
    name: 'niah_mq8',
    version: 1,
    length,
    seed,
    promptStyle,
    parameters: { keys: keyCount, haystack: 'noise' },
    about: {
      measures: 'Eight numbers hidden in filler, one in each eighth of it, all asked one by one.',
      metric: 'string_match_all: 1 where the answer holds the number',
      contexts: { search: 4, validation: 8, test: 8 },
      questionsPerContext: keyCount,
    },
    draw: drawContext,
    score: (prediction, question) => stringMatchAll(prediction, question.references),
    // What is found once stays found; a longer answer can only find more.
    isSettled: (prediction, question) => stringMatchAll(prediction, question.references) === 1,
  });
}

/** What is random in a context; its length is not. */
interface Needles {
  readonly id: string;
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** Where a needle lies in its stratum, 0 to 1. */
  readonly offsets: readonly number[];
}

function drawContext({ rng, place }: Draw) {
  const keys = drawKeys(rng, keyCount);
  const values = drawNumbers(rng, keyCount);
  const needles = { id: place.id, keys, values, offsets: keys.map(() => rng.float()) };
  return { smallest: keyCount, at: (lines: number) => makeContext(needles, lines) };
}

function makeContext(draw: Needles, lines: number): TaskContext {
  const needles = draw.keys.map((key, index) => ({
    text: `A secret number for ${key} is: ${draw.values[index]}.`,
    before: lineInStratum(index, draw.offsets[index] as number, lines),
  }));
  const { units, depths } = weave(noise(lines), needles);
  return {
    id: draw.id,
    text: `Some secret numbers are mentioned in the text below. Read it and remember them; a question follows.\n${units.join('\n')}\n`,
    questions: draw.keys.map((_, index) => makeQuestion(draw, index, depths[index] as number)),
  };
}

/** Noise lines before a needle: the strata cut `lines` into equal parts, none of them empty from eight lines on. */
function lineInStratum(stratum: number, offset: number, lines: number): number {
  const first = Math.ceil((stratum * lines) / keyCount);
  const next = Math.ceil(((stratum + 1) * lines) / keyCount);
  return first + Math.floor(offset * (next - first));
}

function makeQuestion({ id, keys, values }: Needles, index: number, depth: number): TaskQuestion {
  const key = keys[index] as string;
  const value = values[index] as string;
  return {
    id: questionId({ id }, index),
    question: `What is the secret number for ${key} in the text?`,
    answerPrefix: ` The secret number for ${key} is:`,
    gold: ` ${value}`,
    references: [value],
    maxNewTokens: 24,
    depth,
  };
}
