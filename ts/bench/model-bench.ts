import { join } from 'node:path';
import type { WinnerCache } from '../cache/winner-cache.js';
import { Engine } from '../engine/engine.js';
import { homeFolders } from '../home.js';
import type { ModelFile } from '../models/model-source.js';
import type { Task } from '../tasks/task.js';
import { prepareSplit, type RenderedSplit, renderSplit } from '../tune/prepare-split.js';
import { prepareTasks } from '../tune/prepare-tasks.js';
import { Cell } from './cell.js';
import { CellFolder, type CellIdentity } from './cell-folder.js';
import type { Machine } from './machine.js';
import { safeName, taskFolders } from './names.js';
import type { BenchRequest, ConfigSpec } from './options.js';
import type { RunProgress } from './progress.js';
import { type QuestionGroup, questionGroups } from './question-groups.js';
import type { CellReport } from './report.js';
import { dataOf, resolveConfig } from './resolve-config.js';

/** A task with all configs, on one model. */
export interface TaskBench {
  readonly task: Task;
  /** Left out where its prompts could not be made: then every cell has the error. */
  readonly rendered: RenderedSplit | undefined;
  /** Tokens of its contexts that are not prefilled yet. */
  readonly tokensToPrefill: number;
  readonly cells: readonly Cell[];
}

export interface ModelBenchParts {
  readonly request: BenchRequest;
  readonly file: ModelFile;
  /** Unique among the models of a run. */
  readonly name: string;
  readonly winners: WinnerCache;
  readonly machine: Machine;
}

interface TaskHandles {
  readonly progress: RunProgress;
  /** Reports a cell that is done. */
  readonly settle: (cell: Cell) => Promise<void>;
}

/** One model with every config on every task. */
export class ModelBench {
  readonly parts: ModelBenchParts;
  #tasks: readonly TaskBench[] = [];
  #engine: Promise<Engine> | undefined;

  constructor(parts: ModelBenchParts) {
    this.parts = parts;
  }

  get tasks(): readonly TaskBench[] {
    return this.#tasks;
  }

  get cells(): readonly Cell[] {
    return this.#tasks.flatMap(({ cells }) => cells);
  }

