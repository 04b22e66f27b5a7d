import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { sha256File } from '../files.js';
import { addonPath, loadAddon } from '../native/addon.js';
import type { NativeSnapshot } from '../native/llama-addon.js';
import { answerDense, withGold } from './dense-gold.js';
import { EvaluationStore } from './evaluation-store.js';
import { llamaCpp } from './llama-library.js';
import { Model } from './model.js';
import { PreparedQuestions } from './prepared-questions.js';
import type { AskedQuestion, EngineContext, Grader } from './question.js';
import { questionSetId, type ReferenceSet, ReferenceStore } from './reference-store.js';
import { ensureSelfTest } from './self-test.js';
import { SnapshotStore } from './snapshot-store.js';

export interface EngineOptions {
  /** Of the model file; names its snapshots and references. */
  readonly fingerprint: string;
  readonly threads: number;
  /** Layers on the GPUs; see LoadOptions. Default 0. */
  readonly gpuLayers?: number | undefined;
  /** Where snapshots and dense references are kept. */
  readonly snapshotFolder: string;
  readonly snapshotLimitBytes?: number | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface PrepareOptions {
  /** Names the grader: measurements under one name are taken for each other. Default: no name. */
  readonly grader?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onPrefill?: ((done: number, total: number) => void) | undefined;
  readonly onReference?: ((share: number) => void) | undefined;
}

/** Questions ready for evaluation, and what it took. */
export interface Prepared {
  readonly questions: PreparedQuestions;
  readonly contextTokens: number;
  /** Of the contexts that were prefilled, without reading and writing. */
  readonly prefillMs: number;
  readonly snapshotsReused: number;
  readonly isReferenceReused: boolean;
}

/** Bound of the key indexes of all snapshots together (native/llama/index_cache.h). */
const indexBytes = 2 ** 30;

/** A model with its stores: prefills every context once, and measures dense once per question. */
export class Engine {
  readonly model: Model;
  readonly #options: EngineOptions;
  readonly #snapshots: SnapshotStore;
  readonly #references: ReferenceStore;

