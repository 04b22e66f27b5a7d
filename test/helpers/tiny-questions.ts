import type { Model } from '../../ts/engine/model.js';
import { PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import type { EngineQuestion, Grader } from '../../ts/engine/question.js';
import type { NativeChain, NativeSnapshot } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';

/** Questions over prefilled random contexts, and all that PreparedQuestions is made of. */
export interface TinyQuestions {
  readonly model: Model;
  readonly snapshots: readonly NativeSnapshot[];
  readonly contextLengths: readonly number[];
  readonly questions: readonly EngineQuestion[];
  readonly grade: Grader;
  readonly prepared: PreparedQuestions;
}

const goldTokens = 6;
export const dense: NativeChain = { maskers: [] };

/** Every kind of chain that the engine runs, with sizes for contexts of about 300 tokens. */
export const sparseChains: Readonly<Record<string, NativeChain>> = {
  'sink and local': {
    maskers: [
      { kind: 'sink', sinkSize: 4 },
      { kind: 'local', windowSize: 32 },
    ],
  },
  top_k: {
    maskers: [
      { kind: 'sink', sinkSize: 2 },
      { kind: 'top_k', heavySize: 12 },
    ],
  },
  magic_pig: {
    maskers: [
      { kind: 'sink', sinkSize: 4 },
      { kind: 'local', windowSize: 8 },
      { kind: 'magic_pig', lshL: 20, lshK: 4 },
    ],
    seed: 3,
  },
};

/** Printable text as tokens of the tiny model, whose token of byte b is b + 3. */
export function randomTokens(rng: Rng, length: number): Int32Array {
  return Int32Array.from({ length }, () => 3 + rng.integer(32, 126));
}

/**
 * `count` questions, taken in turn over two random contexts. The gold answer of question i follows dense greedy
 * decoding for i modulo 7 tokens and departs from it then, so that departures lie everywhere, and nowhere.
 */
export async function tinyQuestions(
  model: Model,
  { count = 11, grade = (() => ({ score: 0, isSettled: false })) as Grader } = {},
): Promise<TinyQuestions> {
  const rng = new Rng('tiny questions');
  const contexts = [randomTokens(rng, 260), randomTokens(rng, 331)];
  const snapshots: NativeSnapshot[] = [];
  for (const tokens of contexts) {
    snapshots.push(model.snapshot(await model.prefill(tokens), tokens.length));
  }
  const questions: EngineQuestion[] = [];
  for (let i = 0; i < count; i++) {
    const context = i % 2;
    const promptTokens = randomTokens(rng, 9 + (i % 5));
    const snapshot = snapshots[context] as NativeSnapshot;
    const greedy = await greedySteps(model, { snapshot, chain: dense, promptTokens }, goldTokens);
    const departure = i % (goldTokens + 1);
    const gold = greedy.map((token, at) => (at === departure ? 3 + ((token + 1) % 256) : token));
    questions.push({
      id: String(i),
      context,
      promptTokens,
      goldTokens: Int32Array.from(gold),
      maxNewTokens: 8 + (i % 3),
    });
  }
  const reference = await PreparedQuestions.measureReference(model, snapshots, questions, grade);
  const prepared = new PreparedQuestions({ model, snapshots, questions, reference, grade });
  const contextLengths = contexts.map(({ length }) => length);
  return { model, snapshots, contextLengths, questions, grade, prepared };
}

/** Greedy decoding as plainly as can be: a stream of its own, one token a call, exactly `n` of them. */
export async function greedySteps(
  model: Model,
  start: { snapshot: NativeSnapshot; chain: NativeChain; promptTokens: Int32Array },
  n: number,
): Promise<number[]> {
  const { snapshot, chain, promptTokens } = start;
  const stream = model.stream(snapshot, chain, promptTokens.length + n);
  const answer: number[] = [];
  let tokens = promptTokens;
  while (answer.length < n) {
    const [output] = await model.decode([{ stream, tokens, targets: new Int32Array(1), nIds: 0 }]);
    const [token = -1] = output?.argmax ?? [];
    answer.push(token);
    tokens = Int32Array.of(token);
  }
  return answer;
}
