import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.js';

/** Work of one kind that was done, or is to be: its amount, and what its cost depends on. */
export interface Work {
  /** `prefill` and `reference` are a task's, `answers` a config's. */
  readonly kind: 'prefill' | 'reference' | 'answers';
  readonly task: string;
  readonly config: string;
  /** Mean tokens of a context. */
  readonly contextTokens: number;
  /** Tokens of prefill, else questions. */
  readonly amount: number;
}

/** A measurement: milliseconds a unit of the amount, the last one of its kind, task and config. */
interface Entry extends Omit<Work, 'amount'> {
  readonly msPerUnit: number;
}

/** An estimate, and how near what it is taken from is. */
export interface Estimate {
  readonly ms: number;
  /** `same` work was measured; `task`: another config on the task; `other`: another task, the nearest in length. */
  readonly basis: 'same' | 'task' | 'other';
}

/**
 * How long work took on this machine with one model: kept in the home folder between runs, for estimates only. A file
 * that cannot be read or written is no error.
 */
export class TimeBook {
  readonly #path: string;
  readonly #entries = new Map<string, Entry>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** @param machine - what times are only comparable within: the model, the CPU, the threads */
  static async open(home: string, machine: string): Promise<TimeBook> {
    const book = new TimeBook(join(home, 'times', `${machine}.json`));
    for (const entry of await readEntries(book.#path)) book.#entries.set(keyOf(entry), entry);
    return book;
  }

  note({ amount, ...work }: Work, elapsedMs: number): void {
    if (amount > 0) this.#entries.set(keyOf(work), { ...work, msPerUnit: elapsedMs / amount });
  }

  /** Undefined where nothing of the kind was measured yet. */
  estimate(work: Work): Estimate | undefined {
    if (work.amount === 0) return { ms: 0, basis: 'same' };
    const same = this.#entries.get(keyOf(work));
    if (same !== undefined) return { ms: same.msPerUnit * work.amount, basis: 'same' };
    const kind = [...this.#entries.values()].filter((entry) => entry.kind === work.kind);
    const ofTask = kind.filter((entry) => entry.task === work.task);
    const others = ofTask.length > 0 ? ofTask : nearest(kind, work.contextTokens);
    if (others.length === 0) return undefined;
    const sum = others.reduce((total, { msPerUnit }) => total + msPerUnit, 0);
    const ms = (sum / others.length) * work.amount;
    return { ms, basis: ofTask.length > 0 ? 'task' : 'other' };
  }

  async save(): Promise<void> {
    const text = JSON.stringify({ schema: 1, entries: [...this.#entries.values()] }, null, 1);
    // Without it the next run only has no estimate.
    await writeFileAtomic(this.#path, `${text}\n`).catch(() => undefined);
  }
}

function keyOf({ kind, task, config }: Omit<Work, 'amount'>): string {
  return `${kind} ${task} ${config}`;
}

/** Those of the length that is nearest on a logarithmic scale. */
function nearest(entries: readonly Entry[], contextTokens: number): readonly Entry[] {
  const distance = (entry: Entry) => Math.abs(Math.log(entry.contextTokens / contextTokens));
  const least = Math.min(...entries.map(distance));
  return entries.filter((entry) => distance(entry) <= least);
}

async function readEntries(path: string): Promise<readonly Entry[]> {
  try {
    const { entries } = JSON.parse(await readFile(path, 'utf8')) as { entries: readonly Entry[] };
    return entries.filter(({ msPerUnit, contextTokens }) => msPerUnit > 0 && contextTokens > 0);
  } catch {
    return []; // not there yet, or not readable: then there is no estimate
  }
}
