import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { EvaluationStore } from '../../ts/engine/evaluation-store.js';
import { PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import type { EngineQuestion, QuestionResult } from '../../ts/engine/question.js';
import { EngineError } from '../../ts/errors.js';
import type { NativeChain, NativeSnapshot } from '../../ts/native/llama-addon.js';
import { mixedPrompt } from '../helpers/fidelity.js';
import { temporaryFolder } from '../helpers/folder.js';
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
  t.context = await tinyQuestions(await loadTinyModel());
});

const [sink, local] = [4, 32];
const sinkAndLocal = sparseChains['sink and local'] as NativeChain;
const isClose = (a: number, b: number, error: number) => Math.abs(a - b) <= error;

/** Without the clock, which no two runs share. */
function withoutClock(results: readonly QuestionResult[] | undefined) {
  return results?.map(({ metrics: { attentionMs: _ms, ...metrics }, ...rest }) => ({
    ...rest,
    metrics,
  }));
}

/** Mean over the rows of a pass of what sink and local keep of the keys each row sees. */
function keptShare(question: EngineQuestion, contextLength: number): number {
  const rows = question.promptTokens.length + question.goldTokens.length - 1;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const visible = contextLength + row + 1;
    sum += Math.min(visible, sink + local) / visible;
  }
  return sum / rows;
}

async function only(prepared: PreparedQuestions, chain: NativeChain): Promise<QuestionResult[]> {
  const [results = []] = await prepared.evaluate([{ chain, from: 0, to: 11 }]);
  return results;
}

test('dense has no divergence from its reference and reads everything', async (t) => {
  const { prepared } = t.context;
  for (const { metrics } of await only(prepared, dense)) {
    t.true(metrics.kl < 1e-6, String(metrics.kl));
    t.true(isClose(metrics.goldLogProbGap, 0, 1e-4));
    t.is(metrics.density, 1);
    t.is(metrics.readFraction, 1);
  }
  t.true(prepared.reference.noiseFloorKl < 1e-6);
});

test('dense accuracy counts the questions whose gold answer is the greedy start', async (t) => {
  const { prepared } = t.context;
  const results = await only(prepared, dense);
  const isExact = results.map(({ metrics }) => metrics.accuracy);
  t.deepEqual(
    isExact,
    isExact.map((_, i) => (i % 7 === 6 ? 1 : 0)),
  );
  t.true(isClose(prepared.denseAccuracy, 1 / 11, 1e-12));
});

test('the density of sink and local is the share of visible keys they keep', async (t) => {
  const { prepared, questions, contextLengths } = t.context;
  const results = await only(prepared, sinkAndLocal);
  questions.forEach((question, i) => {
    const expected = keptShare(question, contextLengths[question.context] ?? 0);
    const { density, readFraction, kl } = (results[i] as QuestionResult).metrics;
    t.true(isClose(density, expected, 1e-9), `${density} is ${expected}`);
    t.true(readFraction < 0.2, 'and little more is read');
    t.true(kl > 1e-4, 'and the distribution moves');
  });
});

for (const [name, chain] of Object.entries(sparseChains)) {
  test(`jobs that continue each other give what one job gives: ${name}`, async (t) => {
    const { prepared } = t.context;
    const [whole] = await prepared.evaluate([{ chain, from: 0, to: 11 }]);
    const [first = []] = await prepared.evaluate([{ chain, from: 0, to: 4 }]);
    const [rest = []] = await prepared.evaluate([{ chain, from: 4, to: 11 }]);
    const parts = [...first, ...rest];
    t.is(parts.length, 11);
    parts.forEach(({ metrics }, i) => {
      const expected = whole?.[i]?.metrics as QuestionResult['metrics'];
      t.true(isClose(metrics.kl, expected.kl, 1e-6), `${i}: ${metrics.kl} is ${expected.kl}`);
      t.true(isClose(metrics.density, expected.density, 1e-12));
      t.is(metrics.bytesRead, expected.bytesRead);
    });
  });
}

test('results come back for each job in order', async (t) => {
  const { prepared } = t.context;
  const jobs = [
    { chain: sinkAndLocal, from: 3, to: 6 },
    { chain: dense, from: 0, to: 2 },
    { chain: dense, from: 5, to: 5 },
    { chain: sparseChains['top_k'] as NativeChain, from: 10, to: 11 },
  ];
  const together = await prepared.evaluate(jobs);
  t.deepEqual(
    together.map(({ length }) => length),
    [3, 2, 0, 1],
  );
  for (const [i, job] of jobs.entries()) {
    const [alone = []] = await prepared.evaluate([job]);
    t.deepEqual(
      together[i]?.map(({ metrics }) => metrics.bytesRead),
      alone.map(({ metrics }) => metrics.bytesRead),
    );
    alone.forEach(({ metrics }, k) => {
      t.true(isClose(metrics.kl, together[i]?.[k]?.metrics.kl ?? Number.NaN, 1e-6));
    });
  }
});

