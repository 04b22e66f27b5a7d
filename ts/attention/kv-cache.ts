import { rejectArgument, rejectRange, SparseTuneError } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import type { NativeKvCache } from '../native/attention-addon.js';
import { checkChoice, checkFloats, checkInteger, checkObject } from './check-arguments.js';
import { type Device, resolveDevice } from './device.js';

/** How keys and values are stored. */
export type KvDtype = 'f32' | 'f16' | 'bf16';

export interface KvCacheOptions {
  /** KV heads, 1..1024. */
  readonly nKvHeads: number;
  /** Size of one head, 1..1024. */
  readonly headDim: number;
  /** How keys and values are stored. Default `'f32'`. */
  readonly dtype?: KvDtype;
  /** Keys per head at most; memory grows up to it as keys come. */
  readonly capacity: number;
  /**
   * Where the keys and values lie. `'auto'`: on the GPU where there is one with kernels for `headDim` (64, 80, 96, 128
   * or 256), else on the CPU; `device` of the cache says which. Default `'cpu'`.
   */
  readonly device?: Device | 'auto';
}

let readNative: (cache: KvCache) => NativeKvCache;

/**
 * Keys and values of one layer, which attention reads and every later call extends.
 *
 * It also holds what maskers remember per key (LSH codes), so that each key is indexed once. All of it lies in the
 * memory of `device`, and is freed with the cache, or by `dispose`.
 *
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` if an option is missing or out of range
 * @throws {SparseTuneError} `ERR_DEVICE` for `device: 'cuda'` where CUDA is not available or has no kernels for
 *   `headDim`
 *
 * @example
 * const kv = new KvCache({ nKvHeads: 2, headDim: 4, dtype: 'f16', capacity: 1024 });
 * kv.append(new Float32Array(2 * 3 * 4).fill(1), new Float32Array(2 * 3 * 4).fill(2));
 * kv.nKv; // 3
 */
export class KvCache {
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly dtype: KvDtype;
  readonly capacity: number;
  /** The device that was taken. */
  readonly device: Device;
  readonly #native: NativeKvCache;
  #isDisposed = false;

  static {
    readNative = (cache) => cache.#use();
  }

  constructor(options: KvCacheOptions) {
    const given = checkObject('options', options);
    this.nKvHeads = checkInteger('nKvHeads', given['nKvHeads'], { min: 1, max: 1024 });
    this.headDim = checkInteger('headDim', given['headDim'], { min: 1, max: 1024 });
    this.dtype = checkChoice('dtype', given['dtype'] ?? 'f32', ['f32', 'f16', 'bf16'] as const);
    this.capacity = checkInteger('capacity', given['capacity'], { min: 1, max: 2 ** 32 - 1 });
    const addon = loadAddon();
    const { nKvHeads, headDim, dtype, capacity } = this;
    this.device = resolveDevice(given['device'], () => addon.whyNotHeadsOnCuda(headDim, 1));
    const { device } = this;
    this.#native = new addon.KvCache({ nKvHeads, headDim, dtype, capacity, device });
  }

  /** Keys per head; 0 after `dispose`. */
  get nKv(): number {
    return this.#native.nKv;
  }

  /** Bytes of keys and values on the device, without what maskers remember; 0 after `dispose`. */
  get bytes(): number {
    return this.#native.bytes;
  }

  /**
   * Appends n keys and values per head; n follows from the length.
   *
   * @param keys - `[nKvHeads, n, headDim]` row-major, finite; with `f16` at most 65504 in magnitude,
   *   with `bf16` 3.389e38
   * @param values - as `keys`
   * @throws {TypeError | RangeError} `ERR_ARGUMENT` or `ERR_SHAPE` for bad arrays, `ERR_CAPACITY`
   *   if there is no room; the cache is then unchanged
   * @throws {SparseTuneError} `ERR_BUSY` while a `forwardAsync` on this cache is under way, `ERR_DISPOSED` after
   *   `dispose`
   * @throws {Error} `ERR_DEVICE` if the GPU failed
   */
  append(keys: Float32Array, values: Float32Array): void {
    const native = this.#use();
    if (native.isBusy) {
      throw new SparseTuneError(
        'ERR_BUSY',
        'A forwardAsync on this cache is under way; await it before you append',
      );
    }
    const n = this.#countRows('keys', checkFloats('keys', keys));
    if (this.#countRows('values', checkFloats('values', values)) !== n) {
      rejectRange('values', `${keys.length} elements, as keys`, values.length, 'ERR_SHAPE');
    }
    if (this.nKv + n > this.capacity) {
      rejectRange(
        'keys',
        `at most ${this.capacity - this.nKv} keys per head (capacity ${this.capacity})`,
        n,
        'ERR_CAPACITY',
      );
    }
    native.append(keys, values);
  }

  /**
   * Frees the memory at once, not when the garbage collector comes; a `forwardAsync` under way ends first. Calling it
   * again does nothing; other calls throw `ERR_DISPOSED`.
   */
  dispose(): void {
    this.#isDisposed = true;
    this.#native.dispose();
  }

  #use(): NativeKvCache {
    if (!this.#isDisposed) return this.#native;
    const message = 'This KvCache has been disposed of; make another one';
    throw new SparseTuneError('ERR_DISPOSED', message);
  }

  #countRows(name: string, rows: Float32Array): number {
    const perKey = this.nKvHeads * this.headDim;
    if (rows.length === 0 || rows.length % perKey !== 0) {
      rejectRange(
        name,
        `a positive multiple of ${perKey} elements (nKvHeads * headDim)`,
        rows.length,
        'ERR_SHAPE',
      );
    }
    return rows.length / perKey;
  }
}

/** The native object of a cache; a TypeError for anything else. */
export function nativeOf(kv: unknown): NativeKvCache {
  if (!(kv instanceof KvCache)) rejectArgument('kv', 'a KvCache', kv);
  return readNative(kv);
}
