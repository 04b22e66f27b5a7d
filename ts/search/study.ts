import { rejectArgument, rejectRange, SearchSpaceError, SparseTuneError } from '../errors.js';
import type { Params } from '../space/distribution.js';
import { SearchSpace, type SpaceSchema } from '../space/search-space.js';
import type { Budget } from './budget.js';
import { checkInteger } from './check-options.js';
import { IncumbentRanking } from './incumbent-ranking.js';
import type { Job, JobResult } from './job.js';
import { MemoryStorage } from './memory-storage.js';
import { type Objective, orientObjective } from './objective.js';
import { paretoFront, withParetoValues } from './pareto.js';
import type { Sampler } from './sampler.js';
import type { Scheduler } from './scheduler.js';
import type { JobRecord, Storage, StudyHeader, StudyLog, StudyRecord } from './storage.js';
import { rejectDifferences } from './study-header.js';
import { checkLimits, StudyLimits } from './study-limits.js';
import { bestTrials, type SearchProgress, StudyState } from './study-state.js';
import type { Trial } from './trial.js';

export interface StudyOptions {
  /** Name in the storage. Default `study`. */
  readonly name?: string;
  readonly space: SpaceSchema | SearchSpace;
  readonly sampler: Sampler;
  readonly scheduler: Scheduler;
  /** How metrics become a value; a text is read by parseObjective. Default: the metric `value`. */
  readonly objective?: Objective | string;
  /** Default `minimize`. */
  readonly direction?: 'minimize' | 'maximize';
  /** Default: this process's memory. */
  readonly storage?: Storage;
  /**
   * Budget of new trials, those of a resumed study included; promotions are not counted. Needed unless `budget` is given.
   */
  readonly trials?: number;
  /** What else bounds the study; whatever is spent first ends it. */
  readonly budget?: Budget;
  /** New trials without an improvement at the highest rung reached, after which no more are started. Default: no limit. */
  readonly patience?: number;
  /** Configurations to try first, in this order; see Study.enqueue. */
  readonly enqueue?: readonly Params[];
  /** False for a configuration that must not be run; it is never suggested and costs no trial. */
  readonly isFeasible?: (params: Params) => boolean;
  /** Jobs that may be running at a time. Default: no limit. */
  readonly parallel?: number;
  /** What else a resumed study must agree in, e.g. model and task. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * One optimisation: hands out jobs, takes their results, and is resumed exactly from its storage.
 *
 * The same options and the same results in the same order give the same jobs. `ask` records a batch before it hands it
 * out; a study that is opened again first hands out the batches that lack results, each in its old composition (one
 * per call, whatever number is asked for), and then goes on as if it had never stopped. Results told in one call are
 * recorded all or none.
 *
 * @example
 * const study = await Study.open({ space, sampler: new TpeSampler({ seed: 1 }), scheduler: new AshaScheduler({ maxResource: 32 }), trials: 27 });
 * while (!study.isFinished) {
 *   const jobs = await study.ask(4);
 *   await study.tell(jobs.map(({ trial, to }) => ({ trial, to, metrics: { value: evaluate(trial.params, to) } })));
 * }
 * await study.close();
 * console.log(study.best(1));
 */
export class Study {
  readonly space: SearchSpace;
  readonly name: string;
  readonly objective: Objective;
  readonly #options: StudyOptions;
  readonly #incumbents: IncumbentRanking;
  readonly #limits: StudyLimits;
  readonly #log: StudyLog;
  #state: StudyState;
  /** Batches found in the storage without results, still to be handed out again. */
  #recovered: Job[][];
  #isExhausted = false;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: StudyOptions, space: SearchSpace, log: StudyLog) {
    this.space = space;
    this.name = options.name ?? 'study';
    this.objective = orientObjective(options.objective, options.direction);
    this.#options = options;
    this.#incumbents = new IncumbentRanking(space, options.scheduler.rungs);
    this.#limits = new StudyLimits(options);
    this.#log = log;
    this.#state = StudyState.replay(log.records);
    this.#recovered = this.#state.batches.map(({ jobs }) => [...jobs]);
    this.#isExhausted = this.#state.finish === 'exhausted';
  }

  /**
   * Starts a study, or resumes the one of that name in the storage.
   *
   * @throws {StorageError} `ERR_STORAGE` if the stored study has another space, objective, sampler, scheduler or metadata;
   *   `ERR_STUDY_LOCKED` while another process writes it
   * @throws {SearchSpaceError} if the space is malformed
   */
  static async open(options: StudyOptions): Promise<Study> {
    checkLimits(options);
    if (options.parallel !== undefined) checkInteger('parallel', options.parallel, 1);
    const space = SearchSpace.parse(options.space);
    const log = await (options.storage ?? new MemoryStorage()).open(options.name ?? 'study');
    try {
      const study = new Study(options, space, log);
      await study.#agree();
      await study.enqueue(options.enqueue ?? []);
      await study.#finish();
      return study;
    } catch (cause) {
      await log.close();
      throw cause;
    }
  }

  /** All trials, in order of their number. */
  get trials(): readonly Trial[] {
    return this.#state.trials;
  }

