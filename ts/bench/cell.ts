import type { PreparedQuestions } from '../engine/prepared-questions.js';
import type { SparseConfig } from '../sparse-config.js';
import type { RenderedSplit } from '../tune/prepare-split.js';
import type { AnswerRow, CellConfig, CellFolder, CellIdentity } from './cell-folder.js';
import { measureAnswers } from './measure-answers.js';
import { summarise } from './measured.js';
import type { ConfigSpec } from './options.js';
import type { QuestionGroup } from './question-groups.js';
import type { CellReport } from './report.js';
import type { ResolvedConfig } from './resolve-config.js';

/** Questions that are answered together and then written down. */
const batchQuestions = 16;

export interface CellParts {
  readonly model: string;
  readonly task: string;
  readonly spec: ConfigSpec;
  readonly folder: CellFolder;
  /** Below that of the results, with `/`. */
  readonly place: string;
  /** Left out where the prompts could not be made, which is then the cell's error. */
  readonly rendered?: RenderedSplit | undefined;
  /** Left out where it could not be found out what the config stands for. */
  readonly resolved?: ResolvedConfig | undefined;
  readonly error?: unknown;
}

export interface MeasureOptions {
  readonly seed: number;
  /** Questions at the beginning of the order on which decoding is timed. */
  readonly speedQuestions: number;
  readonly signal: AbortSignal | undefined;
  /** Told of each batch that is on the disk. */
  readonly onAnswers: (answers: number, elapsedMs: number) => void;
}

/** One config on one task with one model: what is to be measured, and what was. */
export class Cell {
  readonly parts: CellParts;
  #rows: ReadonlyMap<string, AnswerRow> = new Map();
  #error: unknown;
  #batches = 0;

  constructor(parts: CellParts) {
    this.parts = parts;
    this.#error = parts.error;
  }

  /** Takes the answers of earlier runs. @returns how many lines are damaged */
  async recall(): Promise<number> {
    const { rows, damaged } = await this.parts.folder.rows();
    this.#rows = rows;
    return damaged;
  }

  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  get error(): CellReport['error'] {
    if (this.#error === undefined) return undefined;
    const { code, message } = this.#error as { code?: unknown; message?: unknown };
    return {
      code: typeof code === 'string' ? code : 'ERR_UNKNOWN',
      message: String(message ?? this.#error),
    };
  }

  fail(error: unknown): void {
    this.#error ??= error;
  }

  /** Questions in all, and those that are answered. */
  get progress(): { readonly done: number; readonly total: number } {
    const { rendered } = this.parts;
    return { done: this.#answers().length, total: rendered?.asked.length ?? 0 };
  }

  /** Whether there is anything to do that can be done. */
  get isOpen(): boolean {
    const { done, total } = this.progress;
    return !this.hasFailed && done < total;
  }

  /** Whether a run was stopped before it came to this cell: there is nothing to report. */
  get isUntouched(): boolean {
    return this.isOpen && this.progress.done === 0;
  }

  /** Places in the group of the questions that have no answer yet. */
  missing({ rendered }: QuestionGroup): readonly number[] {
    return rendered.asked.flatMap(({ id }, place) => (this.#rows.has(id) ? [] : [place]));
  }

  /** What two runs must share for their answers to stand together. */
  identity(common: CellIdentity): CellIdentity {
    return { ...common, config: this.parts.resolved?.config };
  }

  /** @returns what gives the folder back; see CellFolder.claim */
  async claim(
    config: Omit<CellConfig, 'schema' | 'sparseConfig' | 'source'>,
    { restart }: { readonly restart: boolean },
  ): Promise<() => Promise<void>> {
    const { folder, resolved } = this.parts;
    const { config: sparseConfig, source } = resolved as ResolvedConfig;
    return folder.claim(
      { schema: 1, ...config, identity: this.identity(config.identity), sparseConfig, source },
      { restart },
    );
  }

  /**
   * Answers what is missing of a group, batch by batch, each of which is on the disk before the next begins.
   *
   * @throws the signal's reason between two batches; whatever a batch throws
   */
  async measure(
    group: QuestionGroup,
    questions: PreparedQuestions,
    { seed, speedQuestions, signal, onAnswers }: MeasureOptions,
  ): Promise<void> {
    const { folder, resolved } = this.parts;
    const chain = { ...(resolved?.config as SparseConfig), seed };
    const missing = this.missing(group);
    for (let from = 0; from < missing.length; from += batchQuestions) {
      signal?.throwIfAborted();
      const places = missing.slice(from, from + batchQuestions);
      const timed = places.filter((place) => (group.indices[place] ?? 0) < speedQuestions);
      const denseFirst = this.#batches++ % 2 === 1;
      const source = { rendered: group.rendered, questions, chain };
      const start = performance.now();
      const rows = await measureAnswers(source, { places, timed, denseFirst });
      await folder.append(rows);
      this.#rows = new Map([...this.#rows, ...rows.map((row) => [row.id, row] as const)]);
      onAnswers(rows.length, performance.now() - start);
    }
  }

  /** What the answers come to so far. */
  async report(): Promise<CellReport> {
    const { model, task, spec, place, rendered, resolved } = this.parts;
    const { done, total } = this.progress;
    const rows = this.#answers();
    const { error } = this;
    const tokens = rendered?.contexts.reduce((sum, context) => sum + context.tokens.length, 0) ?? 0;
    return {
      schema: 1,
      model,
      task,
      config: spec.name,
      ...(resolved !== undefined && { source: resolved.source }),
      state: error !== undefined ? 'failed' : done < total ? 'partial' : 'complete',
      ...(error !== undefined && { error }),
      folder: place,
      questions: { done, total },
      contexts: rendered?.contexts.length ?? 0,
      contextTokens: Math.round(tokens / Math.max(1, rendered?.contexts.length ?? 0)),
      ...(await summarise(rows, { isDense: resolved?.config.maskers.length === 0 })),
      ...this.#upstream(rows),
      measuredAt: new Date().toISOString(),
    };
  }

  /** In the order of the questions. */
  #answers(): readonly AnswerRow[] {
    return this.parts.rendered?.asked.flatMap(({ id }) => this.#rows.get(id) ?? []) ?? [];
  }

  #upstream(rows: readonly AnswerRow[]): Pick<CellReport, 'upstream' | 'denseUpstream'> {
    const { rendered } = this.parts;
    if (rendered?.task.upstreamScale === undefined || rows.length === 0) return {};
    const asked = rendered.asked.filter(({ id }) => this.#rows.has(id));
    const scale = (predictionOf: (row: AnswerRow) => string) =>
      rendered.task.upstreamScale?.(
        asked.map((question, i) => ({
          question,
          prediction: predictionOf(rows[i] as AnswerRow),
        })),
      ) ?? {};
    return {
      upstream: scale(({ prediction }) => prediction),
      denseUpstream: scale(({ prediction, densePrediction }) => densePrediction ?? prediction),
    };
  }
}
