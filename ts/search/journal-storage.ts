import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { rejectArgument, StorageError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { decodeJournal, encodeRecords } from './journal-codec.js';
import type { Storage, StudyLog, StudyRecord } from './storage.js';
import { lockHolder, takeLock } from './study-lock.js';
import { StudyState } from './study-state.js';

const JOURNAL = 'journal.jsonl';
const LOCK = 'lock';

/**
 * Keeps each study in `<home>/studies/<name>/journal.jsonl`: one JSON record a line, only ever appended to.
 *
 * Each `append` (a batch of jobs, or a batch of results) is one write followed by one fsync. Every record has a
 * sequence number and a CRC-32. A last batch that was not written to its end is skipped, reported and cut off by the
 * next write; damage elsewhere is a StorageError. A lock file admits one writer; that of a dead process is taken over.
 *
 * @example
 * const study = await Study.open({ name: 'first', storage: new JournalStorage(home), space, sampler, scheduler, trials: 50 });
 */
export class JournalStorage implements Storage {
  readonly #home: string;

  /** @param home - the folder that holds `studies/`; created when needed */
  constructor(home: string) {
    this.#home = home;
  }

  async open(name: string): Promise<StudyLog> {
    const folder = studyFolder(this.#home, name);
    await orStorageError(`Cannot create ${folder}`, () => mkdir(folder, { recursive: true }));
    const unlock = await takeLock(join(folder, LOCK));
    try {
      return await JournalLog.open(join(folder, JOURNAL), folder, unlock);
    } catch (cause) {
      await unlock();
      throw cause;
    }
  }

  /**
   * Keeps the study of a name under another one, so that the name is free; nothing happens where there is none.
   *
   * @throws {StorageError} `ERR_STUDY_LOCKED` while another process writes it
   */
  async setAside(name: string): Promise<void> {
    const folder = studyFolder(this.#home, name);
    if (!(await exists(folder))) return;
    const unlock = await takeLock(join(folder, LOCK));
    try {
      const aside = `${folder}-until-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      await orStorageError(`Cannot rename ${folder}`, () => rename(folder, aside));
      await rm(join(aside, LOCK), { force: true });
    } finally {
      await unlock();
    }
  }
}

/** What is stored of a study, as `readStudy` finds it. */
export interface StoredStudy {
  readonly name: string;
  readonly path: string;
  readonly state: StudyState;
  readonly warnings: readonly string[];
  readonly updatedAt: Date;
  /** The process that is writing it now, if any. */
  readonly writer: number | undefined;
}

/** Names of the studies under a home folder, sorted. */
export async function listStudies(home: string): Promise<readonly string[]> {
  const folder = join(home, 'studies');
  const entries = await readdir(folder).catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code === 'ENOENT') return [];
    throw new StorageError('ERR_STORAGE', `Cannot read ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  });
  const isStudy = await Promise.all(entries.map((name) => exists(join(folder, name, JOURNAL))));
  return entries.filter((_, i) => isStudy[i]).sort();
}

/**
 * Reads a study without locking it; a study that is being written may be read.
 *
 * @throws {StorageError} `ERR_STUDY_NOT_FOUND`, with the nearest known name
 */
export async function readStudy(home: string, name: string): Promise<StoredStudy> {
  const folder = studyFolder(home, name);
  const path = join(folder, JOURNAL);
  if (!(await exists(path))) {
    const hint = didYouMean(name, await listStudies(home));
    throw new StorageError(
      'ERR_STUDY_NOT_FOUND',
      `There is no study ${name} in ${join(home, 'studies')}${hint}`,
    );
  }
  const file = await orStorageError(`Cannot read ${path}`, () => readFile(path));
  const { mtime } = await stat(path);
  const { records, warnings } = decodeJournal(file, path);
  const writer = await lockHolder(join(folder, LOCK));
  return { name, path, state: StudyState.replay(records), warnings, updatedAt: mtime, writer };
}

class JournalLog implements StudyLog {
  readonly records: StudyRecord[];
  readonly warnings: readonly string[];
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #unlock: () => Promise<void>;
  #goodBytes: number;
  /** Whether the file may be longer than its good part. */
  #isTorn: boolean;

  private constructor(
    path: string,
    file: FileHandle,
    content: Buffer,
    unlock: () => Promise<void>,
  ) {
    const { records, goodBytes, warnings } = decodeJournal(content, path);
    this.records = [...records];
    this.warnings = warnings;
    this.#path = path;
    this.#file = file;
    this.#unlock = unlock;
    this.#goodBytes = goodBytes;
    this.#isTorn = goodBytes < content.length;
  }

  static async open(
    path: string,
    folder: string,
    unlock: () => Promise<void>,
  ): Promise<JournalLog> {
    const isNew = !(await exists(path));
    const file = await orStorageError(`Cannot open ${path}`, () =>
      open(path, isNew ? 'wx+' : 'r+'),
    );
    try {
      if (isNew) await syncFolder(folder);
      return new JournalLog(path, file, await file.readFile(), unlock);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  async append(records: readonly StudyRecord[]): Promise<void> {
    const bytes = Buffer.from(encodeRecords(records, this.records.length));
    try {
      if (this.#isTorn) await this.#file.truncate(this.#goodBytes);
      this.#isTorn = true;
      await writeAll(this.#file, bytes, this.#goodBytes);
      await this.#file.datasync();
    } catch (cause) {
      await this.#cutBack();
      throw writeError(this.#path, cause);
    }
    this.#goodBytes += bytes.length;
    this.#isTorn = false;
    this.records.push(...records);
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#unlock();
  }

  /** After a failed write. If even this fails, the torn end is skipped by readers and cut by the next write. */
  async #cutBack(): Promise<void> {
    await this.#file.truncate(this.#goodBytes).then(
      () => {
        this.#isTorn = false;
      },
      () => undefined,
    );
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function writeError(path: string, cause: unknown): StorageError {
  const { code } = cause as { code?: unknown };
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  const cure = isFull
    ? 'there is no space left; free some and resume the study, nothing recorded is lost'
    : 'the study can be resumed once the cause is mended';
  return new StorageError('ERR_STORAGE', `Cannot write ${path}: ${cure}`, { cause });
}

function studyFolder(home: string, name: string): string {
  if (!/^[A-Za-z0-9][\w.@+-]{0,199}$/.test(name)) {
    rejectArgument(
      'name',
      'a study name of letters, digits and . _ - @ +, at most 200 of them,',
      name,
    );
  }
  return join(home, 'studies', name);
}

/** Makes the new file's entry survive a power failure; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function orStorageError<T>(message: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new StorageError('ERR_STORAGE', `${message}: ${reason}`, { cause });
  }
}
