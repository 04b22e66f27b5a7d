import type { Metrics } from '../metrics.js';
import type {
  DecodeItem,
  DecodeOutput,
  NativeCapture,
  NativeStream,
} from '../native/llama-addon.js';
import { mean, truncatedKl } from './divergence.js';
import type { EngineQuestion } from './question.js';

/** What is kept of the dense model at a question: the distribution at every gold position. */
export interface DenseReference {
  /** [gold tokens, keptTokens] most likely tokens. */
  readonly ids: Int32Array;
  /** Log-probabilities of `ids`. */
  readonly logProbs: Float32Array;
  /** [gold tokens] log-probability of the gold token. */
  readonly goldLogProbs: Float32Array;
  /** [gold tokens] most likely token. */
  readonly argmax: Int32Array;
}

/** One pass over question and gold: position i of the last ones predicts gold token i. */
export function teacherForcedItem(
  stream: NativeStream,
  question: EngineQuestion,
  wanted: { ids?: Int32Array; nIds: number; keepLogits?: boolean; capture?: NativeCapture },
): DecodeItem {
  return { stream, tokens: forcedTokens(question), targets: question.goldTokens, ...wanted };
}

/** Question, then all gold tokens but the last, which nothing follows. */
export function forcedTokens({ promptTokens, goldTokens }: EngineQuestion): Int32Array {
  const tokens = new Int32Array(promptTokens.length + goldTokens.length - 1);
  tokens.set(promptTokens);
  tokens.set(goldTokens.subarray(0, -1), promptTokens.length);
  return tokens;
}

/** Whether every gold token is the most likely one: greedy decoding would start with the gold answer. */
export function isExactMatch(argmax: Int32Array, goldTokens: Int32Array): boolean {
  return goldTokens.every((token, index) => argmax[index] === token);
}

/**
 * 1 where every gold token is the most likely one, else 0. Of dense's own answer, which is longer than most and a matter
 * of words, the share of tokens that are.
 */
export function accuracyOf(
  argmax: Int32Array,
  { goldTokens, goldOf }: Pick<EngineQuestion, 'goldTokens' | 'goldOf'>,
): number {
  if (goldOf !== 'dense') return isExactMatch(argmax, goldTokens) ? 1 : 0;
  return mean(Array.from(goldTokens, (token, index) => (argmax[index] === token ? 1 : 0)));
}

/** Metrics of a pass against the dense reference of the same question. */
export function passMetrics(
  output: DecodeOutput,
  reference: DenseReference,
  question: EngineQuestion,
): Metrics {
  const n = question.goldTokens.length;
  const kept = reference.ids.length / n;
  const row = (values: Float32Array, i: number) => values.subarray(i * kept, (i + 1) * kept);
  const positions = Array.from({ length: n }, (_, i) => i);
  const tokens = question.promptTokens.length + n - 1;
  return {
    kl: mean(
      positions.map((i) => truncatedKl(row(reference.logProbs, i), row(output.logProbs, i))),
    ),
    goldLogProbGap: mean(
      positions.map(
        (i) => (reference.goldLogProbs[i] as number) - (output.targetLogProbs[i] as number),
      ),
    ),
    accuracy: accuracyOf(output.argmax, question),
    density: output.density,
    bytesRead: output.bytesRead / tokens,
    readFraction: output.bytesRead / output.denseBytes,
    attentionMs: output.attentionMs / tokens,
  };
}
