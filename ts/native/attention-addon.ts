import type { Isa } from './isa.js';

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
  /** Frees the memory; a call under way keeps it until it ends. Later calls throw `ERR_DISPOSED`. */
  dispose(): void;
  /** Overwrites a row of one head, so that a test sees whether it is read. */
  fillRow(kvHead: number, row: number, keys: boolean, values: boolean, value: number): void;
}

export interface NativeKvCacheOptions {
  nKvHeads: number;
  headDim: number;
  dtype: 'f32' | 'f16' | 'bf16';
  capacity: number;
  device: 'cpu' | 'cuda';
}

export interface NativeForwardOptions {
  nQHeads: number;
  scale: number;
  layer: number;
  isa?: Isa | undefined;
  threads: number;
}

/** Values injected into a call with `hub` semantics instead of what it would draw or compute. */
export interface Given {
  /** Added to the scaled scores: `[nQ, nKv]` or `[nQHeads, nQ, nKv]`. */
  readonly attentionMask?: Float32Array;
  /** magic_pig: `[headDim + 1, lshL * lshK]`. */
  readonly projection?: Float32Array;
  /** magic_pig: the largest norm of a centred key. */
  readonly maxNorm?: number;
  /** random_sampling: drawn keys, `[nQHeads, nQ, n]`. */
  readonly sampledIndices?: Uint32Array;
  /** adaptive_sampling: keys of the first sample, `[nQHeads, nQ, n]`. */
  readonly baseIndices?: Uint32Array;
  /** adaptive_sampling: keys of the second sample, rows of as many as each budget is, one after another. */
  readonly adaptiveIndices?: Uint32Array;
  /** hash_top_k: the networks of this layer. */
  readonly hashWeights?: HashOfLayer;
  /** double_sparsity: the channels of this layer by importance, `[nQHeads, headDim]`. */
  readonly sortedChannels?: Uint32Array;
}

/** One dense layer of a hash network, for each head. */
export interface HashLayer {
  readonly nIn: number;
  readonly nOut: number;
  /** `[nHeads, nIn, nOut]` */
  readonly matrix: Float32Array;
  /** `[nHeads, nOut]` */
  readonly bias: Float32Array;
}

/** The hash of one model layer: a network for queries and one for keys. */
export interface HashOfLayer {
  readonly nHeads: number;
  readonly query: readonly HashLayer[];
  readonly key: readonly HashLayer[];
}

/** Networks or channel lists in native memory; an opaque handle that chains share. */
export type LearnedHandle = object;

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

/** Rows as floats, or in 16 bits: binary16, or bfloat16 where the call says so. */
type Rows = Float32Array | Uint16Array;

