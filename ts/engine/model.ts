import { constants } from 'node:buffer';
import { EngineError } from '../errors.js';
import { checkLearned, nativeMaskers } from '../maskers/native-chain.js';
import { loadAddon } from '../native/addon.js';
import type {
  DecodeItem,
  DecodeOutput,
  ModelInfo,
  NativeCapture,
  NativeChain,
  NativeModel,
  NativeSnapshot,
  NativeStream,
  OverrideWay,
  PlainDecodeOptions,
} from '../native/llama-addon.js';
import { describeGpu, type LlamaLibrary, loadLlamaLibrary } from './llama-library.js';

/** How a running task is watched and stopped. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch with the tokens done so far. */
  readonly onProgress?: ((tokens: number) => void) | undefined;
}

/** How a model is loaded. */
export interface LoadOptions {
  /** Of the model's own pool; at least 1. */
  readonly threads: number;
  /** Layers that the GPUs of llama.cpp hold and compute, one more than the model has being all of it. Default 0. */
  readonly gpuLayers?: number | undefined;
  /** Told, once for each reason, why the attention of layers on a GPU ran on the CPU. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** For tests; see NativeModelOptions. */
  readonly hostMemoryAs?: string | undefined;
}

/** A GGUF loaded into llama.cpp. Its tasks run off the main thread, one after another. */
export class Model {
  readonly info: ModelInfo;
  readonly library: LlamaLibrary;
  /** What of the model GPUs compute; undefined where they compute nothing. */
  readonly gpu: string | undefined;
  readonly #native: NativeModel;
  readonly #onWarning: (message: string) => void;
  readonly #toldReasons = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    native: NativeModel,
    { library, gpu, onWarning }: Pick<Model, 'library' | 'gpu'> & Pick<LoadOptions, 'onWarning'>,
  ) {
    this.#native = native;
    this.library = library;
    this.gpu = gpu;
    this.info = native.info();
    this.#onWarning = onWarning ?? (() => undefined);
  }

  /**
   * @throws {EngineError} where the file cannot be read or its architecture is not supported (by name and reason)
   * @throws {NativeLoadError} where llama.cpp is absent, of another version, or has no GPU for the layers
   */
  static async load(
    path: string,
    { gpuLayers = 0, onWarning, ...options }: LoadOptions,
  ): Promise<Model> {
    const library = await loadLlamaLibrary({ gpu: gpuLayers > 0 });
    const loading = loadAddon().loadModel(library, path, { ...options, gpuLayers });
    const native = await asEngineError(loading);
    return new Model(native, { library, gpu: await describeGpu(gpuLayers), onWarning });
  }

  /** Bytes of a snapshot per token. */
  get kvBytesPerToken(): number {
    const widths = this.info.layers.map(({ nKvHeads, headDim }) => nKvHeads * headDim);
    return widths.reduce((sum, width) => sum + width * 2 * 2, 0);
  }

  /** Token ids; the text's own special tokens (as a chat template writes them) are recognised. */
  tokenize(text: string): Int32Array {
    return this.#native.tokenize(text, true);
  }

  /** The text of tokens, without special ones unless asked for. */
  detokenize(tokens: Int32Array, { special = false } = {}): string {
    return this.#native.detokenize(tokens, special);
  }

  /** Whether a token ends a generation. */
  isEndOfGeneration(token: number): boolean {
    return this.#native.isEog(token);
  }

  /**
   * Runs a context dense and returns K and V of every layer: the payload of `snapshot`.
   *
   * @throws the signal's reason where it is aborted
   */
  prefill(tokens: Int32Array, options: RunOptions = {}): Promise<Uint8Array> {
    const bytes = tokens.length * this.kvBytesPerToken;
    if (bytes > constants.MAX_LENGTH) {
      throw new EngineError(
        'ERR_CAPACITY',
        `The keys and values of one context take ${bytes} bytes, and this Node.js can hold ${constants.MAX_LENGTH} in one piece. Use a shorter length (--task ...@L) or a newer Node.js.`,
      );
    }
    return this.#run(options.signal, () => this.#native.prefill(tokens, options.onProgress));
  }

  /** Frees the memory that prefill keeps for the next prompt; called when all contexts are prefilled. */
  releasePrefill(): Promise<void> {
    return this.#run(undefined, async () => {
      await this.#native.releasePrefill();
      return true;
    }).then(() => undefined);
  }

  /** A handle on a prefilled context. */
  snapshot(payload: Uint8Array, nTokens: number): NativeSnapshot {
    return new (loadAddon().KvSnapshot)(this.#native, payload, nTokens);
  }

  /**
   * A continuation of a snapshot under a config.
   *
   * @param capacity - tokens it may hold beyond the context
   * @throws {EngineError} `ERR_CONFIG` where the engine does not run such a chain
   */
  stream(snapshot: NativeSnapshot, chain: NativeChain, capacity: number): NativeStream {
    const learned = this.#learned(chain);
    try {
      return new (loadAddon().DecodeStream)(this.#native, snapshot, learned, capacity);
    } catch (cause) {
      throw toEngineError(cause);
    }
  }

  /** Collects the queries of a pass of `nQ` tokens at the given layers. */
  capture(snapshot: NativeSnapshot, layers: readonly number[], nQ: number): NativeCapture {
    const { QueryCapture } = loadAddon();
    return new QueryCapture(this.#native, snapshot, Int32Array.from(layers), nQ);
  }

  /**
   * Decodes the next tokens of many streams, packed into batches in their order.
   *
   * @throws the signal's reason where it is aborted; streams then keep what ran
   */
  async decode(
    items: readonly DecodeItem[],
    options: RunOptions & { way?: OverrideWay } = {},
  ): Promise<DecodeOutput[]> {
    if (items.length === 0) return [];
    const outputs = await this.#run(options.signal, () =>
      this.#native.decode(items, options.way ?? 'inGraph', options.onProgress),
    );
    for (const { hostReasons } of outputs) this.#tell(hostReasons);
    return outputs;
  }

  #tell(hostReasons: readonly string[]): void {
    for (const reason of hostReasons) {
      if (this.#toldReasons.has(reason)) continue;
      this.#toldReasons.add(reason);
      this.#onWarning(
        `Attention of layers on the GPU runs on the CPU, over copies, where ${reason}.`,
      );
    }
  }

  /** Errors of a config's attention output against dense at the captured layers. */
  outputErrors(capture: NativeCapture, chain: NativeChain): Promise<Float64Array> {
    return this.#run(undefined, () => capture.outputErrors(this.#learned(chain)));
  }

  /** The chain with what its files hold, which must fit every layer that it runs at. */
  #learned(chain: NativeChain): NativeChain {
    for (const [layer, geometry] of this.info.layers.entries()) {
      if (geometry.window === 0) checkLearned(chain, { layer, ...geometry });
    }
    return { ...chain, maskers: nativeMaskers(chain) };
  }

  /** Logits of llama.cpp's own decode, [nSteps, nVocab]: what our path is held against. */
  plainLogits(
    tokens: Int32Array,
    nSteps: number,
    options: PlainDecodeOptions,
  ): Promise<Float32Array> {
    return this.#run(undefined, () => this.#native.plainLogits(tokens, nSteps, options));
  }

  /** Median seconds of a step of llama.cpp's own decode. */
  plainSeconds(tokens: Int32Array, nSteps: number, options: PlainDecodeOptions): Promise<number> {
    return this.#run(undefined, () => this.#native.plainSeconds(tokens, nSteps, options));
  }

  /** Batches so far in which other work on the machine kept threads waiting; each ran at a fraction of its speed. */
  get starvedBatches(): number {
    return this.#native.starvedBatches();
  }

  #run<Result>(
    signal: AbortSignal | undefined,
    start: () => Promise<Result | null>,
  ): Promise<Result> {
    const result = this.#last.then(() => this.#runNow(signal, start));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #runNow<Result>(
    signal: AbortSignal | undefined,
    start: () => Promise<Result | null>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const running = start();
    const cancel = () => this.#native.cancel();
    signal?.addEventListener('abort', cancel);
    try {
      const result = await asEngineError(running);
      if (result === null) throw signal?.reason ?? new EngineError('ERR_ENGINE', 'Cancelled');
      return result;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }
}

const nativeCodes = ['ERR_ENGINE', 'ERR_MODEL_UNSUPPORTED', 'ERR_CONFIG', 'ERR_CAPACITY'] as const;

async function asEngineError<Result>(promise: Promise<Result>): Promise<Result> {
  try {
    return await promise;
  } catch (cause) {
    throw toEngineError(cause);
  }
}

/** Gives failures of the native side the class that callers look for; others stay as they are. */
function toEngineError(cause: unknown): unknown {
  const { code, message } = cause as Error & { code?: string };
  const known = nativeCodes.find((name) => name === code);
  return known === undefined ? cause : new EngineError(known, message, { cause });
}
