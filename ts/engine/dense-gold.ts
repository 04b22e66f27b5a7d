import type { NativeSnapshot, NativeStream } from '../native/llama-addon.js';
import { maxGoldTokens } from '../tasks/prompt.js';
import { answerGreedily } from './greedy.js';
import type { Model, RunOptions } from './model.js';
import type { AskedQuestion, EngineQuestion } from './question.js';
import { teacherForcedItem } from './teacher-forcing.js';
import { cutIntoWaves } from './waves.js';

/** What dense attention answered to the questions that came without gold; null for the others. */
export type DenseGold = readonly (readonly number[] | null)[];

/**
 * Dense greedy answers to the questions that have no gold, as far as teacher forcing runs over them: at most
 * `maxGoldTokens`, with the token that ended the answer where it ended before. Teacher-forced dense attention finds each
 * of their tokens the most likely one.
 */
export async function answerDense(
  model: Model,
  snapshots: readonly NativeSnapshot[],
  questions: readonly AskedQuestion[],
  options: RunOptions = {},
): Promise<DenseGold> {
  const open = questions.filter(({ goldTokens }) => goldTokens === undefined);
  const answers = new Map<AskedQuestion, Int32Array>();
  const waves = cutIntoWaves(open, (question) => tailTokens(question) * model.kvBytesPerToken);
  for (const wave of waves) {
    for (const [question, answer] of await answerWave({ model, snapshots, options }, wave))
      answers.set(question, answer);
  }
  return questions.map((question) => {
    const answer = answers.get(question);
    return answer === undefined ? null : [...answer];
  });
}

/** The questions with gold: their own, or dense's. */
export function withGold(
  questions: readonly AskedQuestion[],
  gold: DenseGold | undefined,
): EngineQuestion[] {
  return questions.map((question, index) => {
    const { goldTokens } = question;
    if (goldTokens !== undefined) return { ...question, goldTokens };
    return { ...question, goldTokens: Int32Array.from(gold?.[index] ?? []), goldOf: 'dense' };
  });
}

interface Run {
  readonly model: Model;
  readonly snapshots: readonly NativeSnapshot[];
  readonly options: RunOptions;
}

/** Passes over an answer until it stays as it is; each settles at least one more token, most all that are left. */
const maxPasses = 2 * maxGoldTokens;

/**
 * Answers of questions that run together. Arithmetic may depend on how many tokens run at once, so that decoding token by
 * token and a pass over all disagree where two tokens are nearly as likely: the pass, which is what evaluations do, is
 * right, and the answer goes on from there.
 */
async function answerWave(
  run: Run,
  wave: readonly AskedQuestion[],
): Promise<ReadonlyMap<AskedQuestion, Int32Array>> {
  const answers = new Map<AskedQuestion, Int32Array>();
  let open = wave;
  for (let pass = 0; open.length > 0 && pass < maxPasses; pass++) {
    const found = await passOnce(run, withAnswers(open, answers));
    open = open.filter((question, i) => {
      const answer = found[i] ?? Int32Array.of(0);
      const isSettled = answer.join() === answers.get(question)?.join();
      answers.set(question, answer);
      return !isSettled;
    });
  }
  return answers;
}

function withAnswers(
  questions: readonly AskedQuestion[],
  answers: ReadonlyMap<AskedQuestion, Int32Array>,
): EngineQuestion[] {
  return questions.map((question) => ({
    ...question,
    goldTokens: answers.get(question) ?? Int32Array.of(0),
    maxNewTokens: limit(question),
  }));
}

/** A teacher-forced pass over the answers so far, and greedy decoding from where they depart from it. */
async function passOnce(
  { model, snapshots, options }: Run,
  questions: readonly EngineQuestion[],
): Promise<Int32Array[]> {
  const streams = questions.map((question) => {
    const snapshot = snapshots[question.context] as NativeSnapshot;
    return model.stream(snapshot, { maskers: [] }, tailTokens(question));
  });
  const items = questions.map((question, i) =>
    teacherForcedItem(streams[i] as NativeStream, question, { nIds: 0 }),
  );
  const outputs = await model.decode(items, options);
  const runs = questions.map((question, i) => ({
    stream: streams[i] as NativeStream,
    question,
    argmax: outputs[i]?.argmax as Int32Array,
    grade: () => ({ isSettled: false }),
  }));
  const answers = await answerGreedily(model, runs, options);
  return answers.map(({ tokens, end }) =>
    Int32Array.from(end === undefined ? tokens : [...tokens, end]),
  );
}

/** Tokens of a question and its answer. */
function tailTokens(question: AskedQuestion): number {
  return question.promptTokens.length + limit(question);
}

function limit({ maxNewTokens }: AskedQuestion): number {
  return Math.min(maxNewTokens, maxGoldTokens);
}
