import { tasksOf, type WinnerKey } from './cache/winner.js';
import { Engine } from './engine/engine.js';
import { homeFolders } from './home.js';
import type { ModelFile } from './models/model-source.js';
import type { Trial } from './search/trial.js';
import type { Task } from './tasks/task.js';
import { candidatesOf } from './tune/candidates.js';
import { checkResumed, type EarlierStudy, readEarlier } from './tune/earlier-study.js';
import { type FinishedStudy, studyOfPart } from './tune/finished-study.js';
import { globalObjective, measureYardsticks } from './tune/global-objective.js';
import { resolveModelFile } from './tune/model-file.js';
import {
  resolveTuneOptions,
  type TunedConfig,
  type TuneOptions,
  type TuneRequest,
} from './tune/options.js';
import { prepareTasks } from './tune/prepare-tasks.js';
import { PreparedTask } from './tune/prepared-task.js';
import { ResultStore, type TuneResult } from './tune/result-store.js';
import { runStudy, studyName } from './tune/run-study.js';
import { type PendingStep, pendingSteps } from './tune/study-options.js';
import type { StudyPart } from './tune/study-parts.js';
import { type Validation, type ValidationPart, validate } from './tune/validate.js';
import { globalKey, sortTasks, taskKey } from './tune/winner-keys.js';

export type { TuneOptions } from './tune/options.js';
export type { TuneResult } from './tune/result-store.js';

/**
 * Finds the best settings of one or several sparse-attention configs for a model, on each of one or several tasks or,
 * with `global`, on all of them together.
 *
 * The contexts are prefilled once; every trial pays for its questions alone. The best five of each config, or fewer, are judged on
 * unseen prompts by real generation, and the winner is stored with its evidence. A winner that is known is returned at
 * once. A stopped search goes on where it stopped when it is called again.
 *
 * @returns one result per task and config, task by task; of `global` one per config, before it with `perTask` those of
 *   the single tasks, sorted by their ids
 * @throws {TypeError | RangeError | SparseTuneError} naming the option and the cure; the signal's reason when aborted
 *
 * @example
 * const [{ winner }] = await tune({ model: 'model.gguf', task: 'niah_mq8@2048', config: ['hash_attention'] });
 * console.log(winner.sparseConfig, winner.validation.rows);
 */
export async function tune(options: TuneOptions): Promise<TuneResult[]> {
  const request = resolveTuneOptions(options);
  const { home, signal, emit, tasks, configs } = request;
  await prepareTasks(tasks, { signal, emit });
  emit({ event: 'phase', phase: 'load' });
  const file = await resolveModelFile(request.model, { home, signal });
  const job = new TuneJob(request, file);
  const groups = request.scope === 'task' ? tasks.map((task) => [task]) : [sortTasks(tasks)];
  const steps = groups.flatMap((group) => configs.map((config) => ({ group, config })));
  const names = steps.map(({ group, config }) => ({
    tasks: group.map(({ id, source = id }) => source),
    config: config.preset.name,
    enqueue: config.enqueue,
  }));
  const results: TuneResult[] = [];
  for (const [i, { group, config }] of steps.entries()) {
    results.push(...(await job.tune(config, group, pendingSteps(names.slice(i)))));
  }
  return results;
}

/** Batches with starved threads before a user is told: a few happen on any machine. */
const starvedLimit = 10;

/** A study whose best are to be judged on unseen prompts, and what their winner is stored as. */
interface Judgement {
  readonly config: TunedConfig;
  readonly key: WinnerKey;
  readonly study: FinishedStudy;
  readonly tasks: readonly PreparedTask[];
}

/** Tunes config after config on one model, which is loaded and prepared when the first needs it. */
class TuneJob {
  readonly #request: TuneRequest;
  readonly #file: ModelFile;
  readonly #results: ResultStore;
  #engine: Promise<Engine> | undefined;
  #hasWarned = false;
  #prepared: readonly PreparedTask[] = [];

  constructor(request: TuneRequest, file: ModelFile) {
    this.#request = request;
    this.#file = file;
    this.#results = new ResultStore(request);
  }

