import { PreparedQuestions } from '../engine/prepared-questions.js';
import type { QuestionResult } from '../engine/question.js';
import { SparseTuneError } from '../errors.js';
import type { Preset } from '../maskers/presets.js';
import type { Metrics } from '../metrics.js';
import type { Job, JobResult } from '../search/job.js';
import { resultAt, type Trial } from '../search/trial.js';
import { metricsOfPart, partMetric, type StudyPart, takeInTurn } from './study-parts.js';

type NamedMetrics = Readonly<Record<string, number>>;

/** What the jobs of one study are run with. */
export interface JobContext {
  readonly parts: readonly StudyPart[];
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
 * Runs jobs of a study in one batch per task, each on its new questions only, and joins what its trial has measured
 * before. In a study of several tasks a metric is the mean of the tasks' means, and those are reported beside it.
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
    const metrics = await run(jobs, context);
    return jobs.map(({ trial, to }, i) => ({
      trial: trial.number,
      to,
      metrics: metrics[i] ?? {},
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

async function run(jobs: readonly Job[], context: JobContext): Promise<NamedMetrics[]> {
  const { parts } = context;
  const perPart: NamedMetrics[][] = [];
  for (const part of parts) perPart.push(await runPart(jobs, part, context));
  return jobs.map((_, i) => {
    const own = perPart.map((metrics) => metrics[i] ?? {});
    const [first = {}] = own;
    if (parts.length === 1) return first;
    const named = parts.flatMap((part, p) =>
      Object.entries(own[p] ?? {}).map(([name, value]) => [partMetric(parts, part, name), value]),
    );
    const means = Object.keys(first).map((name) => {
      const values = own.flatMap((metrics) => metrics[name] ?? []);
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    });
    return Object.fromEntries([...means, ...named]) as NamedMetrics;
  });
}

/** The jobs on the questions of one part: for each job the means over all of them that it reaches. */
async function runPart(
  jobs: readonly Job[],
  part: StudyPart,
  { parts, preset, seed, outputError, reuse, signal, trials }: JobContext,
): Promise<NamedMetrics[]> {
  const at = parts.indexOf(part);
  const evaluations = jobs.map(({ trial, from, to }) => ({
    chain: { ...preset.compose(trial.params), seed },
    from: takeInTurn(parts, from)[at] ?? 0,
    to: takeInTurn(parts, to)[at] ?? 0,
  }));
  const results = await part.questions.evaluate(evaluations, { outputError, reuse, signal });
  return evaluations.map(({ from, to }, i) => {
    const added = results[i] ?? [];
    if (from === 0) return { ...meanMetrics(added.map(({ metrics }) => metrics)) } as NamedMetrics;
    const before = metricsOfPart(parts, part, metricsBefore(jobs[i], trials));
    return joinMetrics(before, added, { from, to });
  });
}

/** A config that the kernels or the checks refuse; anything else is the machine's fault or ours. */
function isConfigFault(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_CONFIG';
}

/** What the trial of a job had measured when it reached where the job starts. */
function metricsBefore(job: Job | undefined, trials: readonly Trial[]): NamedMetrics {
  const earlier = trials.find(({ number }) => number === job?.trial.number);
  const result = earlier && job && resultAt(earlier, job.from);
  if (result !== undefined) return result.metrics;
  throw new SparseTuneError(
    'ERR_ENGINE',
    `Trial ${job?.trial.number} has no result at ${job?.from}`,
  );
}

/** Means over the first `to` questions, from the means over the first `from` and the results of the rest. */
function joinMetrics(
  before: NamedMetrics,
  added: readonly QuestionResult[],
  { from, to }: { from: number; to: number },
): NamedMetrics {
  const own = meanMetrics(added.map(({ metrics }) => metrics));
  const names = Object.keys(before) as (keyof Metrics)[];
  return Object.fromEntries(
    names.map((name) => {
      const [nBefore, nAdded] = sampleSizes(name, from, to);
      const sum =
        nBefore * (before[name] ?? 0) + (nAdded === 0 ? 0 : nAdded * (own[name] ?? Number.NaN));
      return [name, sum / (nBefore + nAdded)];
    }),
  );
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
