import type { NativeChain, NativeSnapshot, NativeStream } from '../native/llama-addon.js';
import { median } from './divergence.js';
import type { Model, RunOptions } from './model.js';

/** How long a step of one stream takes, in milliseconds: medians over the steps of both, taken in turn. */
export interface DecodeSpeed {
  /** By the clock. With the config; where it has no maskers the same as `denseMs`. */
  readonly ms: number;
  readonly denseMs: number;
  /** Thread time inside attention, all layers together. */
  readonly attentionMs: number;
  readonly denseAttentionMs: number;
}

/** Steps of both streams before the first that counts. */
const warmUpSteps = 2;

/**
 * Decodes one token a step with a config and with dense attention, each stream alone as a user's would be. They take
 * turns step by step, the other one first in every second, and both go on with the same tokens, so that whatever else
 * the machine does meets both alike.
 *
 * @throws the signal's reason where it is aborted, {EngineError} where the config cannot run
 */
export async function measureDecodeSpeed(
  model: Model,
  start: { snapshot: NativeSnapshot; promptTokens: Int32Array; chain: NativeChain },
  { steps, signal }: RunOptions & { readonly steps: number },
): Promise<DecodeSpeed> {
  const { snapshot, promptTokens, chain } = start;
  const capacity = promptTokens.length + warmUpSteps + steps;
  const dense = new Lane(model, model.stream(snapshot, { maskers: [] }, capacity), signal);
  const sparse =
    chain.maskers.length === 0
      ? undefined
      : new Lane(model, model.stream(snapshot, chain, capacity), signal);
  let token = await dense.step(promptTokens);
  await sparse?.step(promptTokens);
  for (const lane of [dense, sparse]) lane?.forget();
  for (let i = 0; i < warmUpSteps + steps; i++) {
    const tokens = Int32Array.of(token);
    if (i % 2 === 1) await sparse?.step(tokens);
    token = await dense.step(tokens);
    if (i % 2 === 0) await sparse?.step(tokens);
    if (i + 1 === warmUpSteps) for (const lane of [dense, sparse]) lane?.forget();
  }
  const [own, other] = [(sparse ?? dense).medians, dense.medians];
  return {
    ms: own.clock,
    denseMs: other.clock,
    attentionMs: own.attention,
    denseAttentionMs: other.attention,
  };
}

/** A stream with the times of its steps. */
class Lane {
  readonly #model: Model;
  readonly #stream: NativeStream;
  readonly #signal: AbortSignal | undefined;
  #times: { clock: number; attention: number }[] = [];

  constructor(model: Model, stream: NativeStream, signal: AbortSignal | undefined) {
    this.#model = model;
    this.#stream = stream;
    this.#signal = signal;
  }

  /** Decodes tokens and gives the most likely next one. */
  async step(tokens: Int32Array): Promise<number> {
    const item = { stream: this.#stream, tokens, targets: Int32Array.of(0), nIds: 0 };
    const start = performance.now();
    const [output] = await this.#model.decode([item], { signal: this.#signal });
    this.#times.push({
      clock: performance.now() - start,
      attention: output?.attentionMs ?? Number.NaN,
    });
    return output?.argmax[0] as number;
  }

  forget(): void {
    this.#times = [];
  }

  get medians(): { clock: number; attention: number } {
    return {
      clock: median(this.#times.map(({ clock }) => clock)),
      attention: median(this.#times.map(({ attention }) => attention)),
    };
  }
}
