import { rejectRange } from '../errors.js';
import type { ForwardResult } from '../native/attention-addon.js';
import type { Isa } from '../native/isa.js';
import { checkFloats, checkNoOthers, checkObject } from './check-arguments.js';
import { type KvCache, nativeOf } from './kv-cache.js';
import { SparseAttention } from './sparse-attention.js';

export interface DenseAttentionOptions {
  /** Query heads. Default: those of one query at the last position. */
  readonly nQHeads?: number;
  /** Multiplies q.k before the softmax. Default `1 / sqrt(headDim)`. */
  readonly scale?: number;
  /** Instruction set. Default: the best one of this CPU. */
  readonly isa?: Isa;
  /** Threads at most, 1..1024; see `SparseAttention`. Default: the cores this process may use. */
  readonly threads?: number;
}

/**
 * Attends all causal keys, on the device of `kv`: the reference that every sparse config is held against.
 *
 * @param queries - `[nQHeads, nQ, headDim]` row-major, the last nQ positions of `kv`
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` or `ERR_SHAPE`
 *
 * @example
 * const { output } = denseAttention(queries, kv, { scale: 0.125 });
 */
export function denseAttention(
  queries: Float32Array,
  kv: KvCache,
  options: DenseAttentionOptions = {},
): ForwardResult {
  nativeOf(kv);
  const given = checkObject('options', options);
  checkNoOthers('options', given, ['nQHeads', 'scale', 'isa', 'threads']);
  const nQHeads = options.nQHeads ?? headsOfOneQuery(checkFloats('queries', queries), kv);
  const attention = new SparseAttention(
    { maskers: [] },
    { ...options, nQHeads, device: kv.device },
  );
  return attention.forward(queries, kv);
}

function headsOfOneQuery(queries: Float32Array, { headDim }: KvCache): number {
  const nQHeads = queries.length / headDim;
  if (!Number.isInteger(nQHeads) || nQHeads === 0) {
    rejectRange(
      'queries',
      `a positive multiple of ${headDim} elements (headDim)`,
      queries.length,
      'ERR_SHAPE',
    );
  }
  return nQHeads;
}