for (const [name, chain] of Object.entries({ dense, ...sparseChains })) {
  test(`a generated answer is what decoding token by token gives: ${name}`, async (t) => {
    const { model, snapshots, prepared, questions } = t.context;
    const job = { chain, from: 0, to: questions.length };
    const [results = []] = await prepared.evaluate([job], { generate: true });
    for (const [i, question] of questions.entries()) {
      const snapshot = snapshots[question.context] as NativeSnapshot;
      const start = { snapshot, chain, promptTokens: question.promptTokens };
      const tokens = await greedySteps(model, start, question.maxNewTokens);
      const end = tokens.findIndex((token) => model.isEndOfGeneration(token));
      const kept = end < 0 ? tokens : tokens.slice(0, end);
      t.is(results[i]?.answer, model.detokenize(Int32Array.from(kept)), `question ${i}`);
    }
  });
}

test('an answer ends where its grade is settled, and is graded as it stands', async (t) => {
  const { model, snapshots, questions, prepared } = t.context;
  const settledAt = 3;
  const grade = (index: number, answer: string) => ({
    score: index + answer.length / 100,
    isSettled: answer.length >= settledAt,
  });
  const { reference } = prepared;
  const settled = new PreparedQuestions({ model, snapshots, questions, reference, grade });
  const job = { chain: dense, from: 0, to: questions.length };
  const [full = []] = await prepared.evaluate([job], { generate: true });
  const [results = []] = await settled.evaluate([job], { generate: true });
  results.forEach(({ answer = '', metrics }, i) => {
    const whole = full[i]?.answer ?? '';
    t.true(whole.startsWith(answer), `question ${i}`);
    t.true(answer.length >= settledAt && answer.length < whole.length, `question ${i}`);
    t.is(metrics.score, grade(i, answer).score);
  });
});

test('without generation there is no answer and no score', async (t) => {
  for (const { answer, metrics } of await only(t.context.prepared, sinkAndLocal)) {
    t.is(answer, undefined);
    t.false('score' in metrics);
  }
});

test('the output error is there only where asked for, on the sampled questions', async (t) => {
  const { prepared } = t.context;
  const plain = await only(prepared, sinkAndLocal);
  t.true(plain.every(({ metrics }) => !('outputError' in metrics)));
  const jobs = [dense, sinkAndLocal].map((chain) => ({ chain, from: 0, to: 11 }));
  const [exact = [], sparse = []] = await prepared.evaluate(jobs, { outputError: true });
  const sampled = PreparedQuestions.sampledForOutputError(11);
  t.true(sampled > 0 && sampled < 11);
  for (const [i, { metrics }] of exact.entries()) {
    t.is('outputError' in metrics, i < sampled, `question ${i}`);
    if (i >= sampled) continue;
    t.true((metrics.outputError ?? Number.NaN) < 1e-6, `dense: ${metrics.outputError}`);
    t.true((sparse[i]?.metrics.outputError ?? Number.NaN) > 1e-2);
  }
  t.deepEqual(
    withoutClock(sparse)?.map(
      ({ metrics: { outputError: _error, ...metrics } }) => metrics.density,
    ),
    plain.map(({ metrics }) => metrics.density),
  );
});

test('a signal stops an evaluation between batches, and the model goes on afterwards', async (t) => {
  const { prepared, questions } = t.context;
  const jobs = Array.from({ length: 40 }, () => ({ chain: sinkAndLocal, from: 0, to: 11 }));
  const total = questions.reduce(
    (sum, { promptTokens, goldTokens }) => sum + promptTokens.length + goldTokens.length - 1,
    0,
  );
  const before = await only(prepared, sinkAndLocal);
  const controller = new AbortController();
  const reason = new Error('enough');
  let done = 0;
  const onProgress = (tokens: number) => {
    done = tokens;
    controller.abort(reason);
  };
  const error = await t.throwsAsync(
    prepared.evaluate(jobs, { signal: controller.signal, onProgress }),
  );
  t.is(error, reason);
  t.true(done > 0 && done < 40 * total, `${done} of ${40 * total} tokens`);
  t.deepEqual(withoutClock(await only(prepared, sinkAndLocal)), withoutClock(before));
  const aborted = { signal: AbortSignal.abort(reason) };
  t.is(await t.throwsAsync(prepared.evaluate(jobs, aborted)), reason);
});

