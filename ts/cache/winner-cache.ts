import { join } from 'node:path';
import { rejectArgument } from '../errors.js';
import { comparableObjectives } from './compare-winners.js';
import { parseWinner } from './parse-winner.js';
import { RecordFolder, type StoredRecord } from './record-folder.js';
import type { TaskKey, Winner, WinnerKey } from './winner.js';

export { winnerId } from './record-folder.js';

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
  /** Default: any. */
  readonly config?: string | undefined;
  readonly objective?: string | undefined;
  /** Only winners for several tasks, those for all of these first. */
  readonly globalTasks?: readonly string[] | undefined;
  /** What names the content of the task's files: a winner of other content is none of this task. */
  readonly data?: string | undefined;
}

export interface WinnerCacheOptions {
  /** Told of every file that is passed over because it cannot be read. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The winners of a home folder; see RecordFolder for how they are kept. */
export class WinnerCache {
  readonly #records: RecordFolder<Winner>;

  constructor(home: string, { onWarning }: WinnerCacheOptions = {}) {
    const folder = join(home, 'winners');
    this.#records = new RecordFolder({ folder, kind: 'winner', parse: parseWinner, onWarning });
  }

  /** Where the winner of a key is kept. */
  path(key: WinnerKey): string {
    return this.#records.path(key);
  }

  async read(key: WinnerKey): Promise<StoredWinner | undefined> {
    const stored = await this.#records.read(key);
    return stored && toWinner(stored);
  }

  /** @returns the file it is kept in from now on */
  async write(winner: Winner): Promise<string> {
    return this.#records.write(winner);
  }

  /** Every winner that can be read, newest first. */
  async list(): Promise<StoredWinner[]> {
    return (await this.#records.list()).map(toWinner);
  }

  /**
   * The best winner that answers a query: one of the task itself, else a global one that was measured on the task, else
   * any global one; of several the lowest objective on validation (see comparableObjectives), then the newest.
   */
  async find(query: WinnerQuery): Promise<StoredWinner | undefined> {
    const matches = (await this.list()).filter(({ winner }) => isMatch(winner.key, query));
    const distances = matches.map(({ winner }) => distanceOf(winner.key, query));
    const least = Math.min(...distances);
    const nearest = matches.filter((_, i) => distances[i] === least);
    const values = comparableObjectives(nearest.map(({ winner }) => winner));
    // The list is newest first: of equal ones the first.
    return nearest[values.indexOf(Math.min(...values))];
  }

  /**
   * The one winner whose id starts with `prefix` (at least four digits), for the command line.
   *
   * @throws {TypeError} `ERR_ARGUMENT` if none or several do
   */
  async get(prefix: string): Promise<StoredWinner> {
    return byId(await this.list(), prefix);
  }

  /** Removes a winner by its key; says whether there was one. */
  async remove(key: WinnerKey): Promise<boolean> {
    return this.#records.remove(key);
  }
}

/**
 * The one of a list whose id starts with `prefix` (at least four digits).
 *
 * @throws {TypeError} `ERR_ARGUMENT` if none or several do
 */
export function byId<T extends { readonly id: string }>(stored: readonly T[], prefix: string): T {
  const matches = prefix.length < 4 ? [] : stored.filter(({ id }) => id.startsWith(prefix));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const expected =
    matches.length > 1
      ? `more digits: ${matches.map(({ id }) => id).join(', ')} match`
      : 'an id as "sparsetune cache ls" shows it';
  return rejectArgument('id', expected, prefix);
}

function toWinner({ path, id, record }: StoredRecord<Winner>): StoredWinner {
  return { path, id, winner: record };
}

function isMatch(key: WinnerKey, query: WinnerQuery): boolean {
  return (
    key.modelFingerprint === query.modelFingerprint &&
    (query.config === undefined || key.config === query.config) &&
    ('tasks' in key || (query.globalTasks === undefined && isOfTask(key, query))) &&
    (query.objective === undefined || plainObjective(key) === query.objective)
  );
}

function isOfTask({ task, taskParameters }: TaskKey, query: WinnerQuery): boolean {
  const hasData = query.data === undefined || taskParameters['data'] === query.data;
  return task === query.task && hasData;
}

/** The objective without the bound of the worst task that a global key may add. */
function plainObjective({ objective }: WinnerKey): string {
  return objective.replace(/, worst task<=[^,]*$/, '');
}

/** How far a winner is from a task: its own or one for all that are asked for, global with it, global without it. */
function distanceOf(key: WinnerKey, { task, globalTasks }: WinnerQuery): number {
  if ('task' in key || globalTasks?.every((each) => key.tasks.includes(each))) return 0;
  return key.tasks.includes(task) ? 1 : 2;
}
