import { join } from 'node:path';
import { type Front, frontFolder } from './cache/front.js';
import type { RecordFolder } from './cache/record-folder.js';
import type { ValidationRow, Winner, WinnerKey } from './cache/winner.js';
import { WinnerCache } from './cache/winner-cache.js';
import { Engine } from './engine/engine.js';
import { ensureTinyModel } from './engine/tiny-model.js';
import { homeFolders } from './home.js';
import { type ModelFile, resolveModel } from './models/model-source.js';
import { hashJson } from './space/canonical-json.js';
import type { Split } from './tasks/task.js';
import { type FrontParts, frontRecord, frontRows } from './tune/front.js';
import {
  resolveTuneOptions,
  type TunedConfig,
  type TuneOptions,
  type TuneRequest,
} from './tune/options.js';
import {
  type PreparedSplit,
  prepareSplit,
  type RenderedSplit,
  renderSplit,
} from './tune/prepare-split.js';
import { type FinishedStudy, runStudy } from './tune/run-study.js';
import { type Validation, validate } from './tune/validate.js';
import { winnerRecord } from './tune/winner-record.js';

export type { TuneOptions } from './tune/options.js';

/** What tuning one config came to. */
export interface TuneResult {
  readonly config: string;
  readonly winner?: Winner;
  /**
   * Where the objective is `pareto(...)`, in place of a winner: the validated configurations none of which is better in
   * both, by rising first objective.
   */
  readonly front?: readonly ValidationRow[];
  /** Why there is no winner and no front. */
  readonly reason?: string;
  /** What was measured on unseen prompts where there is no winner; a winner carries it itself. */
  readonly validation?: Validation;
}

/**
 * Finds the best settings of one or several sparse-attention configs for a model and a task.
 *
 * The contexts are prefilled once; every trial pays for its questions alone. The best five of each config are judged on
 * unseen prompts by real generation, and the winner is stored with its evidence. A winner that is known is returned at
 * once. A stopped search goes on where it stopped when it is called again.
 *
 * @returns one result per config, in their order
 * @throws {TypeError | RangeError | SparseTuneError} naming the option and the cure; the signal's reason when aborted
 *
 * @example
 * const [{ winner }] = await tune({ model: 'model.gguf', task: 'niah_mq8@2048', config: ['hash_attention'] });
 * console.log(winner.sparseConfig, winner.validation.rows);
 */
export async function tune(options: TuneOptions): Promise<TuneResult[]> {
  const request = resolveTuneOptions(options);
  const { home, signal, emit } = request;
  emit({ event: 'phase', phase: 'load' });
  const named = { tiny: tinyModel };
  const file = await resolveModel(request.model, { home, named, ...(signal && { signal }) });
  const job = new TuneJob(request, file);
  const results: TuneResult[] = [];
  for (const config of request.configs) results.push(await job.tune(config));
  return results;
}

async function tinyModel(home: string): Promise<string> {
  const path = join(homeFolders(home).models, 'tiny.gguf');
  await ensureTinyModel(path);
  return path;
}

/** Batches with starved threads before a user is told: a few happen on any machine. */
const starvedLimit = 10;

/** Tunes config after config on one model, which is loaded and prepared when the first needs it. */
class TuneJob {
  readonly #request: TuneRequest;
  readonly #file: ModelFile;
  readonly #winners: WinnerCache;
  readonly #fronts: RecordFolder<Front>;
  #engine: Promise<Engine> | undefined;
  #hasWarned = false;
  readonly #renderedSplits = new Map<Split, Promise<RenderedSplit>>();
  readonly #splits = new Map<Split, Promise<PreparedSplit>>();

  constructor(request: TuneRequest, file: ModelFile) {
    this.#request = request;
    this.#file = file;
    const onWarning = (message: string) => this.#warn(message);
    this.#winners = new WinnerCache(request.home, { onWarning });
    this.#fronts = frontFolder(request.home, onWarning);
  }