  /** Makes the prompts, finds out what each config is on each task, and looks at what is there already. */
  async open(): Promise<void> {
    const { request } = this.parts;
    const tasks: TaskBench[] = [];
    for (const task of request.tasks) {
      request.signal?.throwIfAborted();
      const [rendered, error] = await this.#render(task);
      const cells: Cell[] = [];
      for (const spec of request.configs)
        cells.push(await this.#openCell(spec, { task, rendered, error }));
      const tokensToPrefill = await this.#tokensToPrefill(rendered);
      tasks.push({ task, rendered, tokensToPrefill, cells });
    }
    this.#tasks = tasks;
  }

  /** Cells whose folders hold answers that do not go together with this run, and why. */
  async conflicts(): Promise<readonly string[]> {
    if (this.parts.request.restart) return [];
    const found: string[] = [];
    for (const { task, cells } of this.#tasks) {
      for (const cell of cells) {
        const { folder, resolved } = cell.parts;
        if (resolved === undefined || resolved.source.kind === 'pending') continue;
        const reason = await folder.conflict(cell.identity(this.#identity(task)));
        if (reason !== undefined) found.push(`${folder.path}: ${reason}`);
      }
    }
    return found;
  }

  /** Lets go of the model's memory until it is needed again. */
  release(): void {
    this.#engine = undefined;
  }

  /**
   * Measures what is missing, task by task. What fails is its cell's own error.
   *
   * @param onCell - told of each cell when it is done
   * @returns the reports of all cells, in their order
   * @throws the signal's reason between two batches; {StorageError} where results cannot be written
   */
  async run(
    progress: RunProgress,
    onCell: (report: CellReport) => void,
  ): Promise<readonly CellReport[]> {
    const reports = new Map<Cell, CellReport>();
    for (const entry of this.#tasks) {
      const claimed = await this.#claim(entry);
      const settle = async (cell: Cell) => {
        const report = await finish(cell, claimed.has(cell));
        reports.set(cell, report);
        onCell(report);
      };
      try {
        if (claimed.size > 0) await this.#runTask(entry, { progress, settle });
      } finally {
        progress.finished(entry);
        const left = entry.cells.filter((cell) => !reports.has(cell) && !cell.isUntouched);
        for (const cell of left) await settle(cell);
        for (const release of claimed.values()) await release();
      }
    }
    return this.cells.flatMap((cell) => reports.get(cell) ?? []);
  }

  async #runTask(entry: TaskBench, { progress, settle }: TaskHandles): Promise<void> {
    const { rendered, cells } = entry;
    if (rendered === undefined) return;
    const { signal, emit, groupBytes } = this.parts.request;
    try {
      const engine = await this.#loadEngine();
      const bytesPerToken = engine.model.kvBytesPerToken;
      for (const group of questionGroups(rendered, { bytesPerToken, groupBytes })) {
        const open = cells.filter((cell) => cell.isOpen && cell.missing(group).length > 0);
        if (open.length === 0) continue;
        signal?.throwIfAborted();
        const { prepared } = await prepareSplit(engine, group.rendered, { signal, emit });
        progress.prepared(entry, prepared);
        for (const cell of open) {
          await this.#measure(cell, { group, prepared, progress });
          if (!cell.isOpen) await settle(cell);
        }
      }
    } catch (error) {
      if (signal?.aborted || isStorage(error)) throw error;
      for (const cell of cells.filter(({ isOpen }) => isOpen)) cell.fail(error);
    }
  }

  async #measure(
    cell: Cell,
    {
      group,
      prepared,
      progress,
    }: {
      group: QuestionGroup;
      prepared: Awaited<ReturnType<typeof prepareSplit>>['prepared'];
      progress: RunProgress;
    },
  ): Promise<void> {
    const { seed, speedQuestions, signal } = this.parts.request;
    try {
      await cell.measure(group, prepared.questions, {
        seed,
        speedQuestions,
        signal,
        onAnswers: (answers, elapsedMs) => {
          progress.answered(cell, answers, elapsedMs);
          this.#tell(cell, progress);
        },
      });
    } catch (error) {
      if (signal?.aborted || isStorage(error)) throw error;
      cell.fail(error);
    }
  }

  #tell({ parts, progress: { done, total } }: Cell, { overall }: RunProgress): void {
    const { model, task, spec } = parts;
    const about = { model, task, config: spec.name, done, total, overall };
    this.parts.request.emit({ event: 'answers', ...about });
  }

  /** Takes the folders of all cells that have something to do; one that another process works on fails here. */
  async #claim({ task, cells }: TaskBench): Promise<ReadonlyMap<Cell, () => Promise<void>>> {
    const { request } = this.parts;
    const { limits, seed, speedQuestions, objective, global, restart } = request;
    const options = { ...limits, seed, speedQuestions, objective, global };
    const claimed = new Map<Cell, () => Promise<void>>();
    for (const cell of cells.filter(({ isOpen }) => isOpen)) {
      const record = { identity: this.#identity(task), options, provenance: this.#provenance() };
      try {
        claimed.set(cell, await cell.claim(record, { restart }));
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_STUDY_LOCKED') throw error;
        cell.fail(error);
      }
    }
    return claimed;
  }

  async #tokensToPrefill(rendered: RenderedSplit | undefined): Promise<number> {
    let tokens = 0;
    for (const context of rendered?.contexts ?? []) {
      const isKept = await (await this.#loadEngine()).isPrefilled(context);
      if (!isKept) tokens += context.tokens.length;
    }
    return tokens;
  }

