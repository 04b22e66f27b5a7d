import test from 'ava';
import { summarise } from '../../ts/bench/measured.js';
import { benchmarkScores } from '../../ts/bench/summary.js';
import { summaryMarkdown } from '../../ts/bench/summary-markdown.js';
import { answerRow, cellReport } from '../helpers/reports.js';

const timings = (ms?: number, denseMs?: number) => ({
  attentionMs: ms ?? 1,
  denseAttentionMs: denseMs ?? 4,
  elapsedMs: 100,
  ...(ms !== undefined &&
    denseMs !== undefined && {
      step: { ms, denseMs, attentionMs: ms / 10, denseAttentionMs: denseMs / 5 },
    }),
});

test('scores, metrics and times are what the rows say', async (t) => {
  const rows = [
    answerRow('a1', { score: 1, denseScore: 1, timings: timings(10, 20) }),
    answerRow('a2', { score: 0.5, denseScore: 1, timings: timings(20, 30) }),
    answerRow('b1', { score: 0, denseScore: 0, timings: timings(40, 40) }),
    answerRow('b2', { score: 0.5, denseScore: 0, timings: timings() }),
  ];
  const measured = await summarise(rows, { isDense: false });
  t.is(measured.score?.mean, 0.5);
  t.is(measured.denseScore?.mean, 0.5);
  t.is(measured.difference?.mean, 0);
  t.true((measured.difference?.low ?? 0) < 0 && (measured.difference?.high ?? 0) > 0);
  t.is(measured.kl, 0.1);
  t.is(measured.density, 0.2);
  t.deepEqual(measured.attentionMs, { sparse: 15, dense: 25, speedup: 1.75 });
  t.deepEqual(measured.stepAttentionMs, { sparse: 2, dense: 6, speedup: 3 });
  t.deepEqual(measured.tokensPerSecond, {
    sparse: 50,
    dense: 1000 / 30,
    speedup: 1.5,
    questions: 3,
  });
  t.is(measured.elapsedMs, 400);
});

test('the standard error of one question a context is that of a mean', async (t) => {
  const n = 40;
  const rows = Array.from({ length: n }, (_, i) =>
    answerRow(`q${i}`, { context: String(i), score: i % 4 === 0 ? 1 : 0 }),
  );
  const { score } = await summarise(rows, { isDense: true });
  const expected = Math.sqrt((0.25 * 0.75) / n);
  t.true(Math.abs((score?.standardError ?? 0) / expected - 1) < 0.03);
});

test('questions of one context that agree are worth one question', async (t) => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    answerRow(`q${i}`, { context: String(i >> 2), score: (i >> 2) % 2 }),
  );
  const { score } = await summarise(rows, { isDense: true });
  t.true(Math.abs((score?.standardError ?? 0) / Math.sqrt(0.25 / 10) - 1) < 0.03);
});

test('of one question no standard error is known, nor that of its benchmark', async (t) => {
  const { score } = await summarise([answerRow('a', { score: 1 })], { isDense: true });
  t.is(score?.standardError, null);
  const cells = ['ruler/vt@512', 'ruler/cwe@512'].map((task) =>
    cellReport({ task, ...(score && { score }) }),
  );
  t.is(benchmarkScores(cells)[0]?.standardError, null);
  t.regex(summaryMarkdown(cells, []), /\| 1\.000 \|/);
});

test('dense has no difference to itself, and answers without references no score', async (t) => {
  t.false('difference' in (await summarise([answerRow('a')], { isDense: true })));
  const open = answerRow('a', { score: null, denseScore: null });
  const measured = await summarise([open], { isDense: false });
  t.false('score' in measured);
  t.is(measured.kl, 0.1);
});

test('what could not be measured is left out of the mean', async (t) => {
  const { metrics } = answerRow('a');
  const unknown = { ...metrics, kl: null as unknown as number };
  const rows = [answerRow('a'), answerRow('b', { metrics: unknown })];
  t.is((await summarise(rows, { isDense: false })).kl, 0.1);
  t.deepEqual(await summarise([], { isDense: false }), { elapsedMs: 0 });
});