  async tune(config: TunedConfig): Promise<TuneResult> {
    const { emit, force, objective, options } = this.#request;
    const { name } = config.preset;
    const key = this.#key(config);
    const known = force || options.resume ? undefined : await this.#recall(name, key);
    if (known !== undefined) return known;
    await this.#checkSplits();
    const search = await this.#split('search');
    emit({ event: 'phase', phase: 'search', config: name });
    const study = await runStudy(this.#request, config, key, search);
    const validation = await this.#validate(config, study);
    await this.#warnOfBusyCores();
    const modelPath = this.#file.path;
    const shared = { config, key, study, search, validation, modelPath };
    if (objective.isPareto === true) return this.#keepFront(shared);
    const row = validation.winner;
    if (row === undefined) return this.#noWinner(name, validation, study);
    const parts = { ...shared, row };
    const winner = winnerRecord(this.#request, parts);
    const path = await this.#winners.write(winner);
    emit({ event: 'winner', config: name, cached: false, path, winner });
    return { config: name, winner };
  }

  /** What an earlier call has found, without the model. */
  async #recall(config: string, key: WinnerKey): Promise<TuneResult | undefined> {
    const { emit, objective } = this.#request;
    if (objective.isPareto === true) {
      const known = await this.#fronts.read(key);
      if (known === undefined) return undefined;
      const { path, record: front } = known;
      emit({ event: 'front', config, cached: true, path, front });
      return { config, front: front.rows };
    }
    const known = await this.#winners.read(key);
    if (known === undefined) return undefined;
    const { path, winner } = known;
    emit({ event: 'winner', config, cached: true, path, winner });
    return { config, winner };
  }

  async #keepFront(parts: Omit<FrontParts, 'rows'>): Promise<TuneResult> {
    const { validation, study } = parts;
    const { name } = parts.config.preset;
    const rows = frontRows(validation.rows, this.#request.objective);
    if (rows.length === 0) return this.#noWinner(name, validation, study);
    const front = frontRecord(this.#request, { ...parts, rows });
    const path = await this.#fronts.write(front);
    this.#request.emit({ event: 'front', config: name, cached: false, path, front });
    return { config: name, front: rows };
  }

  async #validate(config: TunedConfig, study: FinishedStudy): Promise<Validation> {
    const { objective, seed, outputError, signal, emit } = this.#request;
    const split = await this.#split('validation');
    emit({ event: 'phase', phase: 'validate', config: config.preset.name });
    return validate(split, {
      preset: config.preset,
      candidates: study.best,
      objective,
      seed,
      outputError,
      signal,
      onWarning: (message) => this.#warn(message),
      onRow: (row) => emit({ event: 'validation', config: config.preset.name, row }),
    });
  }

  #noWinner(config: string, validation: Validation, study: FinishedStudy): TuneResult {
    const { nearest } = validation;
    const { objective } = this.#request;
    const { firstError, trials, rungs } = study;
    const failed = `Every trial failed${firstError === undefined ? '' : `, the first with: ${firstError}`}. --force searches again.`;
    const nothing = `The budget is spent before the first trial, which takes ${rungs[0] ?? 1} questions; raise --budget.`;
    const broken = `No candidate holds "${objective.text}" on the validation prompts.`;
    const reason = trials === 0 ? nothing : nearest === undefined ? failed : broken;
    this.#request.emit({ event: 'no-winner', config, reason, ...(nearest && { nearest }) });
    return { config, reason, validation };
  }

  #key({ preset, space }: TunedConfig): WinnerKey {
    const { task, objective } = this.#request;
    return {
      modelFingerprint: this.#file.fingerprint,
      kvType: 'f16',
      task: task.id,
      taskVersion: task.version,
      taskParameters: task.parameters,
      config: preset.name,
      spaceHash: hashJson(space),
      objective: objective.text,
      schemaVersion: 1,
    };
  }

  #loadEngine(): Promise<Engine> {
    const { home, threads, snapshotLimitBytes } = this.#request;
    const load = async () => {
      return Engine.load(this.#file.path, {
        fingerprint: this.#file.fingerprint,
        threads,
        snapshotFolder: homeFolders(home).snapshots,
        snapshotLimitBytes,
        onWarning: (message) => this.#warn(message),
      });
    };
    this.#engine ??= load();
    return this.#engine;
  }

  /** Both splits must fit the model and the memory before anything is spent on the first. */
  async #checkSplits(): Promise<void> {
    const engine = await this.#loadEngine();
    const splits = [await this.#rendered('search'), await this.#rendered('validation')];
    engine.checkMemory(splits.flatMap(({ contexts }) => contexts));
  }

  #rendered(name: Split): Promise<RenderedSplit> {
    const render = async () => renderSplit(await this.#loadEngine(), this.#request.task, name);
    const rendered = this.#renderedSplits.get(name) ?? render();
    this.#renderedSplits.set(name, rendered);
    return rendered;
  }

  #split(name: Split): Promise<PreparedSplit> {
    const { signal, emit } = this.#request;
    const prepare = async () =>
      prepareSplit(await this.#loadEngine(), await this.#rendered(name), { signal, emit });
    const split = this.#splits.get(name) ?? prepare();
    this.#splits.set(name, split);
    return split;
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

  #warn(message: string): void {
    this.#request.emit({ event: 'warning', message });
  }
}
