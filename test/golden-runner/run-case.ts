import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { ForwardResult, Given } from '../../ts/native/attention-addon.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { compareCase } from './compare.js';
import { toConfig } from './hub-config.js';
import type { GoldenCase, GoldenInput, Manifest } from './manifest.js';

/** What a case needs at one batch entry. */
interface Entry {
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly priorQueries: Float32Array | undefined;
  readonly given: Given;
}

/** Output and mask of a whole case, batch entries joined. */
export interface CaseResult {
  readonly output: Float32Array;
  readonly dense: Float32Array;
  /** The probability of each cell, 0 where not attended: `[batch, heads, queries, keys]`. */
  readonly mask: Float32Array;
  /** As the calls reported it, averaged over the batch. */
  readonly density: number;
}

/** Runs one case; returns why it fails, or undefined. */
export function runCase(manifest: Manifest, golden: GoldenCase): string | undefined {
  try {
    const input = manifest.input(golden.input);
    const config = toConfig(golden.chain);
    const entries = readEntries(manifest, golden, input);
    const results = entries.map((entry) => runEntry(golden, input, config, entry));
    const joined: CaseResult = {
      output: join(results.map(({ output }) => output)),
      dense: denseOf(manifest, golden, input, entries),
      mask: join(results.map((result) => toCells(result, input.keys))),
      density: results.reduce((sum, { density }) => sum + density, 0) / results.length,
    };
    return compareCase(manifest, golden, joined);
  } catch (error) {
    return (error as Error).message;
  }
}

function runEntry(
  golden: GoldenCase,
  input: GoldenInput,
  config: SparseConfig,
  { queries, keys, values, priorQueries, given }: Entry,
): ForwardResult {
  const attention = new SparseAttention(config, {
    nQHeads: input.heads_q,
    scale: input.scaling,
    layer: golden.layer_idx,
  });
  const kv = emptyCache(input);
  const nPrior = golden.prior?.keys ?? 0;
  if (priorQueries !== undefined) {
    append(kv, input, keys, values, 0, nPrior);
    attention.forward(priorQueries, kv, { given });
  }
  append(kv, input, keys, values, nPrior, input.keys);
  return attention.forward(queries, kv, { given, returnMask: true });
}

function emptyCache(input: GoldenInput): KvCache {
  return new KvCache({ nKvHeads: input.heads_kv, headDim: input.dim, capacity: input.keys });
}

/** Appends positions begin..end-1 of every head. */
function append(
  kv: KvCache,
  input: GoldenInput,
  keys: Float32Array,
  values: Float32Array,
  begin: number,
  end: number,
): void {
  const cut = (rows: Float32Array) =>
    join(
      Array.from({ length: input.heads_kv }, (_, head) =>
        rows.subarray(
          (head * input.keys + begin) * input.dim,
          (head * input.keys + end) * input.dim,
        ),
      ),
    );
  kv.append(cut(keys), cut(values));
}

function readEntries(manifest: Manifest, golden: GoldenCase, input: GoldenInput): Entry[] {
  const { batch } = input;
  const queries = split(manifest.floats(input.files, 'q'), batch);
  const keys = split(manifest.floats(input.files, 'k'), batch);
  const values = split(manifest.floats(input.files, 'v'), batch);
  const optional = (name: string) =>
    golden.files[name] === undefined
      ? undefined
      : split(manifest.floats(golden.files, name), batch);
  const prior = optional('prior_q');
  const masks = optional('attention_mask')?.map((mask) => cutMask(golden, input, mask));
  const shared = sharedGiven(manifest, golden, input, keys);
  return Array.from({ length: batch }, (_, b) => ({
    queries: at(queries, b),
    keys: at(keys, b),
    values: at(values, b),
    priorQueries: prior === undefined ? undefined : at(prior, b),
    given: masks === undefined ? shared : { ...shared, attentionMask: at(masks, b) },
  }));
}

/** An additive mask may have more columns than there are keys. */
function cutMask(golden: GoldenCase, input: GoldenInput, mask: Float32Array): Float32Array {
  const columns = golden.files['attention_mask']?.shape.at(-1) ?? input.keys;
  return mask.filter((_, i) => i % columns < input.keys);
}

/** What the hub draws or computes once for the whole batch. */
function sharedGiven(
  manifest: Manifest,
  golden: GoldenCase,
  input: GoldenInput,
  keys: readonly Float32Array[],
): Given {
  const pig = golden.chain.find(({ type }) => type === 'magic_pig');
  if (pig === undefined) return {};
  const projection = manifest.floats(golden.files, 'projection');
  if (input.batch === 1) return { projection };
  const isCentred = pig.params['center'] !== false;
  const norms = keys.map((entry) => largestNorm(entry, input, isCentred));
  return { projection, maxNorm: Math.max(...norms) };
}

function largestNorm(keys: Float32Array, input: GoldenInput, isCentred: boolean): number {
  const { dim } = input;
  const norms = split(keys, input.heads_kv).map((head) => {
    const rows = split(head, head.length / dim);
    const mean = Array.from({ length: dim }, (_, i) =>
      isCentred ? rows.reduce((sum, row) => sum + at(row, i), 0) / rows.length : 0,
    );
    return Math.max(...rows.map((row) => Math.hypot(...row.map((x, i) => x - at(mean, i)))));
  });
  return Math.max(...norms);
}

function denseOf(
  manifest: Manifest,
  golden: GoldenCase,
  input: GoldenInput,
  entries: readonly Entry[],
): Float32Array {
  // The stored reference knows no attention mask.
  if (golden.files['attention_mask'] === undefined) {
    return manifest.floats(input.files, 'dense_output');
  }
  const config: SparseConfig = { maskers: [], semantics: 'hub' };
  return join(
    entries.map(({ given, queries, keys, values }) => {
      const { attentionMask } = given;
      const kv = emptyCache(input);
      append(kv, input, keys, values, 0, input.keys);
      const options = { nQHeads: input.heads_q, scale: input.scaling };
      return new SparseAttention(config, options).forward(queries, kv, {
        given: attentionMask === undefined ? {} : { attentionMask },
      }).output;
    }),
  );
}

function toCells({ mask }: ForwardResult, nKv: number): Float32Array {
  if (mask === undefined) throw new Error('the call returned no mask');
  const cells = new Float32Array((mask.indptr.length - 1) * nKv);
  for (let row = 0; row + 1 < mask.indptr.length; row++) {
    for (let i = at(mask.indptr, row); i < at(mask.indptr, row + 1); i++) {
      cells[row * nKv + at(mask.indices, i)] = at(mask.probs, i);
    }
  }
  return cells;
}

function split(array: Float32Array, parts: number): Float32Array[] {
  const length = array.length / parts;
  return Array.from({ length: parts }, (_, i) => array.slice(i * length, (i + 1) * length));
}

function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function at<T>(array: { readonly [i: number]: T }, i: number): T {
  const value = array[i];
  if (value === undefined) throw new RangeError(`no element ${i}`);
  return value;
}
