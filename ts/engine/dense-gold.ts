import type { NativeSnapshot, NativeStream } from '../native/llama-addon.js';
import { maxGoldTokens } from '../tasks/prompt.js';
import { answerGreedily } from './greedy.js';
import type { Model, RunOptions } from './model.js';
import type { AskedQuestion, EngineQuestion } from './question.js';
import { cutIntoWaves } from './waves.js';

/** What dense attention answered to the questions that came without gold; null for the others. */
export type DenseGold = readonly (readonly number[] | null)[];

/**
 * Dense greedy answers to the questions that have no gold, as far as teacher forcing runs over them: at most
 * `maxGoldTokens`, with the token that ended the answer where it ended before.
 */
export async function answerDense(
  model: Model,
  snapshots: readonly NativeSnapshot[],
  questions: readonly AskedQuestion[],
  options: RunOptions = {},
): Promise<DenseGold> {
  const open = questions.filter(({ goldTokens }) => goldTokens === undefined);
  const answers = new Map<AskedQuestion, readonly number[]>();
  const tailTokens = (question: AskedQuestion) => question.promptTokens.length + limit(question);
  const waves = cutIntoWaves(open, (question) => tailTokens(question) * model.kvBytesPerToken);
  for (const wave of waves) {
    const streams = wave.map((question) => {
      const snapshot = snapshots[question.context] as NativeSnapshot;
      return model.stream(snapshot, { maskers: [] }, tailTokens(question));
    });
    const found = await answerWave(model, wave, streams, options);
    for (const [index, question] of wave.entries()) answers.set(question, found[index] ?? []);
  }
  return questions.map((question) => answers.get(question) ?? null);
}

/** The questions with gold: their own, or dense's. */
export function withGold(
  questions: readonly AskedQuestion[],
  gold: DenseGold | undefined,
): EngineQuestion[] {
  return questions.map((question, index) => {
    const goldTokens = question.goldTokens ?? Int32Array.from(gold?.[index] ?? []);
    return { ...question, goldTokens };
  });
}

async function answerWave(
  model: Model,
  wave: readonly AskedQuestion[],
  streams: readonly NativeStream[],
  options: RunOptions,
): Promise<number[][]> {
  const outputs = await model.decode(
    wave.map(({ promptTokens }, i) => ({
      stream: streams[i] as NativeStream,
      tokens: promptTokens,
      targets: Int32Array.of(0),
      nIds: 0,
    })),
    options,
  );
  const runs = wave.map((question, i) => {
    const argmax = outputs[i]?.argmax as Int32Array;
    return {
      stream: streams[i] as NativeStream,
      question: { ...question, goldTokens: argmax, maxNewTokens: limit(question) },
      argmax,
      grade: () => ({ isSettled: false }),
    };
  });
  const answers = await answerGreedily(model, runs, options);
  return answers.map(({ tokens, end }) => (end === undefined ? [...tokens] : [...tokens, end]));
}

function limit({ maxNewTokens }: AskedQuestion): number {
  return Math.min(maxNewTokens, maxGoldTokens);
}
