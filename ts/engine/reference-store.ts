import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.js';
import type { EngineContext, EngineQuestion } from './question.js';
import { hashTokens } from './snapshot-store.js';
import type { DenseReference } from './teacher-forcing.js';

/** Everything that was measured of the dense model on a set of questions, once. */
export interface ReferenceSet {
  readonly references: readonly DenseReference[];
  /** Greedy dense answers, and their scores. */
  readonly answers: readonly string[];
  readonly scores: readonly number[];
  /** Mean KL of dense against dense in batches of another composition: differences below it are ties. */
  readonly noiseFloorKl: number;
  /** Milliseconds it took to measure. */
  readonly elapsedMs: number;
}

/** What a reference set depends on besides the questions. */
export interface ReferenceKey {
  readonly fingerprint: string;
  readonly kvType: 'f16';
  readonly llamaCpp: string;
  readonly isa: string;
  readonly contexts: readonly EngineContext[];
  readonly questions: readonly EngineQuestion[];
}

const format = 1;

/** Dense references on disk, beside the snapshots they belong to; one file a set of questions, written atomically. */
export class ReferenceStore {
  readonly folder: string;
  readonly #warn: (message: string) => void;

  constructor(folder: string, onWarning: (message: string) => void = () => undefined) {
    this.folder = folder;
    this.#warn = onWarning;
  }

  async read(key: ReferenceKey): Promise<ReferenceSet | undefined> {
    const path = this.#path(key);
    try {
      return decode(await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#warn(`Ignored the unreadable dense reference ${path}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async write(key: ReferenceKey, set: ReferenceSet): Promise<void> {
    try {
      await writeFileAtomic(this.#path(key), encode(set));
    } catch (error) {
      this.#warn(
        `Could not store the dense reference in ${this.folder}: ${(error as Error).message}`,
      );
    }
  }

  #path({ contexts, questions, ...rest }: ReferenceKey): string {
    const hash = createHash('sha256').update(JSON.stringify({ format, ...rest }));
    for (const { tokens } of contexts) hash.update(hashTokens(tokens));
    for (const { context, promptTokens, goldTokens, maxNewTokens } of questions) {
      hash.update(
        `${context} ${maxNewTokens} ${hashTokens(promptTokens)} ${hashTokens(goldTokens)}`,
      );
    }
    return join(this.folder, `${hash.digest('hex').slice(0, 32)}.reference.json`);
  }
}

const arrays = {
  ids: Int32Array,
  logProbs: Float32Array,
  goldLogProbs: Float32Array,
  argmax: Int32Array,
};
type ArrayName = keyof typeof arrays;
const arrayNames = Object.keys(arrays) as ArrayName[];

function encode(set: ReferenceSet): string {
  const references = set.references.map((reference) =>
    Object.fromEntries(
      arrayNames.map((name) => {
        const { buffer, byteOffset, byteLength } = reference[name];
        return [name, Buffer.from(buffer, byteOffset, byteLength).toString('base64')];
      }),
    ),
  );
  return JSON.stringify({ ...set, references });
}

function decode(text: string): ReferenceSet {
  const set = JSON.parse(text) as Omit<ReferenceSet, 'references'> & {
    references: Record<ArrayName, string>[];
  };
  const references = set.references.map((encoded) => {
    const bytes = (name: ArrayName) => new Uint8Array(Buffer.from(encoded[name], 'base64')).buffer;
    return {
      ids: new Int32Array(bytes('ids')),
      logProbs: new Float32Array(bytes('logProbs')),
      goldLogProbs: new Float32Array(bytes('goldLogProbs')),
      argmax: new Int32Array(bytes('argmax')),
    };
  });
  return { ...set, references };
}