  /** What could be mended when the study was opened, e.g. a torn last record. */
  get warnings(): readonly string[] {
    return this.#log.warnings;
  }

  /** Whether every job has its result and there is none left to run. */
  get isFinished(): boolean {
    if (this.#state.finish !== undefined) return true;
    if (!this.#isDraining || this.#state.nRunning > 0) return false;
    return this.#promotion() === undefined;
  }

  /**
   * The next jobs, at most `n`: promotions first, then new trials. Empty when a running job must report first, and when
   * the study is finished.
   */
  async ask(n = 1): Promise<Job[]> {
    checkInteger('n', n, 1);
    return this.#inTurn(async () => {
      const recovered = this.#nextRecovered();
      if (recovered !== undefined) return recovered;
      const room = (this.#options.parallel ?? Number.POSITIVE_INFINITY) - this.#state.nRunning;
      const jobs = await this.#start(Math.min(n, room));
      if (jobs.length === 0) await this.#finish();
      return jobs;
    });
  }

  /**
   * Takes results, in any order and any grouping; those of one call are recorded together.
   *
   * A metric that is not finite makes the trial failed.
   *
   * @throws {TypeError} if a result names a trial that is not running, or not to that resource
   * @throws {SparseTuneError} `ERR_OBJECTIVE` if a metric that the objective needs is missing
   */
  async tell(results: readonly JobResult[]): Promise<void> {
    return this.#inTurn(async () => {
      const records = results.map((result) => this.#toRecord(result));
      const numbers = new Set(records.map((record) => record.trial));
      if (numbers.size < records.length) rejectArgument('results', 'one result per trial', results);
      if (records.length === 0) return;
      await this.#log.append(records);
      for (const record of records) this.#state.apply(record);
      await this.#finish();
    });
  }