/** The kernels one by one, for tests and benchmarks; arrays are row-major. */
export interface Kernels {
  scores(args: {
    headDim: number;
    queries: Float32Array;
    keys: Rows;
    dtype?: 'bf16';
    indices?: Uint32Array | undefined;
    isa?: Isa;
  }): Float32Array;
  topK(args: { scores: Float32Array; nRows?: number; k: number; isa?: Isa }): Uint32Array;
  attend(args: {
    headDim: number;
    queries: Float32Array;
    keys: Rows;
    values: Rows;
    dtype?: 'bf16';
    scale: number;
    indices?: Uint32Array | undefined;
    logWeights?: Float32Array | undefined;
    step?: number;
    isa?: Isa;
  }): Float32Array;
  /** One query position over listed rows of a cache: `[nQHeads, headDim]`. */
  attendLists(args: {
    cache: NativeKvCache;
    queries: Float32Array;
    /** `[nKvHeads or nQHeads, n]`, ascending: lists that a group shares, or one for each head. */
    lists: Uint32Array;
    n: number;
    isPerHead: boolean;
    scale: number;
    isa?: Isa | undefined;
  }): Float32Array;
  /** The planes as lshCodes takes them. */
  lshPanels(args: LshShape & { headDim: number; planes: Float32Array }): Float32Array;
  /** Writes `codes`, `[n, lshL]`, and returns them. */
  lshCodes(
    args: LshShape & {
      headDim: number;
      vectors: Float32Array;
      panels: Float32Array;
      codes: Uint16Array;
      isa?: Isa | undefined;
    },
  ): Uint16Array;
  lshMatch(
    args: LshShape & {
      keyCodes: Uint16Array;
      queryCodes: Uint16Array;
      minMatches: number;
      isa?: Isa;
    },
  ): Uint32Array;
  /** As lshMatch, by buckets: the keys are sorted first, a multiple of 64 of them. */
  lshLookUp(
    args: LshShape & {
      keyCodes: Uint16Array;
      queryCodes: Uint16Array;
      minMatches: number;
      isa?: Isa;
    },
  ): {
    matches: Uint32Array;
    /** Of starts and buckets, distinct. */
    bytes: number;
    /** The buckets give the codes back. */
    isRestored: boolean;
  };
  /** -ln p of keys with these scores and norms. */
  lshLogWeights(
    args: LshShape & {
      scores: Float32Array;
      norms: Float32Array;
      norm: number;
      dotMean: number;
      minMatches: number;
      isa?: Isa;
    },
  ): Float32Array;
  lshCentre(args: { keys: Rows; mean: Float32Array; dtype?: 'bf16'; isa?: Isa }): {
    centred: Float32Array;
    norms: Float32Array;
    sums: Float32Array;
  };
  lshLogProbability(cosine: number, lshL: number, lshK: number, minMatches: number): number;
  lshPlanes(args: LshShape & { seed: number; layer: number; headDim: number }): Float32Array;
  /** Upper bounds of the scores of pages, `bounds` of `[n, 2, headDim]`. */
  pageScores(args: {
    headDim: number;
    queries: Float32Array;
    bounds: Rows;
    isa?: Isa;
  }): Float32Array;
  /** Minus the differing bits; a word of a signature is two numbers, the low half first. */
  signatureScores(args: {
    nWords: number;
    query: Uint32Array;
    keys: Uint32Array;
    isa?: Isa;
  }): Float32Array;
  /** Scores of int8 copies of keys, without the scale of the query; `vnni: false` leaves that extension out. */
  quantizedScores(args: {
    headDim: number;
    queries: Float32Array;
    keys: Float32Array;
    isa?: Isa;
    vnni?: boolean;
  }): Float32Array;
  topP(args: { scores: Float32Array; scale: number; topP: number }): Uint32Array;
  sampleWithoutReplacement(args: {
    seed: number;
    domain: number;
    layer: number;
    qHead: number;
    position: number;
    population: number;
    n: number;
    isa?: Isa | undefined;
  }): Uint32Array;
  sampleBudget(args: {
    epsilon: number;
    quantile: number;
    certain: number;
    mean: number;
    deviation: number;
    nBase: number;
    population: number;
  }): number;
  normalQuantile(p: number): number;
  studentQuantile(p: number, dof: number): number;
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
    layer?: number;
    isa?: Isa;
  }): Mask & { output: Float32Array; attended: number; visible: number; bytesRead: number };
}

/** What one timed pass took; `sum` is that of what was read, so that nothing can be left out. */
export interface TimedPass {
  readonly seconds: number;
  readonly sum: number;
}

/** Memory of its own (float i is i % 8) and the simplest loops over it: what the machine allows. */
export interface LimitProbe {
  /** Reads `bytes` from `offset` on front to back, one part a thread. */
  stream(args: {
    bytes: number;
    offset: number;
    /** Bytes to prefetch ahead; 0: none. */
    ahead: number;
    threads: number;
    isa?: Isa | undefined;
  }): TimedPass;
  /** Reads `nRows` different random rows out of `rangeRows` consecutive ones, in ascending order. */
  gather(args: {
    rowBytes: number;
    nRows: number;
    rangeRows: number;
    seed: number;
    /** Rows to prefetch ahead; 0: none. */
    rowsAhead: number;
    threads: number;
    isa?: Isa | undefined;
  }): TimedPass;
}

/** Exports of native/binding/attention.cpp. */
export interface AttentionAddon {
  KvCache: new (options: NativeKvCacheOptions) => NativeKvCache;
  forward: NativeForward<ForwardResult>;
  forwardAsync: NativeForward<Promise<ForwardResult>>;
  /** Copies hash networks; arrays are checked by the caller. */
  hashWeights(args: {
    activation: string;
    layers: readonly (HashOfLayer & { readonly layer: number })[];
  }): LearnedHandle;
  /** Copies channel lists, `order` of `[nHeads, headDim]` each. */
  channelLists(args: {
    layers: readonly { layer: number; nHeads: number; order: Uint32Array }[];
  }): LearnedHandle;
  isDetached(buffer: ArrayBufferLike): boolean;
  supportsIsa(isa: Isa): boolean;
  kernels: Kernels;
  LimitProbe: {
    new (options: { bytes: number }): LimitProbe;
    /** Multiplies and adds in registers only. */
    fma(args: {
      rounds: number;
      threads: number;
      isa?: Isa | undefined;
    }): TimedPass & { readonly flops: number };
  };
}
