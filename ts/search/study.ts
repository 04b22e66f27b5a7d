import { rejectArgument, SearchSpaceError } from '../errors.js';
import type { Params } from '../space/distribution.js';
import type { ParamsOf } from '../space/params-of.js';
import { SearchSpace, type SpaceSchema } from '../space/search-space.js';
import { checkInteger } from './check-options.js';
import { IncumbentRanking } from './incumbent-ranking.js';
import type { Job, JobResult } from './job.js';
import { MemoryStorage } from './memory-storage.js';
import { type Objective, orientObjective } from './objective.js';
import { paretoFront, withParetoValues } from './pareto.js';
import { resultRecord } from './result-record.js';
import { RungRanking } from './rung-ranking.js';
import { startingPoint } from './starting-point.js';
import type { JobRecord, StudyHeader, StudyLog, StudyRecord } from './storage.js';
import { rejectDifferences } from './study-header.js';
import { checkLimits, StudyLimits } from './study-limits.js';
import type { StudyOptions } from './study-options.js';
import { type SearchProgress, StudyState } from './study-state.js';
import type { Trial } from './trial.js';

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
export class Study<P extends Params = Params> {
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
  /** The trials of a Pareto objective with one value each, as of a version of the state. */
  #pareto: (RankedTrials & { readonly version: number }) | undefined;
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
  static async open<const Space extends SpaceSchema | SearchSpace>(
    options: StudyOptions<Space>,
  ): Promise<Study<ParamsOf<Space>>> {
    checkLimits(options);
    if (options.parallel !== undefined) checkInteger('parallel', options.parallel, 1);
    const space = SearchSpace.parse(options.space);
    const log = await (options.storage ?? new MemoryStorage()).open(options.name ?? 'study');
    try {
      const study = new Study<ParamsOf<Space>>(options as unknown as StudyOptions, space, log);
      await study.#agree();
      await study.#enqueue(options.enqueue ?? []);
      await study.#finish();
      return study;
    } catch (cause) {
      await log.close();
      throw cause;
    }
  }

  /** All trials, in order of their number. */
  get trials(): readonly Trial<P>[] {
    return this.#typed(this.#state.trials);
  }

  /** Imported trials from outside the space, of which the sampler learns. */
  get outside(): readonly Trial[] {
    return this.#state.outside;
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
  async ask(n = 1): Promise<Job<P>[]> {
    checkInteger('n', n, 1);
    return this.#inTurn(async () => {
      const recovered = this.#nextRecovered();
      if (recovered !== undefined) return recovered;
      const room = (this.#options.parallel ?? Number.POSITIVE_INFINITY) - this.#state.nRunning;
      const jobs = await this.#start(Math.min(n, room));
      if (jobs.length === 0) await this.#finish();
      return jobs;
    }) as Promise<Job<P>[]>;
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
      const records = results.map((result) =>
        resultRecord(result, this.#state.trials, this.objective),
      );
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
  async enqueue(configurations: readonly P[]): Promise<number> {
    return this.#enqueue(configurations);
  }

  async #enqueue(configurations: readonly Params[]): Promise<number> {
    const { isFeasible = () => true } = this.#options;
    const checked = configurations.map((params) => this.space.check(params));
    return this.#inTurn(async () => {
      const queued = new Map(checked.map((params) => [this.space.key(params), params]));
      const fresh = [...queued.values()].filter(
        (params) => !this.#state.has(params) && !this.#state.isQueued(params) && isFeasible(params),
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
  front(): readonly Trial<P>[] {
    if (this.objective.isPareto !== true) return this.best(1);
    const resource = this.#state.best(1)[0]?.results.at(-1)?.resource;
    return resource === undefined ? [] : this.#typed(paretoFront(this.#state.trials, resource));
  }

  /**
   * The best trials of the highest rung that has results: those that hold the constraints first, then by value; where
   * values are noisy and several lie within the noise of the best, those by what a model of the whole study expects, so
   * that not the luckiest one is named.
   */
  best(k = 1): readonly Trial<P>[] {
    const { trials, outside } = this.#state;
    const ranked = this.#ranked.ranking.best();
    const best =
      this.objective.isPareto === true
        ? ranked.slice(0, k).flatMap(({ number }) => trials[number] ?? [])
        : this.#incumbents.rank(joined(outside, trials), ranked).slice(0, k);
    return this.#typed(best);
  }

  progress(): SearchProgress {
    return this.#state.progress(this.best(1)[0]);
  }

  /** Gives the storage back; the study can be opened again. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#log.close());
  }

  /** The trials with one value each, also where the objective has two. */
  get #ranked(): RankedTrials {
    if (this.objective.isPareto !== true) return this.#state;
    const { version } = this.#state;
    if (this.#pareto?.version !== version) {
      const trials = withParetoValues(this.#state.trials);
      this.#pareto = { version, trials, ranking: RungRanking.of(trials) };
    }
    return this.#pareto;
  }

  /** What the sampler learns from: the trials and those from outside the space, with one value each. */
  get #evidence(): readonly Trial[] {
    const { trials, outside } = this.#state;
    if (outside.length === 0) return this.#ranked.trials;
    const all = joined(outside, trials);
    return this.objective.isPareto === true ? withParetoValues(all) : all;
  }

  /** The trials' configurations passed the schema that their type was read from. */
  #typed(trials: readonly Trial[]): readonly Trial<P>[] {
    return trials as readonly Trial<P>[];
  }

  /** Whether no new trial will be started any more. */
  get #isDraining(): boolean {
    return (
      this.#isExhausted ||
      this.#limits.isReached(this.#state, this.#startAt(this.#state.trials.length))
    );
  }

  #startAt(number: number): number {
    const { scheduler } = this.#options;
    return scheduler.startAt?.(number) ?? scheduler.rungs[0] ?? 1;
  }

  #promotion() {
    const { trials, ranking } = this.#ranked;
    const promotion = this.#options.scheduler.promote({
      trials,
      ranking,
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
    const number = this.#state.trials.length;
    const params =
      this.#state.nextQueued ??
      sampler.suggest({
        space: this.space,
        number,
        trials: this.#evidence,
        rungs: scheduler.rungs,
        isRanked: this.objective.isPareto === true,
        prior: this.#state.prior,
        ...(this.objective.margins !== undefined && { margins: this.objective.margins }),
        isFresh: (candidate) => !this.#state.has(candidate) && isFeasible(candidate),
      });
    if (params !== undefined) return { trial: number, from: 0, to: this.#startAt(number), params };
    if (number === 0)
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
      this.#pareto = undefined;
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

  /** Records the header of a new study and what it starts from, as one unit; checks the header of a resumed one. */
  async #agree(): Promise<void> {
    const header = this.#header();
    const stored = this.#state.header;
    if (stored !== undefined) rejectDifferences(stored, header);
    // A study that a limit ended goes on where the limit was raised.
    const { finish } = this.#state;
    const isRaised = finish !== undefined && finish !== 'exhausted' && !this.#isDraining;
    if (stored?.trials === header.trials && !isRaised) return;
    const records: StudyRecord[] = [{ kind: 'study', ...header }];
    if (stored === undefined)
      records.push(...startingPoint(this.#options, this.space, this.objective));
    await this.#log.append(records);
    for (const record of records) this.#state.apply(record);
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

interface RankedTrials {
  readonly trials: readonly Trial[];
  readonly ranking: RungRanking;
}

function joined(outside: readonly Trial[], trials: readonly Trial[]): readonly Trial[] {
  return outside.length === 0 ? trials : [...outside, ...trials];
}
