import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { errorCode, writeFileAtomic } from '../files.js';
import { canonicalJson, hashJson } from '../space/canonical-json.js';
import { tasksOf, type WinnerKey } from './winner.js';

/** What is kept under a key. */
export interface KeyedRecord {
  readonly key: WinnerKey;
  readonly provenance: { readonly createdAt: string };
}

/** A record and the file it is kept in. */
export interface StoredRecord<T> {
  readonly path: string;
  /** The first twelve hex digits of the key's hash; names the record on the command line. */
  readonly id: string;
  readonly record: T;
}

export interface RecordFolderOptions<T> {
  readonly folder: string;
  /** What the records are called in messages. */
  readonly kind: string;
  /** Reads a file; throws an error that says what is wrong with it. */
  readonly parse: (text: string) => T;
  /** Told of every file that is passed over because it cannot be read. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * One JSON file per key, written whole or not at all. A file that cannot be read is reported and passed over, never an
 * error: the search can always be made again.
 */
export class RecordFolder<T extends KeyedRecord> {
  readonly #folder: string;
  readonly #kind: string;
  readonly #parse: (text: string) => T;
  readonly #warn: (message: string) => void;

  constructor({ folder, kind, parse, onWarning = () => {} }: RecordFolderOptions<T>) {
    this.#folder = folder;
    this.#kind = kind;
    this.#parse = parse;
    this.#warn = onWarning;
  }

  /** Where the record of a key is kept. */
  path(key: WinnerKey): string {
    const [size = ''] = key.modelFingerprint.split('-');
    const [first = '', ...others] = tasksOf(key);
    const task = others.length === 0 ? first : `global_${others.length + 1}_tasks`;
    const readable = [key.config, task, size].map((part) => part.replaceAll(/[^\w@.]+/g, '_'));
    return join(this.#folder, `${readable.join('-')}-${winnerId(key)}.json`);
  }

  async read(key: WinnerKey): Promise<StoredRecord<T> | undefined> {
    const stored = await this.#load(this.path(key));
    if (stored === undefined || canonicalJson(stored.record.key) === canonicalJson(key))
      return stored;
    this.#warn(`${stored.path} holds the ${this.#kind} of another key; it is passed over.`);
    return undefined;
  }

  /** @returns the file it is kept in from now on */
  async write(record: T): Promise<string> {
    const path = this.path(record.key);
    try {
      await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`);
    } catch (cause) {
      throw new StorageError(
        'ERR_STORAGE',
        `Could not write the ${this.#kind} to ${path}: ${(cause as Error).message}`,
        { cause },
      );
    }
    return path;
  }

  /** Every record that can be read, newest first. */
  async list(): Promise<StoredRecord<T>[]> {
    const records: StoredRecord<T>[] = [];
    for (const name of await this.#names()) {
      const stored = await this.#load(join(this.#folder, name));
      if (stored !== undefined) records.push(stored);
    }
    return records.sort((a, b) => createdAt(b).localeCompare(createdAt(a)));
  }

  /** Removes a record by its key; says whether there was one. */
  async remove(key: WinnerKey): Promise<boolean> {
    const path = this.path(key);
    try {
      await rm(path);
      return true;
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return false;
      throw new StorageError(
        'ERR_STORAGE',
        `Could not remove ${path}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.endsWith('.json')).sort();
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return [];
      throw new StorageError(
        'ERR_STORAGE',
        `Could not read ${this.#folder}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  async #load(path: string): Promise<StoredRecord<T> | undefined> {
    try {
      const record = this.#parse(await readFile(path, 'utf8'));
      return { path, id: winnerId(record.key), record };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      this.#warn(
        `Passed over ${path}: ${(error as Error).message}. Remove it, or tune again with --force.`,
      );
      return undefined;
    }
  }
}

/** Short name of a key: the first twelve hex digits of its hash. */
export function winnerId(key: WinnerKey): string {
  return hashJson(key).slice(0, 12);
}

function createdAt({ record }: StoredRecord<KeyedRecord>): string {
  return record.provenance.createdAt;
}
