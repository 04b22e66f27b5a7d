/** The libraries of one llama.cpp build: a folder and the file names inside it. */
export interface LlamaLibraryPaths {
  readonly folder: string;
  readonly ggmlBase: string;
  readonly ggml: string;
  readonly llama: string;
}

/** What llama.cpp computes with here, under its own name (`CPU`, `CUDA0`, `Vulkan0`). */
export interface LlamaDevice {
  readonly name: string;
  readonly description: string;
  readonly isGpu: boolean;
}

/** How a model is loaded. */
export interface NativeModelOptions {
  readonly threads: number;
  /** Layers that the GPUs hold, with their keys and values; one more than the model has is all of it. */
  readonly gpuLayers: number;
  /** For tests: host memory is taken for that of a GPU which llama.cpp calls so (`CUDA0`, `Vulkan0`). */
  readonly hostMemoryAs?: string | undefined;
}

/** The attention of one layer; `window` is its sliding window in keys, 0 for full attention. */
export interface LayerGeometry {
  readonly nQHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly scale: number;
  readonly window: number;
}

/** What a loaded model says of itself. */
export interface ModelInfo {
  readonly layers: readonly LayerGeometry[];
  readonly architecture: string;
  readonly description: string;
  /** Jinja source, empty where the GGUF has none. */
  readonly chatTemplate: string;
  readonly nVocab: number;
  readonly nCtxTrain: number;
  readonly bos: number;
  readonly eos: number;
  readonly addBos: boolean;
  readonly threads: number;
}

/** A chain of maskers as the native side reads it; no maskers is dense attention. */
export interface NativeChain {
  readonly maskers: readonly Readonly<Record<string, unknown> & { kind: string }>[];
  readonly semantics?: 'exact' | 'hub';
  readonly share?: 'group' | 'head';
  readonly seed?: number;
}

/** Keys and values of a prefilled context; an opaque handle that keeps its payload alive. */
export type NativeSnapshot = object;

/** One continuation of a snapshot, with its config and its own new tokens (the tail). */
export interface NativeStream {
  readonly nTail: number;
  /** Forgets all tail tokens after the first `nTail`. */
  truncate(nTail: number): void;
}

/** Queries and dense outputs of one pass at a few layers. */
export interface NativeCapture {
  /** Relative Frobenius error of the chain's attention output against dense, per captured layer. */
  outputErrors(chain: NativeChain): Promise<Float64Array>;
  /** `[nQHeads, nQ, headDim]` of a captured layer, once its pass has run. */
  queries(layer: number): Float32Array;
}

/** The next tokens of a stream, and what is wanted at the last `targets.length` positions. */
export interface DecodeItem {
  readonly stream: NativeStream;
  readonly tokens: Int32Array;
  /** Token whose log-probability is wanted, per position. */
  readonly targets: Int32Array;
  /** [targets, nIds]: tokens to look at; left out: the `nIds` most likely ones. */
  readonly ids?: Int32Array;
  readonly nIds: number;
  readonly keepLogits?: boolean;
  readonly capture?: NativeCapture;
}

/** Results of one DecodeItem. */
export interface DecodeOutput {
  /** [targets] */
  readonly targetLogProbs: Float32Array;
  /** [targets] */
  readonly argmax: Int32Array;
  /** [targets, nIds] */
  readonly ids: Int32Array;
  /** [targets, nIds] */
  readonly logProbs: Float32Array;
  /** [targets, nVocab] where asked for. */
  readonly logits?: Float32Array;
  /** Mean over rows (layer, query head, token) of attended / visible keys. */
  readonly density: number;
  /** Bytes of K, V and index touched, all layers and tokens. */
  readonly bytesRead: number;
  /** Bytes of the visible K and V rows, each read once per KV head and token. */
  readonly denseBytes: number;
  /** Time of the attention, selection included, all layers and tokens: of threads, or of the GPU that attends. */
  readonly attentionMs: number;
  /** Why layers that llama.cpp has on a GPU were attended on the CPU, over copies; empty where none was. */
  readonly hostReasons: readonly string[];
}

/**
 * `inGraph`: our code as a node of the graph where the layer is in host memory, else as `replace`; `replace`: after
 * llama.cpp's own; `none`: a control.
 */
export type OverrideWay = 'inGraph' | 'replace' | 'none';

/** How llama.cpp itself decodes, for comparisons. */
export interface PlainDecodeOptions {
  readonly flashAttention: boolean;
  readonly kvType: 'f16' | 'f32';
  /** Empties the cache before every step: a control that must go wrong. */
  readonly emptyCache?: boolean;
}

/** A loaded GGUF. Its tasks run one after another on one thread pool. */
export interface NativeModel {
  info(): ModelInfo;
  tokenize(text: string, parseSpecial: boolean): Int32Array;
  detokenize(tokens: Int32Array, special: boolean): string;
  isEog(token: number): boolean;
  /** The payload of a KvSnapshot over `tokens`; null where cancelled. */
  prefill(tokens: Int32Array, onProgress?: (tokens: number) => void): Promise<Buffer | null>;
  /** Frees the context that prefill keeps for the next prompt. */
  releasePrefill(): Promise<void>;
  /** Null where cancelled. */
  decode(
    items: readonly DecodeItem[],
    way?: OverrideWay,
    onProgress?: (tokens: number) => void,
  ): Promise<DecodeOutput[] | null>;
  /** [nSteps, nVocab] of llama.cpp's own step by step decode of the last nSteps tokens. */
  plainLogits(
    tokens: Int32Array,
    nSteps: number,
    options: PlainDecodeOptions,
  ): Promise<Float32Array>;
  /** Median seconds of such a step. */
  plainSeconds(tokens: Int32Array, nSteps: number, options: PlainDecodeOptions): Promise<number>;
  /** Batches so far in which other work on the machine kept threads waiting. */
  starvedBatches(): number;
  /** Stops the running prefill or decode at its next batch. */
  cancel(): void;
}

/** Exports of native/binding/llama.cpp. */
export interface LlamaAddon {
  /** Loads the libraries and tells their versions and devices. */
  llamaBuild(paths: LlamaLibraryPaths): Promise<{
    llamaVersion: string;
    ggmlVersion: string;
    ggmlCommit: string;
    devices: readonly LlamaDevice[];
  }>;
  loadModel(
    paths: LlamaLibraryPaths,
    file: string,
    options: NativeModelOptions,
  ): Promise<NativeModel>;
  /** Threads the engine would use for each of a row of batches, [wall s, CPU s] each, and for the one after them. */
  governThreads(threads: number, seconds: Float64Array): Int32Array;
  /** Copies a GGUF with all weights in f32. */
  dequantize(paths: LlamaLibraryPaths, from: string, to: string): Promise<void>;
  readonly KvSnapshot: new (
    model: NativeModel,
    payload: Uint8Array,
    nTokens: number,
  ) => NativeSnapshot;
  readonly DecodeStream: new (
    model: NativeModel,
    snapshot: NativeSnapshot,
    chain: NativeChain,
    capacity: number,
  ) => NativeStream;
  readonly QueryCapture: new (
    model: NativeModel,
    snapshot: NativeSnapshot,
    layers: Int32Array,
    nQ: number,
  ) => NativeCapture;
}
