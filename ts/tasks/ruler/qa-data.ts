import { readFile } from 'node:fs/promises';
import { SparseTuneError } from '../../errors.js';
import { type DataFiles, type DataOptions, findData } from '../data/data-files.js';
import { readRows } from '../data/read-rows.js';
import {
  type QaSet,
  readHotpotFile,
  readHotpotRows,
  readSquadFile,
  readSquadRows,
} from './qa-set.js';

export type QaSubset = 'qa_1' | 'qa_2';

/** A data set that RULER makes questions from: its official file, and the same rows on the hub. */
interface QaSource {
  /** Name of the data set, for people. */
  readonly dataset: string;
  /** The official file. */
  readonly file: string;
  /** Page that has it. */
  readonly page: string;
  readonly repo: string;
  /** Name of the repository's config; its split `validation` is the official file. */
  readonly config: string;
  readonly readFile: (value: unknown) => QaSet;
  readonly readRows: (rows: Awaited<ReturnType<typeof readRows>>) => QaSet;
}

export const qaSources: Readonly<Record<QaSubset, QaSource>> = {
  qa_1: {
    dataset: 'SQuAD v2.0',
    file: 'dev-v2.0.json',
    page: 'https://rajpurkar.github.io/SQuAD-explorer',
    repo: 'rajpurkar/squad_v2',
    config: 'squad_v2',
    readFile: readSquadFile,
    readRows: readSquadRows,
  },
  qa_2: {
    dataset: 'HotpotQA',
    file: 'hotpot_dev_distractor_v1.json',
    page: 'https://hotpotqa.github.io',
    repo: 'hotpotqa/hotpot_qa',
    config: 'distractor',
    readFile: readHotpotFile,
    readRows: readHotpotRows,
  },
};

/** Where a user wants data to be looked for. */
export interface QaPlaces {
  /** Folder of `--data`, in place of the hub. */
  readonly data: string | undefined;
  readonly home: string;
}

/**
 * The file that questions are made from: the official one or the hub's, in the user's folder, or downloaded.
 *
 * @throws {SparseTuneError} `ERR_DATA` where it is not to be had, with what to get from where; the signal's reason
 *   where it is aborted
 */
export async function findQaFiles(
  subset: QaSubset,
  { data, home }: QaPlaces,
  options: DataOptions,
): Promise<DataFiles> {
  const { file, page, repo, config } = qaSources[subset];
  const names = [file.replace(/\.json$/, ''), config];
  const request = {
    benchmark: `ruler/${subset}`,
    wanted: { names, splits: ['validation'] },
    expected: `${file} or ${config}/validation-*.parquet`,
    sets: [{ repo, revision: 'main' }],
    folder: data,
    home,
  };
  try {
    return await findData(request, options);
  } catch (cause) {
    if (!(cause instanceof SparseTuneError)) throw cause;
    throw new SparseTuneError(
      cause.code,
      `${cause.message} Get ${file} from ${page} into a folder DIR and give --data DIR, or use ruler/generated, which is all of RULER that needs no data.`,
      { cause },
    );
  }
}

/**
 * Reads what findQaFiles found.
 *
 * @throws {SparseTuneError} `ERR_DATA` where it is not of the data set's form
 */
export async function readQaSet(subset: QaSubset, paths: readonly string[]): Promise<QaSet> {
  const source = qaSources[subset];
  const [path = ''] = paths;
  if (!path.endsWith('.json')) {
    const rows = [];
    for (const part of paths) rows.push(...(await readRows(part)));
    return source.readRows(rows);
  }
  try {
    return source.readFile(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new SparseTuneError(
      'ERR_DATA',
      `${path} is not the file of ${source.dataset}: ${cause.message}.`,
      { cause },
    );
  }
}