  private constructor(model: Model, options: EngineOptions) {
    this.model = model;
    this.#options = options;
    const onWarning = options.onWarning ?? (() => undefined);
    this.#snapshots = new SnapshotStore(options.snapshotFolder, {
      ...(options.snapshotLimitBytes === undefined
        ? {}
        : { limitBytes: options.snapshotLimitBytes }),
      onWarning,
    });
    this.#references = new ReferenceStore(options.snapshotFolder, onWarning);
  }

  /** @throws as Model.load, and {EngineError} where the self-test of the engine fails */
  static async load(path: string, options: EngineOptions): Promise<Engine> {
    await ensureSelfTest(options.snapshotFolder, options.gpuLayers);
    return new Engine(await Model.load(path, options), options);
  }

  /**
   * Prefills the contexts (or reads their snapshots), and measures the dense reference (or reads it). Where a question
   * has no gold, dense's own answer becomes it.
   *
   * @param asked - in the order in which rungs take them
   * @throws {EngineError} where the contexts do not fit into memory, the signal's reason where it is aborted
   */
  async prepare(
    contexts: readonly EngineContext[],
    asked: readonly AskedQuestion[],
    grade: Grader,
    options: PrepareOptions = {},
  ): Promise<Prepared> {
    this.checkMemory(contexts);
    const total = contexts.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const snapshots: NativeSnapshot[] = [];
    let done = 0;
    let reused = 0;
    let prefillMs = 0;
    for (const { tokens } of contexts) {
      const { snapshot, elapsedMs } = await this.#snapshot(tokens, {
        signal: options.signal,
        onProgress: (n) => options.onPrefill?.(done + n, total),
      });
      snapshots.push(snapshot);
      done += tokens.length;
      if (elapsedMs === undefined) reused++;
      prefillMs += elapsedMs ?? 0;
      options.onPrefill?.(done, total);
    }
    await this.model.releasePrefill();
    const { grader = '' } = options;
    const key = { ...this.#identity(), isa: this.#isa(), grader, contexts, questions: asked };
    const stored = await this.#references.read(key);
    const reference = stored ?? (await this.#measure(snapshots, asked, grade, options));
    if (stored === undefined) await this.#references.write(key, reference);
    const questions = withGold(asked, reference.gold);
    const evaluations = await this.#evaluations(questionSetId({ ...key, questions }));
    const parts = { model: this.model, snapshots, questions, reference, grade, evaluations };
    return {
      questions: new PreparedQuestions(parts),
      contextTokens: total,
      prefillMs,
      snapshotsReused: reused,
      isReferenceReused: stored !== undefined,
    };
  }

  async #measure(
    snapshots: readonly NativeSnapshot[],
    asked: readonly AskedQuestion[],
    grade: Grader,
    { signal, onReference }: PrepareOptions,
  ): Promise<ReferenceSet> {
    const hasGold = asked.every(({ goldTokens }) => goldTokens !== undefined);
    const gold = hasGold ? undefined : await answerDense(this.model, snapshots, asked, { signal });
    const questions = withGold(asked, gold);
    const set = await PreparedQuestions.measureReference(this.model, snapshots, questions, grade, {
      signal,
      ...(onReference && { onProgress: onReference }),
    });
    return { ...set, ...(gold && { gold }) };
  }

  async #snapshot(
    tokens: Int32Array,
    options: { signal: AbortSignal | undefined; onProgress: (tokens: number) => void },
  ): Promise<{ snapshot: NativeSnapshot; elapsedMs: number | undefined }> {
    const key = { ...this.#identity(), tokens };
    const stored = await this.#snapshots.read(key);
    if (stored !== undefined) {
      return { snapshot: this.model.snapshot(stored, tokens.length), elapsedMs: undefined };
    }
    const start = performance.now();
    const payload = await this.model.prefill(tokens, options);
    const elapsedMs = performance.now() - start;
    await this.#snapshots.write(key, payload);
    return { snapshot: this.model.snapshot(payload, tokens.length), elapsedMs };
  }

  /** Whether a context was prefilled before and is kept on disk. */
  isPrefilled({ tokens }: EngineContext): Promise<boolean> {
    return this.#snapshots.has({ ...this.#identity(), tokens });
  }

  /**
   * Refuses contexts whose keys and values do not fit into memory beside what prefill and the key indexes take.
   *
   * @throws {EngineError} with what is needed, what is free and the cure
   */
  checkMemory(contexts: readonly EngineContext[]): void {
    const tokens = contexts.reduce((sum, context) => sum + context.tokens.length, 0);
    const longest = Math.max(...contexts.map((context) => context.tokens.length));
    const needed = (tokens + longest) * this.model.kvBytesPerToken + indexBytes;
    const free = process.availableMemory();
    if (needed <= free) return;
    const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
    throw new EngineError(
      'ERR_ENGINE',
      `The keys, values and indexes of ${contexts.length} contexts need ${gigabytes(needed)} GB but ${gigabytes(free)} GB of memory are free. Use a shorter length (--task ...@L).`,
    );
  }

  /** A GPU rounds otherwise than the CPU, so what it computed is kept apart. */
  #identity() {
    const { fingerprint } = this.#options;
    const { gpu } = this.model;
    const build = llamaCpp.packageVersion;
    return {
      fingerprint,
      kvType: 'f16' as const,
      llamaCpp: gpu === undefined ? build : `${build}, ${gpu}`,
    };
  }

  /** Kept apart by build: another build may measure otherwise. */
  async #evaluations(questionSet: string): Promise<EvaluationStore> {
    const build = (await sha256File(addonPath())).slice(0, 8);
    const name = `${questionSet}-${build}.evaluations.jsonl`;
    const { snapshotFolder, onWarning } = this.#options;
    return new EvaluationStore(join(snapshotFolder, name), onWarning);
  }

  #isa(): string {
    return loadAddon().bestIsa;
  }
}