  /**
   * Asks for configurations to be tried next, before the sampler's own, and remembers them in the storage. Those that
   * were tried or asked for before are left out, and so are infeasible ones.
   *
   * @returns how many were new
   * @throws {SearchSpaceError} if one does not lie in the space; then none is taken
   */
  async enqueue(configurations: readonly Params[]): Promise<number> {
    const { isFeasible = () => true } = this.#options;
    const checked = configurations.map((params) => this.space.check(params));
    return this.#inTurn(async () => {
      const queued = new Map(checked.map((params) => [this.space.key(params), params]));
      for (const params of this.#state.queue) queued.delete(this.space.key(params));
      const fresh = [...queued.values()].filter(
        (params) => !this.#state.has(params) && isFeasible(params),
      );
      if (fresh.length === 0) return 0;
      const record: StudyRecord = { kind: 'enqueue', params: fresh };
      await this.#log.append([record]);
      this.#state.apply(record);
      return fresh.length;
    });
  }

  /**
   * The trials that hold the constraints and that no other beats in both objectives, at the highest rung that has
   * results, by rising first objective. Only of an objective `pareto(...)`; else the best trial alone.
   */
  front(): readonly Trial[] {
    if (this.objective.isPareto !== true) return this.best(1);
    const resource = bestTrials(this.trials, 1)[0]?.results.at(-1)?.resource;
    return resource === undefined ? [] : paretoFront(this.trials, resource);
  }

  /**
   * The best trials of the highest rung that has results: those that hold the constraints first, then by value; where
   * values are noisy and several lie within the noise of the best, those by what a model of the whole study expects, so
   * that not the luckiest one is named.
   */
  best(k = 1): readonly Trial[] {
    const ranked = bestTrials(this.#ranked, Number.POSITIVE_INFINITY);
    if (this.objective.isPareto === true)
      return ranked.slice(0, k).flatMap(({ number }) => this.trials[number] ?? []);
    return this.#incumbents.rank(this.trials, ranked).slice(0, k);
  }

  progress(): SearchProgress {
    return this.#state.progress(this.best(1)[0]);
  }

  /** Gives the storage back; the study can be opened again. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#log.close());
  }

  /** The trials with one value each, also where the objective has two. */
  get #ranked(): readonly Trial[] {
    return this.objective.isPareto === true ? withParetoValues(this.trials) : this.trials;
  }

  /** Whether no new trial will be started any more. */
  get #isDraining(): boolean {
    return (
      this.#isExhausted || this.#limits.isReached(this.#state, this.#startAt(this.trials.length))
    );
  }

  #startAt(number: number): number {
    const { scheduler } = this.#options;
    return scheduler.startAt?.(number) ?? scheduler.rungs[0] ?? 1;
  }

  #promotion() {
    const promotion = this.#options.scheduler.promote({
      trials: this.#ranked,
      isDraining: this.#isDraining,
    });
    if (
      promotion === undefined ||
      !this.#limits.affords(this.#state, promotion.to - promotion.from)
    )
      return undefined;
    return promotion;
  }

  /** Starts up to `n` jobs in the state; they are handed out only once the records are stored. */
  #plan(n: number): { jobs: Job[]; records: StudyRecord[] } {
    const jobs: Job[] = [];
    const promotions: StudyRecord[] = [];
    const started: JobRecord[] = [];
    while (jobs.length < n) {
      const promotion = this.#promotion();
      const job = promotion ?? this.#newTrial();
      if (job === undefined) break;
      if (promotion !== undefined) promotions.push({ kind: 'promote', ...promotion });
      started.push(job);
      jobs.push(this.#state.start(job));
    }
    if (started.length === 0) return { jobs, records: [] };
    return {
      jobs,
      records: [...promotions, { kind: 'ask', batch: this.#state.nBatches, jobs: started }],
    };
  }

  #newTrial(): JobRecord | undefined {
    if (this.#isDraining) return undefined;
    const { sampler, scheduler, isFeasible = () => true } = this.#options;
    const trials = this.#ranked;
    const params =
      this.#state.queue[0] ??
      sampler.suggest({
        space: this.space,
        number: trials.length,
        trials,
        rungs: scheduler.rungs,
        isRanked: this.objective.isPareto === true,
        ...(this.objective.margins !== undefined && { margins: this.objective.margins }),
        isFresh: (candidate) => !this.#state.has(candidate) && isFeasible(candidate),
      });
    if (params !== undefined)
      return { trial: trials.length, from: 0, to: this.#startAt(trials.length), params };
    if (trials.length === 0)
      throw new SearchSpaceError(
        '',
        'No configuration of the search space is feasible; widen the space',
      );
    this.#isExhausted = true;
    return undefined;
  }

  /** A batch of an earlier process, without the jobs that were told meanwhile. */
  #nextRecovered(): Job[] | undefined {
    for (let jobs = this.#recovered.shift(); jobs !== undefined; jobs = this.#recovered.shift()) {
      const open = jobs.filter(({ trial, to }) => {
        const { state, target } = this.#state.trials[trial.number] ?? {};
        return state === 'running' && target === to;
      });
      if (open.length > 0) return open;
    }
    return undefined;
  }

  /** Plans and records a batch; where that fails the plan is undone, so that the state is what the storage holds. */
  async #start(n: number): Promise<Job[]> {
    try {
      const { jobs, records } = this.#plan(n);
      if (jobs.length === 0) return [];
      await this.#log.append(records);
      this.#state.addBatch(jobs);
      return jobs;
    } catch (cause) {
      this.#state = StudyState.replay(this.#log.records);
      throw cause;
    }
  }

  async #finish(): Promise<void> {
    if (this.#state.finish !== undefined || !this.isFinished) return;
    const reason = this.#isExhausted ? 'exhausted' : this.#limits.reason(this.#state);
    const record: StudyRecord = { kind: 'finish', reason };
    await this.#log.append([record]);
    this.#state.apply(record);
  }

  #toRecord(result: JobResult): Extract<StudyRecord, { kind: 'report' | 'fail' }> {
    const number = typeof result.trial === 'number' ? result.trial : result.trial.number;
    const trial = this.#state.trials[number];
    if (trial?.state !== 'running')
      return rejectArgument('trial', 'the number of a running trial', number);
    if ('error' in result)
      return { kind: 'fail', trial: number, to: trial.target, error: String(result.error) };
    const { to } = result;
    if (to !== trial.target)
      return rejectRange('to', `${trial.target}, where trial ${number} is running to,`, to);
    const metrics = Object.fromEntries(
      Object.entries(result.metrics).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
      ),
    );
    const wrong = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
    if (wrong !== undefined)
      return { kind: 'fail', trial: number, to, error: `The metric ${wrong[0]} is ${wrong[1]}` };
    const missing = this.objective.metrics.find((name) => metrics[name] === undefined);
    if (missing !== undefined) {
      throw new SparseTuneError(
        'ERR_OBJECTIVE',
        `Objective ${JSON.stringify(this.objective.text)} needs the metric ${missing}, which trial ${number} did not report`,
      );
    }
    return { kind: 'report', trial: number, to, metrics, ...this.objective.evaluate(metrics) };
  }

  /** Records the header of a new study; checks it for a resumed one. */
  async #agree(): Promise<void> {
    const header = this.#header();
    const stored = this.#state.header;
    if (stored !== undefined) rejectDifferences(stored, header);
    // A study that a limit ended goes on where the limit was raised.
    const { finish } = this.#state;
    const isRaised = finish !== undefined && finish !== 'exhausted' && !this.#isDraining;
    if (stored?.trials === header.trials && !isRaised) return;
    const record: StudyRecord = { kind: 'study', ...header };
    await this.#log.append([record]);
    this.#state.apply(record);
  }

  #header(): StudyHeader {
    const { sampler, scheduler, metadata = {} } = this.#options;
    return {
      schema: 1,
      name: this.name,
      space: this.space.schema,
      spaceHash: this.space.hash,
      objective: this.objective.text,
      sampler: { kind: sampler.kind, options: sampler.options },
      scheduler: { kind: scheduler.kind, options: scheduler.options, rungs: scheduler.rungs },
      trials: this.#limits.maxTrials,
      metadata,
    };
  }

  /** Runs one action after the other: two callers never plan from the same state. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(action);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}
