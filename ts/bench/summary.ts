import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { errorCode, writeFileAtomic } from '../files.js';
import { parseReport } from './cell-folder.js';
import type { CellReport } from './report.js';
import { summaryCsv } from './summary-csv.js';
import { summaryMarkdown } from './summary-markdown.js';

/** A config over all measured tasks of one benchmark, each task counting the same. */
export interface BenchmarkScore {
  readonly model: string;
  readonly config: string;
  readonly benchmark: string;
  readonly tasks: number;
  readonly questions: number;
  readonly score: number;
  /** Null where that of a task is not known. */
  readonly standardError: number | null;
  /** Mean over the tasks on the benchmark's own scale, rounded to 4; left out where a task has none. */
  readonly upstream?: number;
}

/**
 * Writes `summary.json`, `summary.md` and `summary.csv` over every cell that the folder holds, whichever run has
 * measured it; nothing where there is none.
 *
 * @returns the files
 * @throws {StorageError} `ERR_STORAGE` where the folder cannot be read or written
 */
export async function writeSummary(resultDir: string): Promise<readonly string[]> {
  const cells = await readReports(resultDir);
  if (cells.length === 0) return [];
  const benchmarks = benchmarkScores(cells);
  const texts = {
    'summary.json': `${JSON.stringify({ schema: 1, cells, benchmarks }, null, 2)}\n`,
    'summary.md': summaryMarkdown(cells, benchmarks),
    'summary.csv': summaryCsv(cells),
  };
  const files: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const path = join(resultDir, name);
    await guard(`write ${path}`, () => writeFileAtomic(path, text));
    files.push(path);
  }
  return files;
}

/** Every cell of a result folder: by model, then task, the dense one first. */
export async function readReports(resultDir: string): Promise<readonly CellReport[]> {
  const names = await guard(`read ${resultDir}`, () => filesBelow(resultDir));
  const cells: CellReport[] = [];
  for (const name of names.filter((path) => /(^|[/\\])metrics\.json$/.test(path))) {
    const path = join(resultDir, name);
    const report = parseReport(await guard(`read ${path}`, () => readFile(path, 'utf8')));
    if (report !== undefined) cells.push(report);
  }
  return cells.sort(
    (a, b) =>
      compare(a.model, b.model) ||
      compare(a.task, b.task) ||
      Number(b.config === 'dense') - Number(a.config === 'dense') ||
      compare(a.config, b.config),
  );
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** By letters, numbers inside by their value: `@512` before `@1024`. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Of the benchmarks with more than one complete task. */
export function benchmarkScores(cells: readonly CellReport[]): readonly BenchmarkScore[] {
  const groups = new Map<string, CellReport[]>();
  for (const cell of cells) {
    if (cell.state !== 'complete' || cell.score === undefined) continue;
    const key = JSON.stringify([cell.model, cell.config, benchmarkOf(cell.task)]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups].flatMap(([key, own]) => {
    if (own.length < 2) return [];
    const [model = '', config = '', benchmark = ''] = JSON.parse(key) as string[];
    const sum = (read: (cell: CellReport) => number) =>
      own.reduce((total, cell) => total + read(cell), 0);
    return [
      {
        model,
        config,
        benchmark,
        tasks: own.length,
        questions: sum(({ questions }) => questions.done),
        score: sum(({ score }) => score?.mean ?? 0) / own.length,
        standardError: errorOfMean(own.map(({ score }) => score?.standardError ?? null)),
        ...upstreamMean(own),
      },
    ];
  });
}

/** Of the mean of values that are measured apart. */
function errorOfMean(errors: readonly (number | null)[]): number | null {
  const known = errors.flatMap((error) => error ?? []);
  if (known.length < errors.length) return null;
  return Math.sqrt(known.reduce((sum, error) => sum + error ** 2, 0)) / errors.length;
}

/** Each task's own `overall`, so that every task counts the same whatever its number of questions. */
function upstreamMean(cells: readonly CellReport[]): Pick<BenchmarkScore, 'upstream'> {
  const known = cells.flatMap(({ upstream }) => upstream?.['overall'] ?? []);
  if (known.length < cells.length) return {};
  const mean = known.reduce((total, value) => total + value, 0) / known.length;
  return { upstream: Number(mean.toFixed(4)) };
}

/** `ruler@4096` of `ruler/vt@4096`: means are over tasks of one length. */
function benchmarkOf(task: string): string {
  const [, name = task, length = ''] = /^([^/@]+)[^@]*(@.*)?$/.exec(task) ?? [];
  return `${name}${length}`;
}

async function guard<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new StorageError('ERR_STORAGE', `Could not ${what}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
