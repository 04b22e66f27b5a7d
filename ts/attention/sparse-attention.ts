import { rejectArgument, rejectRange } from '../errors.js';
import { validateConfig } from '../maskers/config-schema.js';
import { checkLearned, type NativeMasker, nativeMaskers } from '../maskers/native-chain.js';
import { loadAddon } from '../native/addon.js';
import type {
  ForwardResult,
  Given,
  NativeForward,
  NativeForwardOptions,
  NativeKvCache,
} from '../native/attention-addon.js';
import type { Isa } from '../native/isa.js';
import type { SparseConfig } from '../sparse-config.js';
import { threadsOfProcess } from '../threads.js';
import {
  checkFinite,
  checkFloats,
  checkInteger,
  checkIsa,
  checkNoOthers,
  checkObject,
} from './check-arguments.js';
import { type Device, rejectDevice, resolveDevice } from './device.js';
import { checkGiven, givenHandles } from './given.js';
import { type KvCache, nativeOf } from './kv-cache.js';

export interface SparseAttentionOptions {
  /** Query heads; a multiple of the cache's KV heads. */
  readonly nQHeads: number;
  /** Multiplies q.k before the softmax. Default `1 / sqrt(headDim)`. */
  readonly scale?: number;
  /** Layer number: random draws differ between layers. Default 0. */
  readonly layer?: number;
  /** Of all random draws. Default 0. */
  readonly seed?: number;
  /**
   * Where attention is computed: where the keys of the cache lie. `'auto'`: on the GPU where there is one with kernels
   * for the config, else on the CPU, and on the CPU for a cache that lies there; `device` of the attention says which.
   * On the GPU `isa`, `threads` and `share` are not read. Default `'cpu'`.
   */
  readonly device?: Device | 'auto';
  /** Instruction set. Default: the best one of this CPU. */
  readonly isa?: Isa;
  /**
   * Threads at most, the caller's included, 1..1024. Default: the cores this process may use (affinity and control
   * group). The result is the same bit for bit on any number of them; a call too small to gain from more uses fewer,
   * never more than KV heads times blocks of query positions, and `hub` semantics use one.
   */
  readonly threads?: number;
}

export interface ForwardOptions {
  /** Also return which keys were kept. Default false. */
  readonly returnMask?: boolean;
  /** Injected values; only with `hub` semantics. */
  readonly given?: Given;
}

interface Call {
  readonly queries: Float32Array;
  readonly cache: NativeKvCache;
  readonly options: NativeForwardOptions;
  readonly call: { returnMask: boolean; given: Given | undefined };
}

/**
 * Attention over the keys that a chain of maskers keeps.
 *
 * @param config - `{ maskers, semantics?, share? }`; no maskers is dense attention
 * @throws {TypeError | RangeError} `ERR_CONFIG` or `ERR_ARGUMENT`, naming the field
 * @throws {SparseTuneError} `ERR_DEVICE` for `device: 'cuda'` where CUDA is not available or has no kernels for the
 *   config
 *
 * @example
 * const attention = new SparseAttention(
 *   { maskers: [{ kind: 'sink', sinkSize: 4 }, { kind: 'local', windowFraction: 0.1 }] },
 *   { nQHeads: 8 },
 * );
 * const { output, density } = attention.forward(queries, kv);
 */
export class SparseAttention {
  readonly config: SparseConfig;
  readonly nQHeads: number;
  readonly scale: number | undefined;
  readonly layer: number;
  readonly seed: number;
  /** The device that was taken. */
  readonly device: Device;
  readonly isa: Isa | undefined;
  readonly threads: number;
  readonly #maskers: readonly NativeMasker[];
  readonly #isAuto: boolean;

