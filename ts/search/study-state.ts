import { canonicalJson } from '../space/canonical-json.js';
import type { Params } from '../space/distribution.js';
import type { Job } from './job.js';
import type { FinishReason, JobRecord, StudyHeader, StudyRecord } from './storage.js';
import {
  compareEvaluations,
  latestResult,
  resultAt,
  type Trial,
  type TrialResult,
  type TrialState,
} from './trial.js';

/** Counts of a study, as a user wants to see them. */
export interface SearchProgress {
  /** Trials that will be started in all. */
  readonly trials: number;
  readonly running: number;
  readonly complete: number;
  readonly pruned: number;
  readonly failed: number;
  /** Per rung: its resource, and how many trials have a result there. */
  readonly rungs: readonly { readonly resource: number; readonly trials: number }[];
  readonly best?: {
    readonly trial: number;
    readonly params: Params;
    readonly metrics: Readonly<Record<string, number>>;
    readonly isFeasible: boolean;
  };
}

/** Jobs that were handed out together, without those that have a result. */
export interface Batch {
  readonly batch: number;
  readonly jobs: readonly Job[];
}

interface MutableTrial extends Trial {
  state: TrialState;
  target: number;
  error?: string;
  readonly results: TrialResult[];
}

/** The budget of trials of a study that is bounded by something else. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** All that is known of a study, rebuilt by applying its records in order. */
export class StudyState {
  readonly #trials: MutableTrial[] = [];
  readonly #keys = new Set<string>();
  #header: StudyHeader | undefined;
  #batches: Batch[] = [];
  #nBatches = 0;
  #nResults = 0;
  #finish: FinishReason | undefined;
  #queue: readonly Params[] = [];
  #improvedAt = 0;
  #bests: TrialResult[] = [];

  static replay(records: readonly StudyRecord[]): StudyState {
    const state = new StudyState();
    for (const record of records) state.apply(record);
    return state;
  }

  /** Undefined where nothing was recorded yet. */
  get header(): StudyHeader | undefined {
    return this.#header;
  }

  get trials(): readonly Trial[] {
    return this.#trials;
  }

  /** Batches that still lack results, oldest first. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  /** Batches handed out so far. */
  get nBatches(): number {
    return this.#nBatches;
  }

  /** Why the study ended, or undefined while it goes on. */
  get finish(): FinishReason | undefined {
    return this.#finish;
  }

  get nRunning(): number {
    return this.#trials.reduce((count, trial) => count + (trial.state === 'running' ? 1 : 0), 0);
  }

  /** Whether a configuration was suggested before. */
  has(params: Params): boolean {
    return this.#keys.has(canonicalJson(params));
  }

  /** Configurations that users asked for and that were not started yet. */
  get queue(): readonly Params[] {
    return this.#queue;
  }

  /** New trials since a result was last better than all before it; for two objectives, dominated by none before it. */
  get trialsSinceImprovement(): number {
    return this.#trials.length - this.#improvedAt;
  }

  apply(record: StudyRecord): void {
    switch (record.kind) {
      case 'study': {
        const { kind: _kind, ...header } = record;
        this.#header = header;
        this.#finish = undefined;
        return;
      }
      case 'ask':
        this.addBatch(record.jobs.map((job) => this.start(job)));
        return;
      case 'report':
        this.#report(record);
        return;
      case 'fail':
        this.#fail(record.trial, record.error);
        return;
      case 'enqueue':
        this.#queue = [...this.#queue, ...record.params];
        this.#finish = undefined;
        return;
      case 'finish':
        this.#finish = record.reason;
        return;
      case 'promote':
        return; // the ask record that follows in the same unit holds the job
    }
  }

  /** Sets a trial running; a new one where the record brings a configuration. */
  start({ trial: number, from, to, params }: JobRecord): Job {
    const trial = params === undefined ? this.#at(number) : this.#add(number, params, to);
    trial.state = 'running';
    trial.target = to;
    return { trial: { number, params: trial.params }, from, to };
  }

  /** Notes which started jobs were handed out together. */
  addBatch(jobs: readonly Job[]): void {
    this.#batches.push({ batch: this.#nBatches, jobs });
    this.#nBatches += 1;
  }

