import { loadAddon } from '../native/addon.js';
import type { LimitProbe } from '../native/attention-addon.js';
import type { Isa } from '../native/isa.js';

export interface MachineLimitsOptions {
  /** Memory to read from; should be many times the last-level cache. Default 512 MiB; gatherMs takes as much again. */
  readonly bytes?: number;
  /** Default 1. */
  readonly threads?: number;
  /** Default: the best one of this CPU. */
  readonly isa?: Isa | undefined;
}

const streamAheads = [0, 2048, 8192];
const gatherAheads = [8, 16, 32, 64, 128];
const evictingBytes = 2 ** 27;

/**
 * How fast this machine reads memory and multiplies: what kernels are held against.
 *
 * Each measure runs a few variants (prefetch distances) once and takes the best; repeat it in rounds beside what is
 * compared, since memory bandwidth is shared with whatever else runs.
 *
 * @example
 * const limits = new MachineLimits();
 * const ms = limits.streamMs(64e6); // reading 64 MB that are in no cache
 */
export class MachineLimits {
  readonly #probe: LimitProbe;
  readonly #bytes: number;
  readonly #threads: number;
  readonly #isa: Isa | undefined;
  /** Memory that is not gathered from: to evict by reading that would bring rows back. */
  #evictor: MachineLimits | undefined;
  #offset = 0;
  #seed = 0;

  constructor({ bytes = 2 ** 29, threads = 1, isa }: MachineLimitsOptions = {}) {
    this.#bytes = Math.floor(bytes / 256) * 256;
    this.#threads = threads;
    this.#isa = isa;
    this.#probe = new (loadAddon().LimitProbe)({ bytes: this.#bytes });
  }

  /** Milliseconds to read `bytes` front to back; successive calls read one part of the memory after another. */
  streamMs(bytes: number): number {
    const part = Math.min(Math.ceil(bytes / 4096) * 4096, this.#bytes);
    const seconds = streamAheads.map((ahead) => {
      const offset = this.#nextOffset(part);
      const options = { bytes: part, offset, ahead, threads: this.#threads, isa: this.#isa };
      return this.#probe.stream(options).seconds;
    });
    return (Math.min(...seconds) * 1e3 * bytes) / part;
  }

  /**
   * Milliseconds to read `nRows` random rows out of `rangeRows`, in ascending order, another list each time; rows of
   * earlier lists are evicted first. Of a range that is larger than the memory a part is read, as densely.
   */
  gatherMs(rowBytes: number, nRows: number, rangeRows: number): number {
    const share = Math.min(1, Math.floor(this.#bytes / rowBytes) / rangeRows);
    const part = {
      rowBytes,
      nRows: Math.ceil(nRows * share),
      rangeRows: Math.floor(rangeRows * share),
    };
    const evictor = this.#evictor ?? new MachineLimits({ bytes: this.#bytes, isa: this.#isa });
    this.#evictor = evictor;
    const seconds = gatherAheads.map((rowsAhead) => {
      this.#seed += 1;
      evictor.evictCaches();
      const options = { seed: this.#seed, rowsAhead, threads: this.#threads, isa: this.#isa };
      return this.#probe.gather({ ...part, ...options }).seconds;
    });
    return (Math.min(...seconds) * 1e3 * nRows) / part.nRows;
  }

  /** Reads so much memory that CPU caches keep little of what they held. */
  evictCaches(): void {
    const bytes = Math.min(evictingBytes, this.#bytes);
    const offset = this.#nextOffset(bytes);
    this.#probe.stream({ bytes, offset, ahead: 0, threads: this.#threads, isa: this.#isa });
  }

  /** Multiplications and additions a second, in registers. */
  fmaFlopsPerSecond(): number {
    const options = { rounds: 400_000, threads: this.#threads, isa: this.#isa };
    const { flops, seconds } = loadAddon().LimitProbe.fma(options);
    return flops / seconds;
  }

  #nextOffset(part: number): number {
    const offset = this.#offset + part > this.#bytes ? 0 : this.#offset;
    this.#offset = offset + part;
    return offset;
  }
}
