import anyTest, { type TestFn } from 'ava';
import { getPreset, type Preset } from '../../ts/maskers/presets.js';
import type { Job } from '../../ts/search/job.js';
import type { Trial } from '../../ts/search/trial.js';
import { evaluateJobs, type JobContext, meanMetrics } from '../../ts/tune/evaluate-jobs.js';
import { loadTinyModel } from '../helpers/models.js';
import { type TinyQuestions, tinyQuestions } from '../helpers/tiny-questions.js';
import { metrics } from '../helpers/winners.js';

const test = anyTest as TestFn<TinyQuestions>;

test.before(async (t) => {
  t.context = await tinyQuestions(await loadTinyModel());
});

const preset = getPreset('streaming_llm');

/** The preset, but trials with sinkSize 7 are composed to what the engine refuses. */
const failing: Preset = {
  ...preset,
  compose: (params) => {
    const composed = preset.compose(params);
    return params['sinkSize'] === 7 ? { ...composed, semantics: 'hub' } : composed;
  },
};

function context({ prepared }: TinyQuestions, changes: Partial<JobContext> = {}): JobContext {
  return {
    parts: [{ task: 'tiny', questions: prepared }],
    preset,
    seed: 0,
    outputError: false,
    reuse: false,
    signal: undefined,
    trials: [],
    ...changes,
  };
}

const job = (number: number, sinkSize: number, from = 0, to = 4): Job => ({
  trial: { number, params: { sinkSize, windowSize: 16 } },
  from,
  to,
});

test('a config that cannot run fails alone', async (t) => {
  const jobs = [job(0, 4), job(1, 7), job(2, 8)];
  const results = await evaluateJobs(jobs, context(t.context, { preset: failing }));
  t.deepEqual(
    results.map((result) => [result.trial, 'error' in result]),
    [
      [0, false],
      [1, true],
      [2, false],
    ],
  );
  const [, failed] = results;
  t.regex(failed && 'error' in failed ? failed.error : '', /hub/);
});

test('an error that is no fault of a config is thrown', async (t) => {
  const broken: Preset = {
    ...preset,
    compose: () => {
      throw new TypeError('a bug');
    },
  };
  await t.throwsAsync(evaluateJobs([job(0, 4)], context(t.context, { preset: broken })), {
    message: 'a bug',
  });
});

test('an aborted batch is thrown with the reason, not counted as failures', async (t) => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(evaluateJobs([job(0, 4)], context(t.context, { signal }))), reason);
});

for (const outputError of [false, true]) {
  const title = outputError ? 'with the output error' : 'without the output error';
  test(`means over a rung and its increment are the means over all, ${title}`, async (t) => {
    const [first] = await evaluateJobs([job(0, 4, 0, 4)], context(t.context, { outputError }));
    if (first === undefined || 'error' in first) return t.fail();
    const earlier = first.metrics as Record<string, number>;
    const trial: Trial = {
      number: 0,
      params: job(0, 4).trial.params,
      state: 'running',
      results: [{ resource: 4, metrics: earlier, value: 0, violation: 0, order: 0 }],
      target: 11,
    };
    const changes = { outputError, trials: [trial] };
    const [joined] = await evaluateJobs([job(0, 4, 4, 11)], context(t.context, changes));
    const [whole] = await evaluateJobs([job(0, 4, 0, 11)], context(t.context, { outputError }));
    if (joined === undefined || whole === undefined) return t.fail();
    if ('error' in joined || 'error' in whole) return t.fail();
    t.deepEqual(Object.keys(joined.metrics), Object.keys(whole.metrics));
    t.is('outputError' in whole.metrics, outputError);
    for (const [name, value = Number.NaN] of Object.entries(whole.metrics)) {
      if (name === 'attentionMs') continue;
      const error = Math.abs((joined.metrics[name] ?? Number.NaN) - value);
      t.true(error <= 1e-6 * Math.max(1, Math.abs(value)), `${name}: ${error}`);
    }
  });
}

test('the mean of a metric is over the questions that have it', (t) => {
  const rows = [metrics({ kl: 1, outputError: 0.5 }), metrics({ kl: 2 }), metrics({ kl: 6 })];
  t.like(meanMetrics(rows), { kl: 3, outputError: 0.5 });
  t.deepEqual(meanMetrics([]), {});
});
