import { KvCache, type KvDtype } from '../attention/kv-cache.js';
import { SparseTuneError } from '../errors.js';
import type { Gaussian } from './gaussian.js';

/** Sizes of one attention step: the query heads of one position over the keys of a layer. */
export interface StepShape {
  readonly nQHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly nKv: number;
  readonly dtype: KvDtype;
}

/** Caches of that many bytes together, visited in turn, find no key or value in a CPU cache. */
export const coldBytes = 400e6;
const mostCopies = 64;
const chunkRows = 4096;

export function bytesOfElement(dtype: KvDtype): number {
  return dtype === 'f32' ? 4 : 2;
}

/** Bytes of all keys and values of a shape. */
export function denseBytes({ nKvHeads, headDim, nKv, dtype }: StepShape): number {
  return 2 * nKvHeads * headDim * nKv * bytesOfElement(dtype);
}

/** How many caches of a shape to hold: together cold, and within half of the free memory. */
export function countCopies(shape: StepShape): number {
  const bytes = denseBytes(shape);
  const room = Math.floor(process.availableMemory() / 2 / bytes);
  if (room < 1) {
    throw new SparseTuneError(
      'ERR_CAPACITY',
      `Keys and values of ${Math.ceil(bytes / 1e6)} MB do not fit into half of the free memory; give a smaller --n-kv`,
    );
  }
  return Math.min(Math.max(Math.ceil(coldBytes / bytes), 1), mostCopies, room);
}

/** Yields keys or values of successive rows, `[nKvHeads, rows, headDim]`. */
export type RowSource = (rows: number) => Float32Array;

/** Several caches with the same content, each in memory of its own. */
export function makeCaches(
  shape: StepShape,
  {
    copies = countCopies(shape),
    keys,
    values,
  }: { copies?: number; keys: RowSource; values: RowSource },
): KvCache[] {
  const { nKvHeads, headDim, nKv, dtype } = shape;
  const caches = Array.from(
    { length: copies },
    () => new KvCache({ nKvHeads, headDim, dtype, capacity: nKv }),
  );
  for (let row = 0; row < nKv; row += chunkRows) {
    const rows = Math.min(chunkRows, nKv - row);
    const chunk = [keys(rows), values(rows)] as const;
    for (const cache of caches) cache.append(...chunk);
  }
  return caches;
}

export function gaussianRows({ nKvHeads, headDim }: StepShape, gaussian: Gaussian): RowSource {
  return (rows) => gaussian.fill(new Float32Array(nKvHeads * rows * headDim));
}