  constructor(config: SparseConfig, options: SparseAttentionOptions) {
    validateConfig(config);
    this.config = structuredClone(config);
    this.#maskers = nativeMaskers(this.config);
    const given = checkObject('options', options);
    checkNoOthers('options', given, [
      'nQHeads',
      'scale',
      'layer',
      'seed',
      'device',
      'isa',
      'threads',
    ]);
    this.nQHeads = checkInteger('nQHeads', given['nQHeads'], { min: 1, max: 65_536 });
    this.scale = given['scale'] === undefined ? undefined : checkFinite('scale', given['scale']);
    this.layer = checkInteger('layer', given['layer'] ?? 0, { min: 0, max: 65_535 });
    const seeds = { min: 0, max: Number.MAX_SAFE_INTEGER };
    this.seed = checkInteger('seed', given['seed'] ?? 0, seeds);
    this.device = resolveDevice(given['device'], () =>
      loadAddon().whyNotChainOnCuda({ ...this.config, maskers: this.#maskers }),
    );
    this.#isAuto = given['device'] === 'auto';
    this.isa = checkIsa(given['isa']);
    this.threads = checkThreads(given['threads']);
  }

  /**
   * Attends the kept keys of `kv` with queries at its last positions.
   *
   * @param queries - `[nQHeads, nQ, headDim]` row-major, finite; nQ follows from the length
   * @throws {TypeError | RangeError} `ERR_ARGUMENT` or `ERR_SHAPE`; nothing has changed then
   * @throws {SparseTuneError} `ERR_DEVICE` where `kv` lies on another device, or the GPU has no kernels for the group
   *   (more than 8 query heads a KV head); `ERR_DISPOSED` where `kv` was disposed of
   * @throws {Error} `ERR_DEVICE` where the GPU failed; the next call may work
   */
  forward(queries: Float32Array, kv: KvCache, options: ForwardOptions = {}): ForwardResult {
    return this.#run(loadAddon().forward, queries, kv, options);
  }

  /**
   * As `forward`, on another thread. `queries` may be reused at once; until the promise settles,
   * `kv.append` throws `ERR_BUSY`.
   */
  async forwardAsync(
    queries: Float32Array,
    kv: KvCache,
    options: ForwardOptions = {},
  ): Promise<ForwardResult> {
    return this.#run(loadAddon().forwardAsync, queries, kv, options);
  }

  #run<Result>(
    forward: NativeForward<Result>,
    queries: Float32Array,
    kv: KvCache,
    options: ForwardOptions,
  ): Result {
    const checked = this.#check(queries, kv, options);
    const handles = givenHandles(this.config, checked.call.given, checked.options);
    const maskers = handles === undefined ? this.#maskers : nativeMaskers(this.config, handles);
    const config = { ...this.config, maskers, seed: this.seed };
    return forward(config, checked.options, checked.queries, checked.cache, checked.call);
  }

  #check(queries: Float32Array, kv: KvCache, options: ForwardOptions): Call {
    const cache = nativeOf(kv);
    const { nQHeads, layer, isa, threads } = this;
    if (nQHeads % kv.nKvHeads !== 0) {
      rejectRange('nQHeads', `a multiple of nKvHeads (${kv.nKvHeads})`, nQHeads, 'ERR_SHAPE');
    }
    const { nKvHeads, headDim } = kv;
    this.#checkDevice(kv);
    checkLearned(this.config, { layer, nQHeads, nKvHeads, headDim });
    const nQ = countQueries(checkFloats('queries', queries), nQHeads, kv);
    const given = checkObject('options', options);
    checkNoOthers('options', given, ['returnMask', 'given']);
    const returnMask = given['returnMask'] ?? false;
    if (typeof returnMask !== 'boolean') rejectArgument('returnMask', 'a boolean', returnMask);
    const shape = { nQHeads, nQ, nKv: kv.nKv, headDim };
    return {
      queries,
      cache,
      options: { nQHeads, scale: this.scale ?? headDim ** -0.5, layer, isa, threads },
      call: { returnMask, given: checkGiven(given['given'], this.config, shape) },
    };
  }

  #checkDevice({ device, headDim, nKvHeads }: KvCache): void {
    if (device === 'cpu' && (this.device === 'cpu' || this.#isAuto)) return;
    if (device === this.device) {
      const reason = loadAddon().whyNotHeadsOnCuda(headDim, this.nQHeads / nKvHeads);
      if (reason === '') return;
      rejectDevice(`${reason}; take device: "cpu" for the attention and the cache`);
    }
    rejectDevice(
      `The cache is on "${device}", but this attention runs on "${this.device}"; make both for one device, ` +
        'e.g. new KvCache({ ..., device: attention.device })',
    );
  }
}

const threadRange = { min: 1, max: 1024 };

function checkThreads(value: unknown): number {
  if (value === undefined) return Math.min(threadsOfProcess(), threadRange.max);
  return checkInteger('threads', value, threadRange);
}

function countQueries(queries: Float32Array, nQHeads: number, kv: KvCache): number {
  const perQuery = nQHeads * kv.headDim;
  if (queries.length === 0 || queries.length % perQuery !== 0) {
    rejectRange(
      'queries',
      `a positive multiple of ${perQuery} elements (nQHeads * headDim)`,
      queries.length,
      'ERR_SHAPE',
    );
  }
  const nQ = queries.length / perQuery;
  if (nQ > kv.nKv) {
    rejectRange('queries', `at most ${kv.nKv} positions (keys in the cache)`, nQ, 'ERR_SHAPE');
  }
  return nQ;
}
