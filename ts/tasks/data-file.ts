import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SparseTuneError } from '../errors.js';

/** A file of a data set that a user can get, under its official name. */
export interface DataFile {
  /** Name of the data set, for people. */
  readonly dataset: string;
  readonly name: string;
  /** Page or repository that has it. */
  readonly from: string;
  /** What a user may do without it, a sentence. */
  readonly otherwise?: string;
}

/** Where a task looks for its files. */
export interface DataPlaces {
  /** Folder of the user's `--data`. */
  readonly data: string | undefined;
}

/**
 * The path of a data set's file.
 *
 * @param task - name of the task that wants it, for the error
 * @throws {SparseTuneError} `ERR_TASK` without `--data`, `ERR_DATA` where that folder lacks the file; both say which
 *   file to get from where
 */
export async function findDataFile(
  task: string,
  file: DataFile,
  { data }: DataPlaces,
): Promise<string> {
  const cure = `Get ${file.name} from ${file.from}, put it into a folder DIR and give --data DIR.${file.otherwise === undefined ? '' : ` ${file.otherwise}`}`;
  if (data === undefined)
    throw new SparseTuneError('ERR_TASK', `${task} is made from ${file.dataset}. ${cure}`);
  const path = join(data, file.name);
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isThere) return path;
  throw new SparseTuneError(
    'ERR_DATA',
    `${task} is made from ${file.dataset}, and there is no ${file.name} in ${data}. ${cure}`,
  );
}