test('a config that the engine refuses is an EngineError', async (t) => {
  const chain: NativeChain = { ...sinkAndLocal, semantics: 'hub' };
  const error = await t.throwsAsync(t.context.prepared.evaluate([{ chain, from: 0, to: 1 }]), {
    code: 'ERR_CONFIG',
    message: /hub/,
  });
  t.true(error instanceof EngineError);
});

test('layers with a sliding window stay dense within it', async (t) => {
  const model = await loadTestModel('gemma3');
  const tokens = mixedPrompt(model, 560);
  const contextLength = 540;
  const context = tokens.slice(0, contextLength);
  const snapshots = [model.snapshot(await model.prefill(context), contextLength)];
  const question: EngineQuestion = {
    id: 'q',
    context: 0,
    promptTokens: tokens.slice(contextLength, 556),
    goldTokens: tokens.slice(556),
    maxNewTokens: 4,
  };
  const grade = () => ({ score: 0, isSettled: false });
  const questions = [question];
  const reference = await PreparedQuestions.measureReference(model, snapshots, questions, grade);
  const prepared = new PreparedQuestions({ model, snapshots, questions, reference, grade });
  const jobs = [dense, sinkAndLocal].map((chain) => ({ chain, from: 0, to: 1 }));
  const [[exact] = [], [sparse] = []] = await prepared.evaluate(jobs);
  const { layers } = model.info;
  const full = layers.filter(({ window }) => window === 0).length;
  t.true(full > 0 && layers.some(({ window }) => window > 0 && window < contextLength));
  t.is(exact?.metrics.density, 1);
  t.is(exact?.metrics.readFraction, 1);
  const share = full / layers.length;
  const expected = 1 - share + share * keptShare(question, contextLength);
  t.true(isClose(sparse?.metrics.density ?? Number.NaN, expected, 1e-9));
});

test('what was measured before is taken where that is asked for, and completed', async (t) => {
  const { prepared, ...parts } = t.context;
  const path = join(await temporaryFolder(t), 'evaluations.jsonl');
  const open = () => {
    const evaluations = new EvaluationStore(path);
    return new PreparedQuestions({ ...parts, reference: prepared.reference, evaluations });
  };
  const chain = sparseChains['top_k'] ?? dense;
  const [first = []] = await open().evaluate([{ chain, from: 2, to: 5 }], { reuse: true });
  const [all = []] = await open().evaluate([{ chain, from: 0, to: 7 }], { reuse: true });
  t.deepEqual(all.slice(2, 5), first, 'times included');
  const options = { reuse: true, generate: true, outputError: true };
  const [generated = []] = await open().evaluate([{ chain, from: 0, to: 7 }], options);
  t.true(generated.every(({ answer, metrics }) => answer !== undefined && metrics.score === 0));
  t.true(generated.every(({ metrics }) => metrics.outputError !== undefined));
  const [again = []] = await open().evaluate([{ chain, from: 0, to: 7 }], options);
  t.deepEqual(again, generated);
  const [plain = []] = await open().evaluate([{ chain, from: 0, to: 7 }], { reuse: true });
  t.deepEqual(Object.keys(plain[0] ?? {}), ['metrics'], 'no more than was asked for');
  t.false('score' in (plain[0]?.metrics ?? {}));
  const [fresh = []] = await open().evaluate([{ chain, from: 0, to: 7 }]);
  t.notDeepEqual(
    fresh.map(({ metrics }) => metrics.attentionMs),
    plain.map(({ metrics }) => metrics.attentionMs),
  );
});

test('steps with a config are timed against dense ones, and take nothing from what is measured', async (t) => {
  const { prepared } = t.context;
  const before = await only(prepared, sinkAndLocal);
  const both = await prepared.decodeSpeed(0, sinkAndLocal, { steps: 3 });
  t.true(both.ms > both.attentionMs && both.attentionMs > 0);
  t.true(both.denseMs > both.denseAttentionMs && both.denseAttentionMs > 0);
  t.not(both.ms, both.denseMs);
  const alone = await prepared.decodeSpeed(1, dense, { steps: 1 });
  t.is(alone.ms, alone.denseMs);
  t.is(alone.attentionMs, alone.denseAttentionMs);
  t.deepEqual(withoutClock(await only(prepared, sinkAndLocal)), withoutClock(before));
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(prepared.decodeSpeed(0, sinkAndLocal, { steps: 3, signal }), {
    message: 'enough',
  });
});
