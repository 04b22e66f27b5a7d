import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecodeSpeed } from '../engine/decode-speed.js';
import { StorageError } from '../errors.js';
import { errorCode, writeFileAtomic } from '../files.js';
import type { Metrics } from '../metrics.js';
import { takeLock } from '../search/study-lock.js';
import { canonicalJson } from '../space/canonical-json.js';
import type { SparseConfig } from '../sparse-config.js';
import type { CellReport } from './report.js';
import type { ConfigSource } from './resolve-config.js';

/** One answer: a line of `raw.jsonl`. */
export interface AnswerRow {
  /** Of the question. */
  readonly id: string;
  readonly context: string;
  readonly prediction: string;
  readonly references: readonly string[];
  /** Null where the task has no references. */
  readonly score: number | null;
  readonly denseScore: number | null;
  /** What dense attention answered, where it is another answer. */
  readonly densePrediction?: string;
  readonly metrics: Omit<Metrics, 'attentionMs' | 'score'>;
  readonly timings: {
    /** Thread time inside attention for a token of the teacher-forced pass. */
    readonly attentionMs: number;
    readonly denseAttentionMs: number;
    /** Share of the time of its batch. */
    readonly elapsedMs: number;
    /** Of a decoding step, where that was measured. */
    readonly step?: DecodeSpeed;
  };
}

/** All that two runs must share for their answers to stand in one file, by names that are told where they differ. */
export type CellIdentity = Readonly<Record<string, unknown>>;

/** `config.json` of a cell. */
export interface CellConfig {
  readonly schema: 1;
  readonly identity: CellIdentity;
  readonly sparseConfig: SparseConfig;
  readonly source: ConfigSource;
  readonly options: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, string | number>>;
}

/**
 * The folder of one config on one task: `config.json` (what is measured and how), `raw.jsonl` (a line an answer,
 * appended and flushed to the disk) and `metrics.json` (what they come to).
 */
export class CellFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Why the answers that are here do not go together with those of a run, or undefined where they do or there are none.
   *
   * @throws {StorageError} `ERR_STORAGE` where the folder cannot be read
   */
  async conflict(identity: CellIdentity): Promise<string | undefined> {
    if ((await this.#read('raw.jsonl')) === undefined) return undefined;
    const known = parseConfig(await this.#read('config.json'));
    if (known === undefined) return 'its config.json is missing or damaged';
    const names = new Set([...Object.keys(known), ...Object.keys(identity)]);
    const text = (value: unknown) => (value === undefined ? 'not set' : canonicalJson(value));
    const wrong = [...names].find((name) => text(known[name]) !== text(identity[name]));
    if (wrong === undefined) return undefined;
    return `its ${wrong} was ${text(known[wrong])} and is ${text(identity[wrong])} now`;
  }

  /** The answers by the ids of their questions; a line that is torn or damaged is passed over. */
  async rows(): Promise<{ rows: ReadonlyMap<string, AnswerRow>; damaged: number }> {
    const lines = ((await this.#read('raw.jsonl')) ?? '').split('\n').filter((line) => line !== '');
    const rows = new Map<string, AnswerRow>();
    let damaged = 0;
    for (const line of lines) {
      const row = parseRow(line);
      if (row === undefined) damaged++;
      else rows.set(row.id, row);
    }
    return { rows, damaged };
  }

  /** What was reported last, or undefined where nothing was or it cannot be read. */
  async report(): Promise<CellReport | undefined> {
    return parseReport(await this.#read('metrics.json'));
  }

  /**
   * Makes the folder this process's own and notes what is measured; to begin anew what is there is removed first.
   *
   * @returns what gives it back
   * @throws {StorageError} `ERR_STUDY_LOCKED` where another process measures here
   */
  async claim(
    config: CellConfig,
    { restart }: { readonly restart: boolean },
  ): Promise<() => Promise<void>> {
    await this.#guard('write', () => mkdir(this.path, { recursive: true }));
    const release = await takeLock(join(this.path, 'lock'), {
      what: this.path,
      cure: 'wait until it ends, stop it, or use another --result-dir',
    });
    try {
      if (restart) await this.#clear();
      const text = `${JSON.stringify(config, null, 2)}\n`;
      await this.#guard('write', () => writeFileAtomic(join(this.path, 'config.json'), text));
    } catch (error) {
      await release();
      throw error;
    }
    return release;
  }

  /** Appends answers; they are on the disk when it returns. What was torn at the end is removed first. */
  async append(rows: readonly AnswerRow[]): Promise<void> {
    await this.#guard('write', async () => {
      const file = await open(join(this.path, 'raw.jsonl'), 'a+');
      try {
        const start = await mendEnd(file);
        await file.appendFile(start + rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  async write(report: CellReport): Promise<void> {
    const text = `${JSON.stringify(report, null, 2)}\n`;
    await this.#guard('write', () => writeFileAtomic(join(this.path, 'metrics.json'), text));
  }

  async #clear(): Promise<void> {
    for (const name of ['metrics.json', 'raw.jsonl', 'config.json'])
      await this.#guard('remove', () => rm(join(this.path, name), { force: true }));
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, name), 'utf8');
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return undefined;
      throw failure('read', join(this.path, name), cause);
    }
  }

  async #guard<T>(verb: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw failure(verb, this.path, cause);
    }
  }
}

function failure(verb: string, path: string, cause: unknown): StorageError {
  const message = `Could not ${verb} ${path}: ${(cause as Error).message}`;
  return new StorageError('ERR_STORAGE', message, { cause });
}

/** Reads a report; undefined of nothing and of what is no report of this version. */
export function parseReport(text: string | undefined): CellReport | undefined {
  const report = parseObject(text) as Partial<CellReport> | undefined;
  const isWhole =
    report?.schema === 1 &&
    [report.model, report.task, report.config, report.state].every(
      (value) => typeof value === 'string',
    );
  return isWhole ? (report as CellReport) : undefined;
}

function parseConfig(text: string | undefined): CellIdentity | undefined {
  const { identity } = (parseObject(text) ?? {}) as Partial<CellConfig>;
  return typeof identity === 'object' && identity !== null ? identity : undefined;
}

/** Cuts off a last line that a kill left torn. @returns what ends a whole one that lacks its end */
async function mendEnd(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const last = Buffer.alloc(1);
  if (size > 0) await file.read(last, 0, 1, size - 1);
  if (size === 0 || last.toString() === '\n') return '';
  const bytes = await file.readFile();
  const lineStart = bytes.lastIndexOf('\n') + 1;
  if (parseRow(bytes.toString('utf8', lineStart)) !== undefined) return '\n';
  await file.truncate(lineStart);
  return '';
}

function parseRow(line: string): AnswerRow | undefined {
  const row = parseObject(line) as Partial<AnswerRow> | undefined;
  const isWhole =
    typeof row?.id === 'string' && row.metrics !== undefined && row.timings !== undefined;
  return isWhole ? (row as AnswerRow) : undefined;
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // torn or damaged: as good as none
  }
}
