import { canonicalJson } from '../space/canonical-json.js';
import type { Params } from '../space/distribution.js';
import { Improvement } from './improvement.js';
import type { Job } from './job.js';
import { RungRanking } from './rung-ranking.js';
import type {
  FinishReason,
  ImportedTrial,
  JobRecord,
  StudyHeader,
  StudyRecord,
} from './storage.js';
import { latestResult, type Trial, type TrialResult, type TrialState } from './trial.js';

/** Counts of a study, as a user wants to see them. */
export interface SearchProgress {
  /** Trials that there will be in all, imported ones included. */
  readonly trials: number;
  readonly running: number;
  readonly complete: number;
  readonly pruned: number;
  readonly failed: number;
  /** Of a study that began with trials of another: those of them in its space, and those that are evidence alone. */
  readonly imports?: { readonly inside: number; readonly outside: number };
  /** Resource units of all jobs that were started. */
  readonly resourceSpent: number;
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
  /** The study's trials at each rung, best first. */
  readonly ranking = new RungRanking();
  readonly #trials: MutableTrial[] = [];
  readonly #keys = new Set<string>();
  readonly #improvement = new Improvement();
  /** Jobs without a result, by the number of their trial, in the order they were handed out. */
  readonly #open = new Map<number, { readonly batch: number; readonly job: Job }>();
  readonly #queue = new Map<string, Params>();
  #header: StudyHeader | undefined;
  #outside: readonly Trial[] = [];
  #prior: readonly Params[] = [];
  #hasImported = false;
  #nImported = 0;
  #nBatches = 0;
  #nResults = 0;
  #nRunning = 0;
  #resourceSpent = 0;
  #version = 0;
  #finish: FinishReason | undefined;
  #improvedAt = 0;

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

  /** Imported trials that do not lie in the space, but tell a model something about it. */
  get outside(): readonly Trial[] {
    return this.#outside;
  }

  /** Configurations that are expected to be good. */
  get prior(): readonly Params[] {
    return this.#prior;
  }

  /** Rises with everything that happens. */
  get version(): number {
    return this.#version;
  }

  /** Batches that still lack results, oldest first. */
  get batches(): readonly Batch[] {
    const batches = new Map<number, Job[]>();
    for (const { batch, job } of this.#open.values()) {
      const jobs = batches.get(batch);
      if (jobs === undefined) batches.set(batch, [job]);
      else jobs.push(job);
    }
    return [...batches].map(([batch, jobs]) => ({ batch, jobs }));
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
    return this.#nRunning;
  }

  /** Trials that the study has started itself. */
  get nStarted(): number {
    return this.#trials.length - this.#nImported;
  }

  /** Resource units of all jobs that were started. */
  get resourceSpent(): number {
    return this.#resourceSpent;
  }

  /** Whether a configuration was suggested or imported before. */
  has(params: Params): boolean {
    return this.#keys.has(canonicalJson(params));
  }

  /** Whether a configuration was asked for and not started yet. */
  isQueued(params: Params): boolean {
    return this.#queue.has(canonicalJson(params));
  }

  /** The next configuration that a user asked for. */
  get nextQueued(): Params | undefined {
    return this.#queue.values().next().value;
  }

  /** New trials since a result was last better than all before it; for two objectives, dominated by none before it. */
  get trialsSinceImprovement(): number {
    return this.#trials.length - this.#improvedAt;
  }

  apply(record: StudyRecord): void {
    this.#version += 1;
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
        this.#fail(record);
        return;
      case 'enqueue':
        this.#enqueue(record.params);
        if (record.prior === true) this.#prior = [...this.#prior, ...record.params];
        return;
      case 'import':
        this.#import(record.trials, record.outside);
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
    const trial = params === undefined ? this.#at(number) : this.#add(params);
    trial.state = 'running';
    trial.target = to;
    this.#nRunning += 1;
    this.#resourceSpent += to - from;
    this.#version += 1;
    return { trial: { number, params: trial.params }, from, to };
  }

  /** Notes which started jobs were handed out together. */
  addBatch(jobs: readonly Job[]): void {
    for (const job of jobs) this.#open.set(job.trial.number, { batch: this.#nBatches, job });
    this.#nBatches += 1;
  }

