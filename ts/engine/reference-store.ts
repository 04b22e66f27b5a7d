import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../files.js';
import { maxGoldTokens } from '../tasks/prompt.js';
import type { DenseGold } from './dense-gold.js';
import type { AskedQuestion, EngineContext, EngineQuestion } from './question.js';
import { hashTokens } from './snapshot-store.js';
import type { DenseReference } from './teacher-forcing.js';

/** Everything that was measured of the dense model on a set of questions, once. */
export interface ReferenceSet {
  readonly references: readonly DenseReference[];
  /** Greedy dense answers, and their scores; null where an answer has none. */
  readonly answers: readonly string[];
  readonly scores: readonly (number | null)[];
  /** What teacher forcing runs over in place of the gold that questions came without. */
  readonly gold?: DenseGold;
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
  readonly questions: readonly (AskedQuestion | EngineQuestion)[];
  /** What names the grader of answers, e.g. a task and its version. */
  readonly grader: string;
}

const format = 3;

/**
 * Dense references on disk, beside the snapshots they belong to: one JSON file a set of questions, written whole or
 * not at all, its last field a CRC-32 of all before it. A damaged file counts as absent.
 */
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

  #path(key: ReferenceKey): string {
    return join(this.folder, `${questionSetId(key)}.reference.json`);
  }
}

/** Name of a set of questions on a model: 32 hex digits, the same for all that a measurement of it depends on. */
export function questionSetId({ contexts, questions, ...rest }: ReferenceKey): string {
  const hash = createHash('sha256').update(JSON.stringify({ format, ...rest }));
  for (const { tokens } of contexts) hash.update(hashTokens(tokens));
  for (const question of questions) {
    const { context, promptTokens, goldTokens, maxNewTokens, isGraded } = question;
    const gold = goldTokens === undefined ? `dense ${maxGoldTokens}` : hashTokens(goldTokens);
    const whose = 'goldOf' in question ? ` of ${question.goldOf}` : '';
    const grading = isGraded === false ? ' ungraded' : '';
    hash.update(`${context} ${maxNewTokens} ${hashTokens(promptTokens)} ${gold}${whose}${grading}`);
  }
  return hash.digest('hex').slice(0, 32);
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
  const body = JSON.stringify({ ...set, references });
  return `${body.slice(0, -1)},"crc":"${checksum(body)}"}`;
}

const crcField = /,"crc":"([0-9a-f]{8})"\}$/;

function decode(text: string): ReferenceSet {
  const match = crcField.exec(text);
  const body = `${text.slice(0, match?.index)}}`;
  if (match?.[1] !== checksum(body)) throw new Error('its checksum is wrong');
  const set = JSON.parse(body) as Omit<ReferenceSet, 'references'> & {
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

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
