import { setImmediate as nextTurn } from 'node:timers/promises';
import { rejectRange, SparseTuneError } from '../errors.js';
import { noiseLine, weaveNoise } from './haystack.js';
import { stringMatchAll } from './metrics/string-match.js';
import { longestRun, renderContext } from './prompt.js';
import { Rng } from './rng.js';
import type { PromptStyle, Split, Task, TaskContext, TaskQuestion, TaskTools } from './task.js';
import { drawKeys } from './words.js';

const keyCount = 8;
const contextCounts: Readonly<Record<Split, number>> = { search: 4, validation: 8, test: 8 };

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
  if (!Number.isSafeInteger(length) || length < 1)
    rejectRange('length', 'a positive integer', length);
  return {
    id: `niah_mq8@${length}`,
    version: 1,
    parameters: { length, seed, keys: keyCount, haystack: 'noise', promptStyle },
    promptStyle,
    async contexts(split, tools) {
      const contexts: TaskContext[] = [];
      for (let index = 0; index < contextCounts[split]; index++) {
        const draw = drawContext(new Rng('niah_mq8', split, index, seed));
        const fit = { length, promptStyle, tools };
        contexts.push(await longestContext(draw, `${split}/${index}`, fit));
      }
      return contexts;
    },
    score: (prediction, question) => stringMatchAll(prediction, question.references),
    // What is found once stays found; a longer answer can only find more.
    isSettled: (prediction, question) => stringMatchAll(prediction, question.references) === 1,
  };
}

/** What is random in a context; its length is not. */
interface Draw {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** Where a needle lies in its stratum, 0 to 1. */
  readonly offsets: readonly number[];
}

function drawContext(rng: Rng): Draw {
  const keys = drawKeys(rng, keyCount);
  const values = new Set<string>();
  while (values.size < keyCount) values.add(String(rng.integer(1_000_000, 9_999_999)));
  return { keys, values: [...values], offsets: keys.map(() => rng.float()) };
}

interface Fit {
  readonly length: number;
  readonly promptStyle: PromptStyle;
  readonly tools: TaskTools;
}

/**
 * The context with the most lines of noise that still fits, at least one a stratum. Every line of noise costs about
 * the same, so the search jumps to where the length says and needs few looks; each look is one turn of the event loop.
 */
async function longestContext(
  draw: Draw,
  id: string,
  { length, promptStyle, tools }: Fit,
): Promise<TaskContext> {
  const tokensAt = async (lines: number) => {
    await nextTurn();
    const rendered = renderContext(makeContext(draw, id, lines), promptStyle, tools);
    return longestRun(rendered) + bosTokens;
  };
  const smallest = await tokensAt(keyCount);
  if (smallest > length) {
    throw new SparseTuneError(
      'ERR_TASK',
      `niah_mq8@${length} is too short: with this model's tokenizer its prompts need ${smallest} tokens. Use niah_mq8@${roundUp(smallest)} or more.`,
    );
  }
  let [low, lowTokens] = [keyCount as number, smallest];
  let high = Number.POSITIVE_INFINITY;
  let perLine = tools.tokenize(`${noiseLine}\n`).length;
  while (high - low > 1) {
    const jump = low + Math.max(1, Math.floor((length - lowTokens) / perLine));
    const next = jump < high ? jump : Math.floor((low + high) / 2);
    const tokens = await tokensAt(next);
    perLine = Math.max(1, (tokens - lowTokens) / (next - low));
    if (tokens <= length) [low, lowTokens] = [next, tokens];
    else high = next;
  }
  return makeContext(draw, id, low);
}

/** Room for a begin-of-text token, whether or not the model has one. */
const bosTokens = 1;

function roundUp(tokens: number): number {
  return Math.ceil(tokens / 64) * 64;
}

function makeContext(draw: Draw, id: string, lines: number): TaskContext {
  const needles = draw.keys.map((key, index) => ({
    sentence: `A secret number for ${key} is: ${draw.values[index]}.`,
    noiseBefore: lineInStratum(index, draw.offsets[index] as number, lines),
  }));
  const { text, depths } = weaveNoise(lines, needles);
  return {
    id,
    text: `Some secret numbers are mentioned in the text below. Read it and remember them; a question follows.\n${text}\n`,
    questions: draw.keys.map((key, index) =>
      makeQuestion(draw, id, index, key, depths[index] as number),
    ),
  };
}

/** Noise lines before a needle: the strata cut `lines` into equal parts, none of them empty from eight lines on. */
function lineInStratum(stratum: number, offset: number, lines: number): number {
  const first = Math.ceil((stratum * lines) / keyCount);
  const next = Math.ceil(((stratum + 1) * lines) / keyCount);
  return first + Math.floor(offset * (next - first));
}

function makeQuestion(
  draw: Draw,
  id: string,
  index: number,
  key: string,
  depth: number,
): TaskQuestion {
  const value = draw.values[index] as string;
  return {
    id: `${id}/${index}`,
    question: `What is the secret number for ${key} in the text?`,
    answerPrefix: ` The secret number for ${key} is:`,
    gold: ` ${value}`,
    references: [value],
    maxNewTokens: 24,
    depth,
  };
}
