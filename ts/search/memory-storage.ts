import { StorageError } from '../errors.js';
import type { Storage, StudyLog, StudyRecord } from './storage.js';

/** Keeps studies in this process only. */
export class MemoryStorage implements Storage {
  readonly #studies = new Map<string, StudyRecord[]>();
  readonly #open = new Set<string>();

  async open(name: string): Promise<StudyLog> {
    if (this.#open.has(name)) {
      throw new StorageError('ERR_STUDY_LOCKED', `Study ${name} is open already; close it first`);
    }
    this.#open.add(name);
    const records = this.#studies.get(name) ?? [];
    this.#studies.set(name, records);
    return {
      records,
      warnings: [],
      append: async (more) => {
        records.push(...more);
      },
      close: async () => {
        this.#open.delete(name);
      },
    };
  }
}
