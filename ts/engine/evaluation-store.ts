import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { errorCode } from '../files.js';
import type { Metrics } from '../metrics.js';
import type { NativeChain } from '../native/llama-addon.js';
import { hashJson } from '../space/canonical-json.js';
import type { QuestionResult } from './question.js';

/** What one chain gave on one question of a set. */
export interface EvaluationRecord {
  readonly chain: NativeChain;
  /** Of the question, in the set's order. */
  readonly index: number;
  readonly result: QuestionResult;
}

/** A line of the file: a chain by the first 16 hex digits of its hash, its results by the index of their question. */
interface Line {
  readonly chain: string;
  readonly results: readonly (readonly [index: number, metrics: Metrics, answer?: string])[];
}

/**
 * What was measured of chains on one set of questions, question by question, so that no study measures it again: a
 * file of JSON lines that are only ever appended, by any number of processes, each with the CRC-32 of its content.
 *
 * Chains that read a file of learned weights are not kept: the file may change. A line that is damaged or torn is passed over, since all of it can be measured again; for the same reason a write
 * that fails is reported and forgotten.
 */
export class EvaluationStore {
  readonly #path: string;
  readonly #warn: (message: string) => void;
  readonly #results = new Map<string, QuestionResult>();
  #loaded: Promise<void> | undefined;
  #isWritable = true;

  constructor(path: string, onWarning: (message: string) => void = () => undefined) {
    this.#path = path;
    this.#warn = onWarning;
  }

  /** Reads the file once; results that other processes append later are not seen. */
  load(): Promise<void> {
    this.#loaded ??= this.#read();
    return this.#loaded;
  }

  /** What is known after `load`. */
  get(chain: NativeChain, index: number): QuestionResult | undefined {
    if (readsFile(chain)) return undefined;
    return this.#results.get(place(hashChain(chain), index));
  }

  /** Keeps results; where one of a question is known already, the metrics and answers of both are kept. */
  async add(records: readonly EvaluationRecord[]): Promise<void> {
    const lines = new Map<string, [number, Metrics, string?][]>();
    for (const { chain, index, result } of records.filter(({ chain }) => !readsFile(chain))) {
      const hash = hashChain(chain);
      this.#merge(hash, index, result);
      const { metrics, answer } = result;
      const entry: [number, Metrics, string?] =
        answer === undefined ? [index, metrics] : [index, metrics, answer];
      lines.set(hash, [...(lines.get(hash) ?? []), entry]);
    }
    if (lines.size > 0)
      await this.#append([...lines].map(([chain, results]) => ({ chain, results })));
  }

  #merge(hash: string, index: number, { metrics, answer }: QuestionResult): void {
    const known = this.#results.get(place(hash, index));
    const merged = { ...known, ...(answer === undefined ? {} : { answer }) };
    this.#results.set(place(hash, index), {
      ...merged,
      metrics: { ...known?.metrics, ...metrics },
    });
  }

  async #read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT')
        this.#warn(`Measured again what ${this.#path} holds: ${(error as Error).message}`);
      return;
    }
    for (const { chain, results } of text.split('\n').flatMap((line) => decode(line) ?? [])) {
      for (const [index, metrics, answer] of results) {
        this.#merge(chain, index, { metrics, ...(answer === undefined ? {} : { answer }) });
      }
    }
  }

  /** A line break before each line ends what a killed process may have left torn. */
  async #append(lines: readonly Line[]): Promise<void> {
    if (!this.#isWritable) return;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await appendFile(this.#path, lines.map((line) => `\n${encode(line)}`).join(''));
    } catch (error) {
      this.#isWritable = false;
      this.#warn(`Evaluations are not kept in ${this.#path}: ${(error as Error).message}`);
    }
  }
}

/** Name of a chain in the file. */
function hashChain(chain: NativeChain): string {
  return hashJson(chain).slice(0, 16);
}

function readsFile({ maskers }: NativeChain): boolean {
  return maskers.some((masker) => 'hatWeightFile' in masker || 'sortedChannelFile' in masker);
}

function place(hash: string, index: number): string {
  return `${hash} ${index}`;
}

function encode(line: Line): string {
  const body = JSON.stringify(line);
  return `${crc32(body).toString(16).padStart(8, '0')} ${body}`;
}

function decode(text: string): Line | undefined {
  const body = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== crc32(body).toString(16).padStart(8, '0'))
    return undefined;
  return JSON.parse(body) as Line;
}