  /** The best trials of the highest rung with a result, feasible ones first, by their own values. */
  best(k: number): readonly Trial[] {
    return bestTrials(this.#trials, k);
  }

  /** @param best - the trial to name as the best */
  progress(best: Trial | undefined = this.best(1)[0]): SearchProgress {
    const count = (state: TrialState) =>
      this.#trials.filter((trial) => trial.state === state).length;
    const rungs = (this.#header?.scheduler.rungs ?? []).map((resource) => ({
      resource,
      trials: this.#trials.filter((trial) =>
        trial.results.some((result) => result.resource === resource),
      ).length,
    }));
    const result = best && latestResult(best);
    return {
      trials: this.#isOpenEnded
        ? this.#trials.length
        : Math.max(this.#trials.length, this.#header?.trials ?? 0),
      running: count('running'),
      complete: count('complete'),
      pruned: count('pruned'),
      failed: count('failed'),
      rungs,
      ...(best !== undefined &&
        result !== undefined && {
          best: {
            trial: best.number,
            params: best.params,
            metrics: result.metrics,
            isFeasible: result.violation === 0,
          },
        }),
    };
  }

  /** Whether the budget of trials does not tell how many there will be. */
  get #isOpenEnded(): boolean {
    const { trials = 0 } = this.#header ?? {};
    return this.#finish === 'exhausted' || this.#finish === 'patience' || trials === UNLIMITED;
  }

  #add(number: number, params: Params, target: number): MutableTrial {
    const trial: MutableTrial = {
      number,
      params: Object.freeze({ ...params }),
      state: 'running',
      target,
      results: [],
    };
    this.#trials.push(trial);
    const key = canonicalJson(params);
    this.#keys.add(key);
    if (this.#queue.length > 0) {
      this.#queue = this.#queue.filter((queued) => canonicalJson(queued) !== key);
    }
    return trial;
  }

  #report(record: Extract<StudyRecord, { kind: 'report' }>): void {
    const { trial: number, to, metrics, value, violation, objectives } = record;
    const trial = this.#at(number);
    const result: TrialResult = {
      resource: to,
      metrics,
      value,
      violation,
      ...(objectives !== undefined && { objectives }),
      order: this.#nResults,
    };
    trial.results.push(result);
    this.#nResults += 1;
    trial.state = to === this.#header?.scheduler.rungs.at(-1) ? 'complete' : 'pruned';
    this.#noteImprovement(result);
    this.#settle(number);
  }

  /** A result at a higher rung than any before is an improvement, and one that none before it at its rung beats. */
  #noteImprovement(result: TrialResult): void {
    const top = this.#bests[0]?.resource ?? 0;
    if (result.resource < top) return;
    if (result.resource > top) this.#bests = [];
    if (this.#bests.some((best) => covers(best, result))) return;
    this.#bests = [...this.#bests.filter((best) => !covers(result, best)), result];
    this.#improvedAt = this.#trials.length;
  }

  #fail(number: number, error: string): void {
    const trial = this.#at(number);
    trial.state = 'failed';
    trial.error = error;
    this.#settle(number);
  }

  #settle(number: number): void {
    this.#batches = this.#batches
      .map(({ batch, jobs }) => ({
        batch,
        jobs: jobs.filter((job) => job.trial.number !== number),
      }))
      .filter(({ jobs }) => jobs.length > 0);
  }

  #at(number: number): MutableTrial {
    const trial = this.#trials[number];
    if (trial === undefined) throw new RangeError(`There is no trial ${number}`);
    return trial;
  }
}

/** The `k` best trials of the highest rung with a result, feasible ones first. */
export function bestTrials(trials: readonly Trial[], k: number): readonly Trial[] {
  const alive = trials.filter((trial) => trial.state !== 'failed' && trial.results.length > 0);
  const top = alive.reduce((most, trial) => Math.max(most, latestResult(trial)?.resource ?? 0), 0);
  return alive
    .flatMap((trial) => {
      const result = resultAt(trial, top);
      return result === undefined ? [] : [{ trial, result }];
    })
    .sort((a, b) => compareEvaluations(a.result, b.result) || a.trial.number - b.trial.number)
    .slice(0, k)
    .map(({ trial }) => trial);
}

/** Whether `a` is at least as good as `b` in everything. */
function covers(a: TrialResult, b: TrialResult): boolean {
  if (a.violation !== b.violation) return a.violation < b.violation;
  if (a.objectives === undefined || b.objectives === undefined) return a.value <= b.value;
  return a.objectives[0] <= b.objectives[0] && a.objectives[1] <= b.objectives[1];
}
