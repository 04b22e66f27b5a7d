import test from 'ava';
import {
  accuracyOf,
  forcedTokens,
  isExactMatch,
  passMetrics,
} from '../../ts/engine/teacher-forcing.js';
import type { DecodeOutput } from '../../ts/native/llama-addon.js';

const question = {
  id: 'q',
  context: 0,
  promptTokens: Int32Array.of(1, 2, 3),
  goldTokens: Int32Array.of(7, 8),
  maxNewTokens: 4,
};
const logs = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);
const isClose = (a: number, b: number) => Math.abs(a - b) < 1e-6;

const reference = {
  ids: Int32Array.of(7, 9, 8, 9),
  logProbs: logs(0.5, 0.3, 0.6, 0.4),
  goldLogProbs: logs(0.5, 0.6),
  argmax: Int32Array.of(7, 8),
};

const output: DecodeOutput = {
  targetLogProbs: logs(0.25, 0.6),
  argmax: Int32Array.of(9, 8),
  ids: reference.ids,
  logProbs: logs(0.25, 0.45, 0.6, 0.4),
  density: 0.125,
  bytesRead: 4000,
  denseBytes: 16_000,
  attentionMs: 2,
  hostReasons: [],
};

test('all gold tokens but the last follow the prompt', (t) => {
  t.deepEqual([...forcedTokens(question)], [1, 2, 3, 7]);
});

test('a match is exact where each gold token is the most likely', (t) => {
  t.true(isExactMatch(Int32Array.of(7, 8), question.goldTokens));
  t.false(isExactMatch(Int32Array.of(7, 9), question.goldTokens));
  t.false(isExactMatch(Int32Array.of(7), question.goldTokens));
});

test('metrics are means over gold positions, costs are per token', (t) => {
  const metrics = passMetrics(output, reference, question);
  // By hand: the second position is equal, the first has 0.5 ln 2 + 0.3 ln(2/3) + 0.2 ln(2/3).
  const kl = (0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)) / 2;
  t.true(isClose(metrics.kl, kl), String(metrics.kl));
  t.is(metrics.accuracy, 0);
  t.is(metrics.density, 0.125);
  t.is(metrics.bytesRead, 1000);
  t.is(metrics.readFraction, 0.25);
  t.is(metrics.attentionMs, 0.5);
});

test('the gap of the gold answer is what sparse attention loses', (t) => {
  const { goldLogProbGap } = passMetrics(output, reference, question);
  t.true(isClose(goldLogProbGap, Math.log(2) / 2), String(goldLogProbGap));
});

test("accuracy is all or nothing of gold, and the share of tokens of dense's own answer", (t) => {
  const goldTokens = Int32Array.of(7, 8, 9, 10);
  const argmax = Int32Array.of(7, 8, 1, 10);
  t.is(accuracyOf(argmax, { goldTokens }), 0);
  t.is(accuracyOf(argmax, { goldTokens, goldOf: 'dense' }), 0.75);
  t.is(accuracyOf(goldTokens, { goldTokens }), 1);
});