  async #render(task: Task): Promise<[RenderedSplit | undefined, unknown]> {
    const { limits, signal, emit } = this.parts.request;
    try {
      await prepareTasks([task], { signal, emit });
      const engine = await this.#loadEngine();
      return [await renderSplit(engine, task, 'test', limits), undefined];
    } catch (error) {
      if (signal?.aborted) throw error;
      return [undefined, error];
    }
  }

  async #openCell(
    spec: ConfigSpec,
    { task, rendered, error }: { task: Task; rendered: RenderedSplit | undefined; error: unknown },
  ): Promise<Cell> {
    const { request, name } = this.parts;
    const folders = [name, safeName(spec.name), ...taskFolders(task.id)];
    const about = {
      model: name,
      task: task.id,
      spec,
      folder: new CellFolder(join(request.resultDir, ...folders)),
      place: folders.join('/'),
    };
    if (error !== undefined) return new Cell({ ...about, error });
    try {
      const resolved = await resolveConfig(spec, this.#target(task));
      const cell = new Cell({ ...about, rendered, resolved });
      const damaged = request.restart ? 0 : await cell.recall();
      if (damaged > 0)
        request.emit({
          event: 'warning',
          message: `Passed over ${damaged} damaged ${damaged === 1 ? 'line' : 'lines'} of raw.jsonl in ${about.folder.path}; what they held is measured again.`,
        });
      return cell;
    } catch (cause) {
      if (isStorage(cause)) throw cause;
      return new Cell({ ...about, rendered, error: cause });
    }
  }

  #target(task: Task) {
    const { request, file, winners } = this.parts;
    return {
      winners,
      modelFingerprint: file.fingerprint,
      task: task.id,
      data: dataOf(task),
      objective: request.objective,
      globalTasks: request.global ? request.tasks.map(({ id }) => id) : undefined,
      pending: request.pending
        .filter(({ model, tasks }) => model === file.source && tasks.includes(task.id))
        .flatMap(({ configs }) => configs),
    };
  }

  #identity({ id, version, parameters }: Task): CellIdentity {
    const { limits, seed } = this.parts.request;
    const { maxContextLength, maxNewTokens, truncate = 'head' } = limits;
    return {
      model: this.parts.file.fingerprint,
      kvType: 'f16',
      task: id,
      taskVersion: version,
      taskParameters: parameters,
      seed,
      ...(maxContextLength !== undefined && { maxContextLength, truncate }),
      ...(maxNewTokens !== undefined && { maxNewTokens }),
      ...this.parts.machine,
    };
  }

  #provenance(): Readonly<Record<string, string | number>> {
    return {
      createdAt: new Date().toISOString(),
      ...this.parts.machine,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    };
  }

  #loadEngine(): Promise<Engine> {
    const { request, file } = this.parts;
    this.#engine ??= Engine.load(file.path, {
      fingerprint: file.fingerprint,
      threads: request.threads,
      gpuLayers: request.gpuLayers,
      snapshotFolder: homeFolders(request.home).snapshots,
      snapshotLimitBytes: request.snapshotLimitBytes,
      onWarning: (message) => request.emit({ event: 'warning', message }),
    });
    return this.#engine;
  }
}

/**
 * The report of a cell, written where this run has measured it. One that has all its answers from before keeps its
 * report, and one that failed before it began keeps what an earlier run has measured.
 */
async function finish(cell: Cell, isClaimed: boolean): Promise<CellReport> {
  const { folder } = cell.parts;
  const known = await folder.report();
  const isKnown = known?.state === 'complete' && known.questions.total === cell.progress.total;
  if (isKnown && !isClaimed && !cell.hasFailed) return known;
  const report = await cell.report();
  const hasEarlier = known !== undefined && known.state !== 'failed';
  if (isClaimed || !(cell.hasFailed && hasEarlier)) await folder.write(report);
  return report;
}

/** Where nothing can be written, going on would lose what is measured. */
function isStorage(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_STORAGE';
}
