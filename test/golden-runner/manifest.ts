import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A binary file of a manifest: row-major, little-endian. */
export interface FileEntry {
  readonly path: string;
  readonly dtype: 'f32' | 'i32';
  readonly shape: readonly number[];
}

/** Queries, keys and values that cases share. */
export interface GoldenInput {
  readonly batch: number;
  readonly heads_q: number;
  readonly heads_kv: number;
  readonly queries: number;
  readonly keys: number;
  readonly dim: number;
  readonly scaling: number;
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** A masker as the hub names it; `kinds` tells a count (int) from a fraction (float). */
export interface HubMasker {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly kinds: Readonly<Record<string, string>>;
}

export interface GoldenCase {
  readonly name: string;
  readonly input: string;
  readonly layer_idx: number;
  readonly chain: readonly HubMasker[];
  readonly density: number;
  readonly output_error: number;
  readonly mask_compare: 'exact' | 'probability' | 'given_indices' | 'topk_ties';
  readonly files: Readonly<Record<string, FileEntry>>;
  /** An earlier call on the first keys, with the file `prior_q`. */
  readonly prior?: { readonly queries: number; readonly keys: number };
}

/** One manifest.json and the arrays beside it. */
export class Manifest {
  readonly cases: readonly GoldenCase[];
  readonly #inputs: Readonly<Record<string, GoldenInput>>;
  readonly #folder: string;

  constructor(path: string) {
    const { cases, inputs } = JSON.parse(readFileSync(path, 'utf8')) as {
      cases: GoldenCase[];
      inputs: Record<string, GoldenInput>;
    };
    this.cases = cases;
    this.#inputs = inputs;
    this.#folder = dirname(path);
  }

  input(name: string): GoldenInput {
    const input = this.#inputs[name];
    if (input === undefined) throw new Error(`the manifest has no input "${name}"`);
    return input;
  }

  /** The elements of a float file; throws where it is missing, of another type or size. */
  floats(files: Readonly<Record<string, FileEntry>>, name: string): Float32Array {
    return new Float32Array(this.#read(files, name, 'f32'));
  }

  /** The elements of a file of non-negative integers; throws as `floats`. */
  integers(files: Readonly<Record<string, FileEntry>>, name: string): Uint32Array {
    return new Uint32Array(this.#read(files, name, 'i32'));
  }

  #read(
    files: Readonly<Record<string, FileEntry>>,
    name: string,
    dtype: FileEntry['dtype'],
  ): ArrayBuffer {
    const entry = files[name];
    if (entry === undefined) throw new Error(`the case has no file "${name}"`);
    if (entry.dtype !== dtype) throw new Error(`${entry.path} is ${entry.dtype}, not ${dtype}`);
    const bytes = readFileSync(join(this.#folder, entry.path));
    const length = entry.shape.reduce((product, n) => product * n, 1);
    if (bytes.length !== 4 * length) throw new Error(`${entry.path} is not ${length} numbers`);
    return Uint8Array.from(bytes).buffer;
  }
}
