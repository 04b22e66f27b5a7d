import { type KvCache, nativeOf } from '../attention/kv-cache.js';
import type { MachineLimits } from '../attention/machine-limits.js';
import { SparseAttention } from '../attention/sparse-attention.js';
import { loadAddon } from '../native/addon.js';
import type { Isa } from '../native/isa.js';
import type { SparseConfig } from '../sparse-config.js';
import { bytesOfElement, coldBytes, denseBytes, type StepShape } from './caches.js';
import type { Gaussian } from './gaussian.js';
import { bestOf, type Rival, repeated } from './rounds.js';

/** A rival with what it attends and reads in one step. */
export interface Contender {
  readonly rival: Rival;
  readonly density: number;
  readonly bytes: number;
}

/** What the contenders of one shape have in common. */
export interface Bench {
  readonly shape: StepShape;
  /** The same keys and values several times, visited in turn. */
  readonly caches: readonly KvCache[];
  /** Several queries of one position, `[nQHeads, headDim]` each, asked in turn. */
  readonly queries: readonly Float32Array[];
  readonly isa?: Isa | undefined;
  /** Of one step. Default 1. */
  readonly threads?: number;
  readonly limits: MachineLimits;
}

const nQueries = 8;

export function gaussianQueries(
  { nQHeads, headDim }: StepShape,
  gaussian: Gaussian,
): Float32Array[] {
  return Array.from({ length: nQueries }, () => gaussian.fill(new Float32Array(nQHeads * headDim)));
}

/** A config as it is shipped; it has seen every cache once, so that its indexes are built. */
export function configContender(name: string, config: SparseConfig, bench: Bench): Contender {
  const { shape, caches, queries, isa, threads = 1 } = bench;
  const attention = new SparseAttention(config, {
    nQHeads: shape.nQHeads,
    threads,
    ...(isa !== undefined && { isa }),
  });
  const forward = (call: number) => attention.forward(turn(queries, call), turn(caches, call));
  const results = [...caches, ...queries].map((_, call) => forward(call));
  const mean = (pick: (result: (typeof results)[number]) => number) =>
    results.reduce((sum, result) => sum + pick(result), 0) / results.length;
  const bytes = mean((result) => result.bytesRead);
  const run = (call: number) => void forward(call);
  return {
    rival: repeated(name, { prepare: emptyCaches(bytes, bench, run), run }),
    density: mean((result) => result.density),
    bytes,
  };
}

/**
 * What to do before a step where all copies together are small enough to stay in a CPU cache: read other memory, then
 * attend another copy, so that code and scratch are as warm as between the layers of a decode.
 */
function emptyCaches(
  bytes: number,
  { caches, limits }: Bench,
  run: (call: number) => void,
): (call: number) => void {
  if (bytes * caches.length >= coldBytes / 2) return () => undefined;
  return (call) => {
    limits.evictCaches();
    if (caches.length > 1) run(call + 1);
  };
}

/** Bytes that random lists of that density read: each row once for the heads of a group that list it. */
export function bytesOfLists(shape: StepShape, density: number, isPerHead: boolean): number {
  const groupSize = isPerHead ? shape.nQHeads / shape.nKvHeads : 1;
  return Math.round(denseBytes(shape) * (1 - (1 - density) ** groupSize));
}

/**
 * Attention over random lists of keys, others at every call, on one thread: what a masker that chose for free would
 * reach.
 */
export function listContender(
  name: string,
  { density, isPerHead, gaussian }: { density: number; isPerHead: boolean; gaussian: Gaussian },
  bench: Bench,
): Contender {
  const { shape, caches, queries, isa } = bench;
  const { nQHeads, nKvHeads, headDim, nKv } = shape;
  const n = Math.max(1, Math.round(density * nKv));
  const nLists = isPerHead ? nQHeads : nKvHeads;
  const lists = new Uint32Array(nLists * n);
  const { attendLists } = loadAddon().kernels;
  const bytes = bytesOfLists(shape, n / nKv, isPerHead);
  const run = (call: number) => {
    const [cache, query] = [nativeOf(turn(caches, call)), turn(queries, call)];
    attendLists({ cache, queries: query, lists, n, isPerHead, scale: headDim ** -0.5, isa });
  };
  const empty = emptyCaches(bytes, bench, run);
  return {
    rival: repeated(name, {
      prepare(call) {
        for (let list = 0; list < nLists; list += 1) lists.set(gaussian.sample(n, nKv), list * n);
        empty(call);
      },
      run,
    }),
    density: n / nKv,
    bytes,
  };
}

/** Reading as many bytes as dense attention does, and nothing else. */
export function streamContender(name: string, bytes: number, limits: MachineLimits): Contender {
  return { rival: bestOf(name, () => limits.streamMs(bytes)), density: 1, bytes };
}

/** Reading the rows of lists, keys and values alike, and nothing else. */
export function gatherContender(
  name: string,
  { shape, density }: { shape: StepShape; density: number },
  limits: MachineLimits,
): Contender {
  const { nKvHeads, headDim, nKv, dtype } = shape;
  const nRows = 2 * nKvHeads * Math.max(1, Math.round(density * nKv));
  const rowBytes = headDim * bytesOfElement(dtype);
  return {
    rival: bestOf(name, () => limits.gatherMs(rowBytes, nRows, 2 * nKvHeads * nKv)),
    density,
    bytes: nRows * rowBytes,
  };
}

function turn<T>(items: readonly T[], call: number): T {
  const item = items[call % items.length];
  if (item === undefined) throw new RangeError('nothing to take turns with');
  return item;
}