  /** One study over the tasks; winners for each, for all together, or both. */
  async tune(
    config: TunedConfig,
    tasks: readonly Task[],
    pending: readonly PendingStep[],
  ): Promise<TuneResult[]> {
    const parts = { request: this.#request, config, modelFingerprint: this.#file.fingerprint };
    const [first, ...others] = tasks.map((task) => taskKey(parts, task));
    const own = first !== undefined && others.length === 0 ? first : globalKey(parts, tasks);
    const perTask = this.#request.scope === 'both' ? tasks.map((task) => taskKey(parts, task)) : [];
    const keys = [...perTask, own];
    const { force, options } = this.#request;
    const known = force || options.resume ? undefined : await this.#results.recall(keys);
    if (known !== undefined) {
      this.#tellOfUnused();
      return known;
    }
    const name = studyName(this.#request, { config, key: own });
    checkResumed(this.#request, name);
    const earlier = await readEarlier(this.#request, own, name);
    const prepared = await this.#prepare(tasks);
    const study = await this.#search({ config, key: own, earlier, prepared, pending });
    const results: TuneResult[] = [];
    for (const key of keys) {
      const judged =
        key === own ? prepared : prepared.filter(({ task }) => tasksOf(key).includes(task.id));
      const found = key === own ? study : await this.#studyOf(prepared, judged[0], study);
      results.push(await this.#judge({ config, key, study: found, tasks: judged }));
    }
    await this.#warnOfBusyCores();
    return results;
  }

  async #search({
    config,
    key,
    earlier,
    prepared,
    pending,
  }: {
    config: TunedConfig;
    key: WinnerKey;
    earlier: EarlierStudy | undefined;
    prepared: readonly PreparedTask[];
    pending: readonly PendingStep[];
  }): Promise<FinishedStudy> {
    const { emit, objective, worstTask } = this.#request;
    const parts = await this.#parts(prepared);
    const splits = await Promise.all(prepared.map((task) => task.split('search')));
    emit({ event: 'phase', phase: 'search', config: config.preset.name });
    const yardsticks =
      parts.length > 1 && (await measureYardsticks(parts, config.preset, this.#request));
    return runStudy(this.#request, {
      config,
      key,
      parts,
      objective: yardsticks
        ? globalObjective(objective, parts, { yardsticks, worstTask })
        : objective,
      shortestContext: Math.min(...splits.map(({ shortestContext }) => shortestContext)),
      earlier,
      pending,
    });
  }

  async #parts(prepared: readonly PreparedTask[]): Promise<readonly StudyPart[]> {
    const parts: StudyPart[] = [];
    for (const task of prepared) {
      const { questions } = (await task.split('search')).prepared;
      parts.push({ task: task.task.id, questions });
    }
    return parts;
  }

  /** What a study of several tasks has found out about one of them. */
  async #studyOf(
    prepared: readonly PreparedTask[],
    one: PreparedTask | undefined,
    study: FinishedStudy,
  ): Promise<FinishedStudy> {
    const parts = await this.#parts(prepared);
    const part = parts.find(({ task }) => task === one?.task.id);
    const { objective } = this.#request;
    return part === undefined ? study : studyOfPart(study, parts, { part, objective });
  }

  async #judge({ config, key, study, tasks }: Judgement): Promise<TuneResult> {
    const isPareto = this.#request.objective.isPareto === true;
    const candidates = candidatesOf(study, { preset: config.preset, isPareto });
    const validation = await this.#validate(config, candidates, tasks);
    const parts = await this.#parts(tasks);
    const floors = parts.map(({ questions }) => questions.reference.noiseFloorKl);
    return this.#results.keep({
      config,
      key,
      study,
      noiseFloorKl: floors.reduce((sum, floor) => sum + floor, 0) / floors.length,
      validation,
      modelPath: this.#file.path,
      gpu: (await this.#loadEngine()).model.gpu,
    });
  }

  async #validate(
    { preset }: TunedConfig,
    candidates: readonly Trial[],
    tasks: readonly PreparedTask[],
  ): Promise<Validation> {
    const { objective, worstTask, seed, outputError, reuse, signal, emit } = this.#request;
    const parts: ValidationPart[] = [];
    for (const task of tasks)
      parts.push({ task: task.task.id, split: await task.split('validation') });
    emit({ event: 'phase', phase: 'validate', config: preset.name });
    return validate(parts, {
      preset,
      candidates,
      objective,
      worstTask,
      seed,
      outputError,
      reuse,
      signal,
      onWarning: (message) => this.#warn(message),
      onRow: (row) => emit({ event: 'validation', config: preset.name, row }),
    });
  }

  #loadEngine(): Promise<Engine> {
    const { home, threads, gpuLayers, snapshotLimitBytes } = this.#request;
    const load = async () => {
      return Engine.load(this.#file.path, {
        fingerprint: this.#file.fingerprint,
        threads,
        gpuLayers,
        snapshotFolder: homeFolders(home).snapshots,
        snapshotLimitBytes,
        onWarning: (message) => this.#warn(message),
      });
    };
    this.#engine ??= load();
    return this.#engine;
  }

  /**
   * The tasks that are worked on, and no others, so that memory holds the snapshots of these alone. Both splits of all
   * must fit the model and the memory before anything is spent on the first.
   */
  async #prepare(tasks: readonly Task[]): Promise<readonly PreparedTask[]> {
    const engine = await this.#loadEngine();
    const { signal, emit } = this.#request;
    this.#prepared = tasks.map(
      (task) =>
        this.#prepared.find((known) => known.task === task) ??
        new PreparedTask(task, engine, { signal, emit }),
    );
    const contexts = [];
    for (const task of this.#prepared) {
      for (const split of ['search', 'validation'] as const)
        contexts.push(...(await task.rendered(split)).contexts);
    }
    engine.checkMemory(contexts);
    return this.#prepared;
  }

  /** Threads that wait for each other lose many times their share where other work takes a core. */
  async #warnOfBusyCores(): Promise<void> {
    const { model } = await this.#loadEngine();
    const { threads } = model.info;
    if (threads === 1 || this.#hasWarned || model.starvedBatches < starvedLimit) return;
    this.#hasWarned = true;
    this.#warn(
      `Other work kept the cores busy in ${model.starvedBatches} batches, and fewer threads than ${threads} were used for a while. ` +
        `For steady speed stop the other work, or use --threads ${threads - 1}.`,
    );
  }

  /** A known winner is returned whatever a new search was to begin with. */
  #tellOfUnused(): void {
    const { enqueue, warmStart, continueFrom } = this.#request.options;
    const asked = Object.entries({ enqueue, warmStart, continueFrom });
    const unused = asked.flatMap(([name, value]) => (value ? [name] : []));
    if (unused.length === 0) return;
    this.#warn(
      `The result was known, so nothing was searched and ${unused.join(', ')} had no effect. Search again with force.`,
    );
  }

  #warn(message: string): void {
    this.#request.emit({ event: 'warning', message });
  }
}
