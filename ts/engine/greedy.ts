import type { NativeStream } from '../native/llama-addon.js';
import type { Model, RunOptions } from './model.js';
import type { EngineQuestion, Grade } from './question.js';

/** A stream that has run question and gold in one pass, with the most likely token at each gold position. */
export interface ForcedRun {
  readonly stream: NativeStream;
  readonly question: EngineQuestion;
  readonly argmax: Int32Array;
  /** Grades the answer so far. */
  readonly grade: (answer: string) => Pick<Grade, 'isSettled'>;
}

export interface GreedyAnswer {
  readonly tokens: readonly number[];
  readonly text: string;
  /** The token with which the model ended it, where it did. */
  readonly end?: number;
}

interface Answer {
  readonly run: ForcedRun;
  readonly tokens: number[];
  text: string;
  isDone: boolean;
  end?: number;
}

/**
 * Greedy answers of many streams, decoded together, until the end of generation, the limit, or a settled grade.
 *
 * The teacher-forced pass already holds the start: as long as the most likely token is the gold one, the pass has
 * decoded what greedy decoding would have. Each stream goes on from its first departure from gold.
 */
export async function answerGreedily(
  model: Model,
  runs: readonly ForcedRun[],
  options: RunOptions = {},
): Promise<GreedyAnswer[]> {
  const answers = runs.map((run) => startAnswer(model, run));
  for (;;) {
    const active = answers.filter(({ isDone }) => !isDone);
    if (active.length === 0) return answers;
    const outputs = await model.decode(active.map(nextItem), options);
    active.forEach((answer, index) => {
      extend(model, answer, outputs[index]?.argmax[0] as number);
    });
  }
}

function nextItem({ run, tokens }: Answer) {
  return {
    stream: run.stream,
    tokens: Int32Array.of(tokens.at(-1) as number),
    targets: Int32Array.of(0),
    nIds: 0,
  };
}

function startAnswer(model: Model, run: ForcedRun): Answer {
  const { goldTokens, promptTokens } = run.question;
  const departure = goldTokens.findIndex((token, index) => run.argmax[index] !== token);
  const last = departure < 0 ? goldTokens.length - 1 : departure;
  run.stream.truncate(promptTokens.length + last);
  const answer: Answer = { run, tokens: [], text: '', isDone: false };
  for (const token of run.argmax.subarray(0, last + 1)) {
    if (!answer.isDone) extend(model, answer, token);
  }
  return answer;
}

function extend(model: Model, answer: Answer, token: number): void {
  if (model.isEndOfGeneration(token)) {
    answer.end = token;
    answer.isDone = true;
    return;
  }
  answer.tokens.push(token);
  answer.text = model.detokenize(Int32Array.from(answer.tokens));
  const isFull = answer.tokens.length >= answer.run.question.maxNewTokens;
  answer.isDone = isFull || answer.run.grade(answer.text).isSettled;
}
