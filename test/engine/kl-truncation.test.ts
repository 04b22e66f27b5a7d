import test from 'ava';
import { fullKl, mean } from '../../ts/engine/divergence.js';
import { PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import type { EngineQuestion } from '../../ts/engine/question.js';
import { teacherForcedItem } from '../../ts/engine/teacher-forcing.js';
import type { NativeChain } from '../../ts/native/llama-addon.js';
import { niahMq8 } from '../../ts/tasks/niah-mq8.js';
import { renderContext } from '../../ts/tasks/prompt.js';
import { loadTestModel } from '../helpers/models.js';

const nQuestions = 8;
const configs: Readonly<Record<string, NativeChain>> = {
  'sink and local': {
    maskers: [
      { kind: 'sink', sinkSize: 4 },
      { kind: 'local', windowSize: 32 },
    ],
  },
  top_k: {
    maskers: [
      { kind: 'sink', sinkSize: 4 },
      { kind: 'local', windowSize: 8 },
      { kind: 'top_k', heavySize: 24 },
    ],
  },
};

test('the kept tokens give the KL of the whole vocabulary on a real model', async (t) => {
  const model = await loadTestModel('smollm2');
  const tools = {
    tokenize: (text: string) => model.tokenize(text),
    detokenize: (tokens: Int32Array) => model.detokenize(tokens),
    chatTemplate: undefined,
  };
  const task = niahMq8({ length: 512 });
  const [context] = await task.contexts('search', tools);
  if (context === undefined) return t.fail();
  const rendered = renderContext(context, 'plain', tools);
  const { contextTokens } = rendered;
  const payload = await model.prefill(contextTokens);
  const snapshot = model.snapshot(payload, contextTokens.length);
  const questions: EngineQuestion[] = rendered.questions
    .slice(0, nQuestions)
    .map(({ promptTokens, goldTokens = new Int32Array() }, i) => {
      return { id: String(i), context: 0, promptTokens, goldTokens, maxNewTokens: 1 };
    });
  const grade = () => ({ score: 0, isSettled: true });
  const reference = await PreparedQuestions.measureReference(model, [snapshot], questions, grade);
  const parts = { model, snapshots: [snapshot], questions, reference, grade };
  const prepared = new PreparedQuestions(parts);

  const logits = async (chain: NativeChain) => {
    const items = questions.map((question) => {
      const capacity = question.promptTokens.length + question.goldTokens.length;
      const stream = model.stream(snapshot, chain, capacity);
      return teacherForcedItem(stream, question, { nIds: 0, keepLogits: true });
    });
    const outputs = await model.decode(items);
    return outputs.map((output) => output.logits ?? new Float32Array());
  };
  const { nVocab } = model.info;
  const dense = await logits({ maskers: [] });
  for (const [name, chain] of Object.entries(configs)) {
    const sparse = await logits(chain);
    const full = mean(
      questions.map(({ goldTokens }, i) => {
        const row = (all: Float32Array | undefined, k: number) =>
          all?.subarray(k * nVocab, (k + 1) * nVocab) ?? new Float32Array();
        return mean([...goldTokens].map((_, k) => fullKl(row(dense[i], k), row(sparse[i], k))));
      }),
    );
    const job = { chain, from: 0, to: questions.length };
    const [results = []] = await prepared.evaluate([job]);
    const truncated = mean(results.map(({ metrics }) => metrics.kl));
    t.log(name, { full, truncated, noiseFloorKl: reference.noiseFloorKl });
    const limit = Math.max(0.01 * full, 0.1 * reference.noiseFloorKl);
    t.true(full > 10 * reference.noiseFloorKl, `${name} moves the distribution: ${full}`);
    t.true(Math.abs(truncated - full) < limit, `${name}: ${truncated} instead of ${full}`);
  }
});
