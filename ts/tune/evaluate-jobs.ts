import { PreparedQuestions } from '../engine/prepared-questions.js';
import type { QuestionResult } from '../engine/question.js';
import { SparseTuneError } from '../errors.js';
import type { Preset } from '../maskers/presets.js';
import type { Metrics } from '../metrics.js';
import type { Job, JobResult } from '../search/job.js';
import { resultAt, type Trial } from '../search/trial.js';

/** What the jobs of one study are run with. */
export interface JobContext {
  readonly questions: PreparedQuestions;
  readonly preset: Preset;
  /** Of the random draws inside the maskers; one for all trials, so that they differ in their settings alone. */
  readonly seed: number;
  readonly outputError: boolean;
  /** Take what other studies measured of the same config. */
  readonly reuse: boolean;
  readonly signal: AbortSignal | undefined;
  readonly trials: readonly Trial[];
}

/**
 * Runs jobs of a study in one batch, each on its new questions only, and joins what its trial has measured before.
 *
 * A config that cannot run fails its own trial, not its neighbours'.
 *
 * @throws the signal's reason where it is aborted; anything that is no fault of a config
 */
export async function evaluateJobs(
  jobs: readonly Job[],
  context: JobContext,
): Promise<JobResult[]> {
  try {
    const results = await run(jobs, context);
    return jobs.map((job, i) => ({
      trial: job.trial.number,
      to: job.to,
      metrics: { ...joinMetrics(job, results[i] ?? [], context.trials) },
    }));
  } catch (error) {
    if (context.signal?.aborted || !isConfigFault(error)) throw error;
    const [only] = jobs;
    if (only !== undefined && jobs.length === 1) {
      return [{ trial: only.trial.number, error: (error as Error).message }];
    }
    const alone: JobResult[] = [];
    for (const job of jobs) alone.push(...(await evaluateJobs([job], context)));
    return alone;
  }
}

function run(jobs: readonly Job[], context: JobContext): Promise<QuestionResult[][]> {
  const evaluations = jobs.map(({ trial, from, to }) => ({
    chain: { ...context.preset.compose(trial.params), seed: context.seed },
    from,
    to,
  }));
  return context.questions.evaluate(evaluations, {
    outputError: context.outputError,
    reuse: context.reuse,
    signal: context.signal,
  });
}

/** A config that the kernels or the checks refuse; anything else is the machine's fault or ours. */
function isConfigFault(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_CONFIG';
}

/** Means over the first `to` questions, from the means over the first `from` and the results of the rest. */
function joinMetrics(
  { trial, from, to }: Job,
  added: readonly QuestionResult[],
  trials: readonly Trial[],
): Metrics {
  const own = meanMetrics(added.map(({ metrics }) => metrics));
  if (from === 0) return own as Metrics;
  const earlier = trials.find(({ number }) => number === trial.number);
  const before: Partial<Metrics> | undefined = earlier && resultAt(earlier, from)?.metrics;
  if (before === undefined) {
    throw new SparseTuneError('ERR_ENGINE', `Trial ${trial.number} has no result at ${from}`);
  }
  const names = Object.keys(before) as (keyof Metrics)[];
  return Object.fromEntries(
    names.map((name) => {
      const [nBefore, nAdded] = sampleSizes(name, from, to);
      const sum =
        nBefore * (before[name] ?? 0) + (nAdded === 0 ? 0 : nAdded * (own[name] ?? Number.NaN));
      return [name, sum / (nBefore + nAdded)];
    }),
  ) as unknown as Metrics;
}

/** How many questions of [0, from) and [from, to) have the metric. */
function sampleSizes(name: keyof Metrics, from: number, to: number): [number, number] {
  if (name !== 'outputError') return [from, to - from];
  const before = PreparedQuestions.sampledForOutputError(from);
  return [before, PreparedQuestions.sampledForOutputError(to) - before];
}

/** The mean of each metric over the questions that have it. */
export function meanMetrics(metrics: readonly Metrics[]): Partial<Metrics> {
  const names = new Set(metrics.flatMap((each) => Object.keys(each))) as Set<keyof Metrics>;
  return Object.fromEntries(
    [...names].map((name) => {
      const values = metrics.flatMap((each) => each[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}
