/** Instruction sets a caller can name; without a name the best one of this CPU runs. */
export type Isa = 'scalar' | 'avx2' | 'avx512';

/** The keys a call kept, as CSR over rows ordered (query head, query). */
export interface Mask {
  /** Where each row begins in `indices`; one entry more than there are rows. */
  readonly indptr: Uint32Array;
  /** Kept keys, ascending in a row. */
  readonly indices: Uint32Array;
  /** Inclusion probability of each kept key, in (0, 1]. */
  readonly probs: Float32Array;
}

/** What one call computed. */
export interface ForwardResult {
  /** `[nQHeads, nQ, headDim]` */
  readonly output: Float32Array;
  /** Mean over rows (query head, query) of kept keys / visible keys (`hub`: / all keys). */
  readonly density: number;
  /** Distinct bytes of keys, values and index that were read, summed over KV heads and queries. */
  readonly bytesRead: number;
  /** Present where `returnMask` was set. */
  readonly mask?: Mask;
}

/** Memory of keys and values behind KvCache; arguments are validated by its wrapper. */
export interface NativeKvCache {
  readonly nKv: number;
  readonly bytes: number;
  readonly isBusy: boolean;
  append(keys: Float32Array, values: Float32Array): void;
  /** Overwrites a row of one head, so that a test sees whether it is read. */
  fillRow(kvHead: number, row: number, keys: boolean, values: boolean, value: number): void;
}

export interface NativeKvCacheOptions {
  nKvHeads: number;
  headDim: number;
  dtype: 'f32' | 'f16';
  capacity: number;
}

export interface NativeForwardOptions {
  nQHeads: number;
  scale: number;
  layer: number;
  isa?: Isa | undefined;
}

/** Values injected into a call with `hub` semantics instead of what it would draw or compute. */
export interface Given {
  /** Added to the scaled scores: `[nQ, nKv]` or `[nQHeads, nQ, nKv]`. */
  readonly attentionMask?: Float32Array;
  /** magic_pig: `[headDim + 1, lshL * lshK]`. */
  readonly projection?: Float32Array;
  /** magic_pig: the largest norm of a centred key. */
  readonly maxNorm?: number;
}

export type NativeForward<Result> = (
  config: object,
  options: NativeForwardOptions,
  queries: Float32Array,
  cache: NativeKvCache,
  call: { returnMask: boolean; given: Given | undefined },
) => Result;

export interface LshShape {
  lshL: number;
  lshK: number;
}

type Rows = Float32Array | Uint16Array;

/** The kernels one by one, for tests and benchmarks; arrays are row-major. */
export interface Kernels {
  scores(args: {
    headDim: number;
    queries: Float32Array;
    keys: Rows;
    indices?: Uint32Array | undefined;
    isa?: Isa;
  }): Float32Array;
  topK(args: { scores: Float32Array; k: number; isa?: Isa }): Uint32Array;
  attend(args: {
    headDim: number;
    queries: Float32Array;
    keys: Rows;
    values: Rows;
    scale: number;
    indices?: Uint32Array | undefined;
    logWeights?: Float32Array | undefined;
    step?: number;
    isa?: Isa;
  }): Float32Array;
  lshCodes(
    args: LshShape & { headDim: number; vectors: Float32Array; planes: Float32Array; isa?: Isa },
  ): Uint16Array;
  lshMatch(
    args: LshShape & {
      keyCodes: Uint16Array;
      queryCodes: Uint16Array;
      minMatches: number;
      isa?: Isa;
    },
  ): Uint32Array;
  lshLogProbability(cosine: number, lshL: number, lshK: number, minMatches: number): number;
  lshPlanes(args: LshShape & { seed: number; layer: number; headDim: number }): Float32Array;
  philox(counter: Uint32Array, key: Uint32Array): Uint32Array;
  toHalf(values: Float32Array): Uint16Array;
  fromHalf(values: Uint16Array): Float32Array;
  attendGroup(args: {
    config: object;
    headDim: number;
    groupSize: number;
    queries: Float32Array;
    keys: Float32Array;
    values: Float32Array;
    scale: number;
    nBase: number;
    step: number;
    window: number;
    isa?: Isa;
  }): Mask & { output: Float32Array; attended: number; visible: number; bytesRead: number };
}

/** Exports of native/binding/attention.cpp. */
export interface AttentionAddon {
  KvCache: new (options: NativeKvCacheOptions) => NativeKvCache;
  forward: NativeForward<ForwardResult>;
  forwardAsync: NativeForward<Promise<ForwardResult>>;
  isDetached(buffer: ArrayBufferLike): boolean;
  supportsIsa(isa: Isa): boolean;
  kernels: Kernels;
}