  /** The best trials of the highest rung with a result, feasible ones first, by their own values. */
  best(k: number): readonly Trial[] {
    return this.ranking.best().slice(0, k);
  }

  /** @param best - the trial to name as the best */
  progress(best: Trial | undefined = this.best(1)[0]): SearchProgress {
    const states = { running: 0, complete: 0, pruned: 0, failed: 0 };
    const reached = new Map(this.#header?.scheduler.rungs.map((resource) => [resource, 0]));
    for (const { state, results } of this.#trials) {
      states[state] += 1;
      for (const { resource } of results) reached.set(resource, (reached.get(resource) ?? 0) + 1);
    }
    const result = best && latestResult(best);
    return {
      trials: this.#isOpenEnded
        ? this.#trials.length
        : Math.max(this.#trials.length, this.#nImported + (this.#header?.trials ?? 0)),
      resourceSpent: this.#resourceSpent,
      ...states,
      ...(this.#hasImported && {
        imports: { inside: this.#nImported, outside: this.#outside.length },
      }),
      rungs: [...reached].map(([resource, trials]) => ({ resource, trials })),
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

  #add(params: Params): MutableTrial {
    const trial: MutableTrial = {
      number: this.#trials.length,
      params: Object.freeze({ ...params }),
      state: 'running',
      target: 0,
      results: [],
    };
    this.#trials.push(trial);
    const key = canonicalJson(params);
    this.#keys.add(key);
    this.#queue.delete(key);
    return trial;
  }

  #enqueue(configurations: readonly Params[]): void {
    for (const params of configurations) {
      const key = canonicalJson(params);
      if (!this.#keys.has(key)) this.#queue.set(key, params);
    }
    this.#finish = undefined;
  }

  #import(trials: readonly ImportedTrial[], outside: readonly ImportedTrial[]): void {
    for (const { params, results, failure } of trials) {
      const trial = Object.assign(this.#add(params), { isImported: true as const });
      for (const result of results) this.#addResult(trial, result);
      if (failure !== undefined) this.#setFailed(trial, failure.to, failure.error);
    }
    this.#hasImported = true;
    this.#nImported += trials.length;
    // What was known before is what improvements are measured by; it is none itself.
    this.#improvedAt = this.#trials.length;
    this.#outside = outside.map(({ params, results, failure }, i) => ({
      number: -1 - i,
      params,
      state: failure === undefined ? 'pruned' : 'failed',
      results: results.map((result) => ({ ...result, order: this.#nResults++ })),
      target: failure?.to ?? results.at(-1)?.resource ?? 0,
      isImported: true,
      ...(failure !== undefined && { error: failure.error }),
    }));
  }

  #report(record: Extract<StudyRecord, { kind: 'report' }>): void {
    const { trial: number, to: resource, metrics, value, violation, objectives } = record;
    const pair = objectives !== undefined && { objectives };
    this.#addResult(this.#at(number), { resource, metrics, value, violation, ...pair });
    this.#settle(number);
  }

  #fail({ trial, to, error }: Extract<StudyRecord, { kind: 'fail' }>): void {
    this.#setFailed(this.#at(trial), to, error);
    this.#settle(trial);
  }

  #addResult(trial: MutableTrial, result: Omit<TrialResult, 'order'>): void {
    const { resource } = result;
    const ordered = { ...result, order: this.#nResults };
    trial.results.push(ordered);
    trial.target = resource;
    trial.state = resource === this.#header?.scheduler.rungs.at(-1) ? 'complete' : 'pruned';
    this.#nResults += 1;
    this.ranking.add(trial, resource);
    if (this.#improvement.note(ordered)) this.#improvedAt = this.#trials.length;
  }

  #setFailed(trial: MutableTrial, target: number, error: string): void {
    trial.state = 'failed';
    trial.target = target;
    trial.error = error;
    this.ranking.add(trial, target);
  }

  /** A job has its result. */
  #settle(trial: number): void {
    this.#open.delete(trial);
    this.#nRunning -= 1;
  }

  #at(number: number): MutableTrial {
    const trial = this.#trials[number];
    if (trial === undefined) throw new RangeError(`There is no trial ${number}`);
    return trial;
  }
}
