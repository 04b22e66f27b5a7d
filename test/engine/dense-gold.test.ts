import anyTest, { type TestFn } from 'ava';
import { answerDense, withGold } from '../../ts/engine/dense-gold.js';
import type { Model } from '../../ts/engine/model.js';
import { PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import type { AskedQuestion } from '../../ts/engine/question.js';
import type { NativeChain, NativeSnapshot } from '../../ts/native/llama-addon.js';
import { maxGoldTokens } from '../../ts/tasks/prompt.js';
import { loadTestModel, loadTinyModel } from '../helpers/models.js';
import {
  dense,
  greedySteps,
  sparseChains,
  type TinyQuestions,
  tinyQuestions,
} from '../helpers/tiny-questions.js';

const test = anyTest as TestFn<TinyQuestions>;

test.before(async (t) => {
  t.context = await tinyQuestions(await loadTinyModel(), { count: 4 });
});

/** The first three questions without gold, of which one may be answered longer than gold reaches; the last as it is. */
function asked({ questions }: TinyQuestions): AskedQuestion[] {
  return questions.map((question, i) => {
    if (i === 3) return question;
    const { goldTokens: _gold, ...open } = question;
    return { ...open, isGraded: false, maxNewTokens: i === 0 ? maxGoldTokens + 20 : 5 };
  });
}

test('gold that is missing is what plain greedy decoding answers', async (t) => {
  const { model, snapshots } = t.context;
  const questions = asked(t.context);
  const gold = await answerDense(model, snapshots, questions);
  for (const [i, { promptTokens, context }] of questions.slice(0, 3).entries()) {
    const n = i === 0 ? maxGoldTokens : 5;
    const snapshot = snapshots[context] as NativeSnapshot;
    t.deepEqual(gold[i], await greedySteps(model, { snapshot, chain: dense, promptTokens }, n));
  }
  t.is(gold[3], null);
  const [, second, , last] = withGold(questions, gold);
  t.deepEqual([...(second?.goldTokens ?? [])], gold[1]);
  t.is(last?.goldTokens, t.context.questions[3]?.goldTokens);
});

test('an answer that ends keeps the token that ends it, and is never empty', async (t) => {
  const { model, snapshots } = t.context;
  const questions = asked(t.context);
  const [, , plain] = await answerDense(model, snapshots, questions);
  const [first = -1, second = -1] = plain ?? [];
  t.not(first, second);
  const ending = (end: number) =>
    ({
      kvBytesPerToken: model.kvBytesPerToken,
      stream: (...args: Parameters<Model['stream']>) => model.stream(...args),
      decode: (...args: Parameters<Model['decode']>) => model.decode(...args),
      detokenize: (tokens: Int32Array) => model.detokenize(tokens),
      isEndOfGeneration: (token: number) => token === end,
    }) as unknown as Model;
  const answer = async (end: number) => (await answerDense(ending(end), snapshots, questions))[2];
  t.deepEqual(await answer(first), [first]);
  t.deepEqual(await answer(second), [first, second]);
});

test('dense agrees with itself, and no score or answer is made up for what has no references', async (t) => {
  const { model, snapshots } = t.context;
  const open = asked(t.context);
  const questions = withGold(open, await answerDense(model, snapshots, open));
  const grade = (index: number) =>
    index === 3 ? { score: 0.25, isSettled: false } : { isSettled: false };
  const reference = await PreparedQuestions.measureReference(model, snapshots, questions, grade);
  t.deepEqual(reference.scores, [null, null, null, 0.25]);
  t.is(reference.answers[1], model.detokenize(questions[1]?.goldTokens ?? new Int32Array()));
  const prepared = new PreparedQuestions({ model, snapshots, questions, reference, grade });
  const run = async (chain: NativeChain, generate: boolean | 'all') => {
    const [results = []] = await prepared.evaluate([{ chain, from: 0, to: 4 }], { generate });
    return results;
  };
  const own = await run(dense, true);
  t.deepEqual(
    own.slice(0, 3).map(({ metrics }) => [metrics.accuracy, metrics.kl < 1e-6]),
    Array.from({ length: 3 }, () => [1, true]),
  );
  const sparse = await run(sparseChains['sink and local'] as NativeChain, true);
  t.deepEqual(
    sparse.map(({ metrics, answer }) => [metrics.score, answer === undefined]),
    [...Array.from({ length: 3 }, () => [undefined, true]), [0.25, false]],
  );
  t.true(sparse.every(({ metrics }) => metrics.kl > 0));
  const answered = await run(dense, 'all');
  t.is(answered[1]?.answer, reference.answers[1]);
  t.false('score' in (answered[1]?.metrics ?? {}));
});

test('a quantised model, whose arithmetic depends on the batch, agrees with its own answer as well', async (t) => {
  const model = await loadTestModel('smollm2');
  const line = 'A lantern hangs in the old mill; nobody knows why it burns.\n';
  const tokens = model.tokenize(line.repeat(5));
  const snapshots = [model.snapshot(await model.prefill(tokens), tokens.length)];
  // Token by token this one is answered otherwise than in one pass.
  const open = ['Tell a story about'].map((text, i) => ({
    id: String(i),
    context: 0,
    promptTokens: model.tokenize(text),
    maxNewTokens: maxGoldTokens,
    isGraded: false,
  }));
  const questions = withGold(open, await answerDense(model, snapshots, open));
  const grade = () => ({ isSettled: false });
  const reference = await PreparedQuestions.measureReference(model, snapshots, questions, grade);
  const prepared = new PreparedQuestions({ model, snapshots, questions, reference, grade });
  t.is(prepared.denseAccuracy, 1);
});
