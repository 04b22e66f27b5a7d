import { tasksOf, type WinnerKey } from '../cache/winner.js';
import { winnerId } from '../cache/winner-cache.js';
import { isAny } from '../maskers/any-preset.js';
import { asMetrics } from '../metrics.js';
import { AshaScheduler } from '../search/asha-scheduler.js';
import type { Job, JobResult } from '../search/job.js';
import { JournalStorage } from '../search/journal-storage.js';
import type { Objective } from '../search/objective.js';
import { Study } from '../search/study.js';
import type { SearchProgress } from '../search/study-state.js';
import { TpeSampler } from '../search/tpe-sampler.js';
import { latestResult, type Trial } from '../search/trial.js';
import type { Params } from '../space/distribution.js';
import type { StudyProgress } from '../tune-events.js';
import { budgetUse, remainingMs } from './budget.js';
import { checkRungs, type EarlierStudy, readBegun } from './earlier-study.js';
import { evaluateJobs } from './evaluate-jobs.js';
import type { FinishedStudy } from './finished-study.js';
import { methodStarts } from './method-starts.js';
import type { TunedConfig, TuneRequest } from './options.js';
import { type PendingStep, rememberOptions } from './study-options.js';
import { countQuestions, type StudyPart } from './study-parts.js';
import { findWarmStarts, type WarmStart } from './warm-start.js';

/** What one study searches, and on what. */
export interface StudyPlan {
  readonly config: TunedConfig;
  /** Of the winner that it is for. */
  readonly key: WinnerKey;
  readonly objective: Objective;
  readonly parts: readonly StudyPart[];
  /** Tokens of the shortest context of all parts. */
  readonly shortestContext: number;
  /** Whose trials it begins with. */
  readonly earlier: EarlierStudy | undefined;
  /** What is still to be tuned when the study begins, the study itself first. */
  readonly pending: readonly PendingStep[];
}

/** Tokens of a batch of the decoder: jobs are asked for until about one batch is full. */
const batchTokens = 512;

/**
 * Name of the study of a winner: readable parts, the key, and what else makes a search another one. What may be raised,
 * such as its budget, is no part of it: more trials go on with the same study.
 */
export function studyName(
  request: TuneRequest,
  { config, key }: Pick<StudyPlan, 'config' | 'key'>,
): string {
  const tasks = tasksOf(key);
  const [first = ''] = tasks;
  const task =
    tasks.length > 1 ? `global_${tasks.length}_tasks` : first.replaceAll(/[^\w@.]+/g, '_');
  const measured = request.outputError ? '-outputError' : '';
  return `${config.preset.name}-${task}-${winnerId(key)}-s${request.seed}${measured}`;
}

/**
 * Searches one config's space, or goes on with the study of that name.
 *
 * @throws the signal's reason where it is aborted: the study then resumes where it stopped
 */
export async function runStudy(request: TuneRequest, plan: StudyPlan): Promise<FinishedStudy> {
  const start = performance.now();
  const { config, key, parts } = plan;
  const name = studyName(request, plan);
  const nQuestions = countQuestions(parts);
  const storage = new JournalStorage(request.home);
  // A forced search starts anew: the old journal is kept under another name, beside the new one.
  if (request.force) await storage.setAside(name);
  const scheduler = makeScheduler(parts);
  const { earlier } = plan;
  if (earlier !== undefined) checkRungs(earlier, scheduler.rungs);
  const warmStart = await warmStartOf(request, plan);
  const study = await Study.open({
    name,
    space: config.space,
    sampler: new TpeSampler({ seed: request.seed }),
    scheduler,
    objective: plan.objective,
    storage,
    budget: config.budget,
    ...(request.patience !== undefined && { patience: request.patience }),
    enqueue: [...config.enqueue, ...starts(request, plan)],
    warmStart: warmStart?.map(({ params }) => params) ?? [],
    imports: earlier?.trials ?? [],
    metadata: { key, outputError: request.outputError },
    isFeasible: (params) =>
      config.preset.infeasibility(params, { nKv: plan.shortestContext }) === undefined,
  });
  try {
    await rememberOptions(request.home, name, request.options, plan.pending);
    for (const message of study.warnings) request.emit({ event: 'warning', message });
    tellOfStart(request, plan, { study, warmStart });
    const { signal } = request;
    const watch = watchStudy(request, config, study);
    const capacity = batchCapacity(parts, scheduler.rungs[0] ?? 1);
    while (!study.isFinished) {
      signal?.throwIfAborted();
      const jobs = await study.ask(capacity);
      watch.started(jobs);
      const results = await evaluateJobs(jobs, {
        parts,
        preset: config.preset,
        seed: request.seed,
        outputError: request.outputError,
        reuse: request.reuse,
        signal: undefined, // a batch that runs is finished and saved; the signal is looked at between batches
        trials: study.trials,
      });
      await study.tell(results);
      watch.finished(results);
    }
    warnOfUntried(request, config, study, plan.shortestContext);
    return {
      name,
      best: bestOf(study),
      firstError: study.trials.find(({ error }) => error !== undefined)?.error,
      trials: study.trials,
      rungs: scheduler.rungs,
      questions: nQuestions,
      searchMs: performance.now() - start,
    };
  } finally {
    await study.close();
  }
}

