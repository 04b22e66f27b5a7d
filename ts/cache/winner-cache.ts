import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rejectArgument, StorageError } from '../errors.js';
import { errorCode, writeFileAtomic } from '../files.js';
import { canonicalJson, hashJson } from '../space/canonical-json.js';
import { parseWinner } from './parse-winner.js';
import { tasksOf, type Winner, type WinnerKey } from './winner.js';

/** A winner and the file it is kept in. */
export interface StoredWinner {
  readonly path: string;
  /** The first twelve hex digits of the key's hash; names the winner on the command line. */
  readonly id: string;
  readonly winner: Winner;
}

/** What a lookup asks for: any search space will do, and any objective where none is given. */
export interface WinnerQuery {
  readonly modelFingerprint: string;
  readonly task: string;
  readonly config: string;
  readonly objective?: string | undefined;
}

export interface WinnerCacheOptions {
  /** Told of every file that is passed over because it cannot be read. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The winners of a home folder: one JSON file per key, written whole or not at all. A file that cannot be read is
 * reported and passed over, never an error: the search can always be made again.
 */
export class WinnerCache {
  readonly #folder: string;
  readonly #warn: (message: string) => void;

  constructor(home: string, { onWarning = () => {} }: WinnerCacheOptions = {}) {
    this.#folder = join(home, 'winners');
    this.#warn = onWarning;
  }

  /** Where the winner of a key is kept. */
  path(key: WinnerKey): string {
    const [size = ''] = key.modelFingerprint.split('-');
    const [first = '', ...others] = tasksOf(key);
    const task = others.length === 0 ? first : `global_${others.length + 1}_tasks`;
    const readable = [key.config, task, size].map((part) => part.replaceAll(/[^\w@.]+/g, '_'));
    return join(this.#folder, `${readable.join('-')}-${winnerId(key)}.json`);
  }

  async read(key: WinnerKey): Promise<StoredWinner | undefined> {
    const stored = await this.#load(this.path(key));
    if (stored === undefined || canonicalJson(stored.winner.key) === canonicalJson(key))
      return stored;
    this.#warn(`${stored.path} holds the winner of another key; it is passed over.`);
    return undefined;
  }

  /** @returns the file it is kept in from now on */
  async write(winner: Winner): Promise<string> {
    const path = this.path(winner.key);
    try {
      await writeFileAtomic(path, `${JSON.stringify(winner, null, 2)}\n`);
    } catch (cause) {
      throw new StorageError(
        'ERR_STORAGE',
        `Could not write the winner to ${path}: ${(cause as Error).message}`,
        { cause },
      );
    }
    return path;
  }

  /** Every winner that can be read, newest first. */
  async list(): Promise<StoredWinner[]> {
    const winners: StoredWinner[] = [];
    for (const name of await this.#names()) {
      const stored = await this.#load(join(this.#folder, name));
      if (stored !== undefined) winners.push(stored);
    }
    return winners.sort((a, b) => createdAt(b).localeCompare(createdAt(a)));
  }

  /**
   * The best winner that answers a query: one of the task itself, else a global one that was measured on the task, else
   * any global one; of several the lowest objective on validation, then the newest.
   */
  async find(query: WinnerQuery): Promise<StoredWinner | undefined> {
    const matches = (await this.list()).filter(({ winner }) => isMatch(winner.key, query));
    const distance = ({ winner }: StoredWinner) => distanceOf(winner.key, query.task);
    // The list is newest first and the sort is stable.
    return matches.sort(
      (a, b) => distance(a) - distance(b) || validatedObjective(a) - validatedObjective(b),
    )[0];
  }

  /**
   * The one winner whose id starts with `prefix` (at least four digits), for the command line.
   *
   * @throws {TypeError} `ERR_ARGUMENT` if none or several do
   */
  async get(prefix: string): Promise<StoredWinner> {
    const matches =
      prefix.length < 4 ? [] : (await this.list()).filter(({ id }) => id.startsWith(prefix));
    const [only] = matches;
    if (only !== undefined && matches.length === 1) return only;
    const expected =
      matches.length > 1
        ? `more digits: ${matches.map(({ id }) => id).join(', ')} match`
        : 'the id of a winner as "sparsetune cache ls" shows it';
    return rejectArgument('id', expected, prefix);
  }

  /** Removes a winner by its key; says whether there was one. */
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

  async #load(path: string): Promise<StoredWinner | undefined> {
    try {
      const winner = parseWinner(await readFile(path, 'utf8'));
      return { path, id: winnerId(winner.key), winner };
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

/** Value of the objective that the winner reached on the validation split. */
export function validatedObjective({ winner }: StoredWinner): number {
  return (
    winner.validation.rows.find(({ isWinner }) => isWinner)?.objective ?? Number.POSITIVE_INFINITY
  );
}

function createdAt({ winner }: StoredWinner): string {
  return winner.provenance.createdAt;
}

function isMatch(key: WinnerKey, query: WinnerQuery): boolean {
  return (
    key.modelFingerprint === query.modelFingerprint &&
    key.config === query.config &&
    ('tasks' in key || key.task === query.task) &&
    (query.objective === undefined || key.objective === query.objective)
  );
}

/** How far a winner is from a task: its own, global with it, global without it. */
function distanceOf(key: WinnerKey, task: string): number {
  if ('task' in key) return 0;
  return key.tasks.includes(task) ? 1 : 2;
}
