import { fullKl } from '../../ts/engine/divergence.js';
import type { Model } from '../../ts/engine/model.js';
import { relativeError } from '../../ts/engine/self-test.js';
import type { NativeSnapshot, OverrideWay } from '../../ts/native/llama-addon.js';
import { noiseLine } from '../../ts/tasks/haystack.js';
import { Rng } from '../../ts/tasks/rng.js';
import { drawKeys } from '../../ts/tasks/words.js';

/** How logits differ from reference logits, over positions. */
export interface LogitDifference {
  readonly meanError: number;
  readonly worstError: number;
  readonly meanKl: number;
  /** Positions whose most likely token differs although the reference's lead exceeds what the two differ by. */
  readonly argmaxMisses: number;
}

/** A prompt of exactly `length` tokens: noise, needles and other text, so that no stretch is like another. */
export function mixedPrompt(model: Model, length: number): Int32Array {
  const rng = new Rng('fidelity', length);
  const lines: string[] = [];
  for (;;) {
    const [key] = drawKeys(rng, 1);
    lines.push(`${noiseLine} A secret number for ${key} is: ${rng.integer(1e6, 9e6)}.`);
    const tokens = model.tokenize(lines.join('\n'));
    if (tokens.length >= length) return tokens.slice(0, length);
  }
}

/** Logits of the last `nSteps` tokens through our attention, all in one pass or one by one. */
export async function ourLogits(
  model: Model,
  snapshot: NativeSnapshot,
  tokens: Int32Array,
  options: { way?: OverrideWay; pass?: 'whole' | 'stepwise' } = {},
): Promise<Float32Array> {
  const { way = 'inGraph', pass = 'whole' } = options;
  const stream = model.stream(snapshot, { maskers: [] }, tokens.length);
  const pieces = pass === 'whole' ? [tokens] : [...tokens].map((token) => Int32Array.of(token));
  const rows: number[][] = [];
  for (const piece of pieces) {
    const item = {
      stream,
      tokens: piece,
      targets: new Int32Array(piece.length),
      nIds: 0,
      keepLogits: true,
    };
    const [output] = await model.decode([item], { way });
    rows.push([...(output?.logits ?? [])]);
  }
  return Float32Array.from(rows.flat());
}

export function compareLogits(
  ours: Float32Array,
  reference: Float32Array,
  nVocab: number,
): LogitDifference {
  const positions = reference.length / nVocab;
  const row = (logits: Float32Array, i: number) => logits.subarray(i * nVocab, (i + 1) * nVocab);
  const rows = Array.from({ length: positions }, (_, i) => {
    const [our, their] = [row(ours, i), row(reference, i)];
    return {
      error: relativeError(our, their),
      kl: fullKl(their, our),
      isMiss: isMiss(our, their),
    };
  });
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / positions;
  return {
    meanError: average(rows.map(({ error }) => error)),
    worstError: Math.max(...rows.map(({ error }) => error)),
    meanKl: average(rows.map(({ kl }) => kl)),
    argmaxMisses: rows.filter((result) => result.isMiss).length,
  };
}

function isMiss(ours: Float32Array, reference: Float32Array): boolean {
  const [first, second] = bestTwo(reference);
  const [ourFirst] = bestTwo(ours);
  if (first === ourFirst) return false;
  const gap = (reference[first] ?? 0) - (reference[second] ?? 0);
  let largest = 0;
  for (let i = 0; i < ours.length; i++) {
    largest = Math.max(largest, Math.abs((ours[i] ?? 0) - (reference[i] ?? 0)));
  }
  return gap > largest;
}

function bestTwo(logits: Float32Array): [number, number] {
  let [first, second] = [0, 1];
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] ?? 0;
    if (value > (logits[first] ?? 0)) [first, second] = [i, first];
    else if (i !== first && value > (logits[second] ?? 0)) second = i;
  }
  return [first, second];
}