/** The front of two objectives where any trial holds the constraints; else the best trials. */
function bestOf(study: Study): readonly Trial[] {
  const front = study.objective.isPareto === true ? study.front() : [];
  return front.length > 0 ? front : study.best(study.trials.length);
}

/** What a search over several methods tries of each. */
function starts({ seed }: TuneRequest, { config, shortestContext }: StudyPlan): readonly Params[] {
  const { preset, budget } = config;
  if (!isAny(preset)) return [];
  const { trials = Number.POSITIVE_INFINITY } = budget;
  return methodStarts(preset, { trials, seed, nKv: shortestContext });
}

/** What won elsewhere, where that is asked for; undefined for a study that has begun, and keeps what it began with. */
async function warmStartOf(
  request: TuneRequest,
  plan: StudyPlan,
): Promise<readonly WarmStart[] | undefined> {
  if (!request.warmStart || (await readBegun(request, studyName(request, plan)))) return undefined;
  return findWarmStarts(request, plan);
}

function tellOfStart(
  { emit, patience, continueFrom }: TuneRequest,
  { config, key }: StudyPlan,
  { study, warmStart }: { study: Study; warmStart: readonly WarmStart[] | undefined },
): void {
  const about = { config: config.preset.name, tasks: tasksOf(key) };
  const { imports } = study.progress();
  emit({
    event: 'study',
    ...about,
    name: study.name,
    resumedTrials: study.trials.length - (imports?.inside ?? 0),
    budget: config.budget,
    ...(patience !== undefined && { patience }),
    ...(imports !== undefined && { imports }),
    ...(imports !== undefined && continueFrom !== undefined && { continueFrom }),
  });
  if (warmStart !== undefined) emit({ event: 'warm-start', ...about, from: warmStart });
}

/** The lowest rung holds a question of every task, so that no trial is promoted unmeasured on one. */
function makeScheduler(parts: readonly StudyPart[]): AshaScheduler {
  const maxResource = countQuestions(parts);
  const scheduler = new AshaScheduler({ maxResource });
  if ((scheduler.rungs[0] ?? 0) >= parts.length) return scheduler;
  return new AshaScheduler({ maxResource, minResource: parts.length });
}

/** Tells of configurations that were asked for and not tried, with the reason. */
function warnOfUntried(
  { emit }: TuneRequest,
  { preset, enqueue }: TunedConfig,
  study: Study,
  nKv: number,
): void {
  const tried = new Set(study.trials.map(({ params }) => study.space.key(params)));
  for (const params of enqueue.filter((asked) => !tried.has(study.space.key(asked)))) {
    const reason = preset.infeasibility(params, { nKv }) ?? 'the budget was spent; raise it';
    emit({
      event: 'warning',
      message: `${preset.name} did not try the enqueued ${JSON.stringify(params)}: ${reason}`,
    });
  }
}

/** As many jobs of the first rung as fill a batch of the decoder. */
function batchCapacity(parts: readonly StudyPart[], firstRung: number): number {
  const questions = parts.flatMap((part) => part.questions.questions);
  const tokens = questions.reduce(
    (sum, { promptTokens, goldTokens }) => sum + promptTokens.length + goldTokens.length - 1,
    0,
  );
  return Math.max(1, Math.round(batchTokens / ((tokens / questions.length) * firstRung)));
}

/** Tells of trials and progress, with the time that is left judged by the questions still to be run. */
function watchStudy({ emit }: TuneRequest, { preset, budget }: TunedConfig, study: Study) {
  const start = performance.now();
  let ran = 0;
  const report = () => {
    const elapsedMs = performance.now() - start;
    const progress = study.progress();
    const spending = { progress, elapsedMs };
    const leftMs = remainingMs(budget, spending, ran);
    emit({
      event: 'search',
      config: preset.name,
      progress: toProgress(progress),
      budget: budgetUse(budget, spending),
      elapsedMs,
      ...(leftMs === undefined ? {} : { remainingMs: leftMs }),
      ...(study.objective.isPareto === true && { front: study.front().length }),
    });
  };
  const trialEvent = (number: number) => {
    const trial = study.trials[number];
    if (trial === undefined) return;
    const result = latestResult(trial);
    emit({
      event: 'trial',
      config: preset.name,
      trial: number,
      state: trial.state,
      questions: trial.state === 'running' ? trial.target : (result?.resource ?? 0),
      params: trial.params,
      ...(result === undefined ? {} : { metrics: asMetrics(result.metrics) }),
      ...(trial.error === undefined ? {} : { error: trial.error }),
    });
  };
  return {
    started(jobs: readonly Job[]): void {
      for (const { trial } of jobs) trialEvent(trial.number);
      report();
      ran += jobs.reduce((sum, { from, to }) => sum + to - from, 0);
    },
    finished(results: readonly JobResult[]): void {
      for (const { trial } of results) trialEvent(typeof trial === 'number' ? trial : trial.number);
      report();
    },
  };
}

function toProgress({ best, ...rest }: SearchProgress): StudyProgress {
  if (best === undefined) return rest;
  return { ...rest, best: { ...best, metrics: asMetrics(best.metrics) } };
}
