import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { errorCode, writeFileAtomic } from '../files.js';
import { hashJson } from '../space/canonical-json.js';
import type { SparseConfig } from '../sparse-config.js';

/** A configuration from another program, with which a search may begin. */
export interface ImportedStart {
  readonly schemaVersion: 1;
  readonly config: SparseConfig;
  readonly from: {
    readonly format: 'sparse-attention-hub';
    readonly model: string;
    readonly task: string;
    readonly name: string;
    readonly score?: number;
  };
  /** In what the config differs from the one it was made of. */
  readonly changes: readonly string[];
  readonly importedAt: string;
}

/** A start and the file it is kept in. */
export interface StoredStart {
  readonly id: string;
  readonly path: string;
  readonly start: ImportedStart;
}

/** The imported starts of a home folder, one JSON file each; one that cannot be read is reported and passed over. */
export class ImportedStarts {
  readonly #folder: string;
  readonly #warn: (message: string) => void;

  constructor(home: string, onWarning: (message: string) => void = () => undefined) {
    this.#folder = join(home, 'starts');
    this.#warn = onWarning;
  }

  /** Keeps a start; one of the same origin and config is kept once. @returns whether it is new */
  async write(start: ImportedStart): Promise<StoredStart & { readonly isNew: boolean }> {
    const id = startId(start);
    const path = join(this.#folder, `${id}.json`);
    const isNew = (await this.#read(path)) === undefined;
    try {
      if (isNew) await writeFileAtomic(path, `${JSON.stringify(start, null, 2)}\n`);
    } catch (cause) {
      const message = `Could not write ${path}: ${(cause as Error).message}`;
      throw new StorageError('ERR_STORAGE', message, { cause });
    }
    return { id, path, start, isNew };
  }

  /** All that can be read, the newest first. */
  async list(): Promise<readonly StoredStart[]> {
    const starts: StoredStart[] = [];
    for (const name of await this.#names()) {
      const path = join(this.#folder, name);
      const start = await this.#read(path);
      if (start !== undefined) starts.push({ id: startId(start), path, start });
    }
    return starts.sort((a, b) => b.start.importedAt.localeCompare(a.start.importedAt));
  }

  async remove({ path }: StoredStart): Promise<void> {
    await rm(path, { force: true });
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.endsWith('.json')).sort();
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return [];
      const message = `Could not read ${this.#folder}: ${(cause as Error).message}`;
      throw new StorageError('ERR_STORAGE', message, { cause });
    }
  }

  async #read(path: string): Promise<ImportedStart | undefined> {
    try {
      const start = JSON.parse(await readFile(path, 'utf8')) as Partial<ImportedStart> | null;
      const isWhole =
        start?.schemaVersion === 1 &&
        Array.isArray(start.config?.maskers) &&
        typeof start.from?.task === 'string' &&
        typeof start.importedAt === 'string';
      if (isWhole) return start as ImportedStart;
      this.#warn(`Passed over ${path}: it is no imported configuration. Remove it.`);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT')
        this.#warn(`Passed over ${path}: ${(error as Error).message}. Remove it.`);
    }
    return undefined;
  }
}

/** Twelve hex digits of a start's config and origin. */
function startId({ config, from }: ImportedStart): string {
  return hashJson({ config, from }).slice(0, 12);
}
