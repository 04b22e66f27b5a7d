import { rejectConfig } from '../errors.js';
import type { LearnedHandle } from '../native/attention-addon.js';
import { type Learned, readChannels, readHashWeights } from './learned-files.js';
import type { MaskerConfig } from './masker.js';

/** A masker as the native side reads it: its options, and handles of what its file holds. */
export type NativeMasker = MaskerConfig;

/** A checked config, or a chain as the engine passes it on. */
export interface Chain {
  readonly maskers: readonly MaskerConfig[];
}

/** The layer that a chain is used at. */
export interface LayerShape {
  readonly layer: number;
  readonly nQHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

/** Handles that stand in for files. */
export interface GivenHandles {
  readonly weights?: LearnedHandle | undefined;
  readonly channels?: LearnedHandle | undefined;
}

/**
 * The maskers of a checked config, with the files that they name read into native memory.
 *
 * @throws {TypeError} `ERR_CONFIG` if a file cannot be read or is malformed
 */
export function nativeMaskers(
  { maskers }: Chain,
  given: GivenHandles = {},
): readonly NativeMasker[] {
  return maskers.map((masker) => {
    const weights = given.weights ?? learnedHash(masker)?.handle;
    if (masker.kind === 'hash_top_k') return { ...masker, weights };
    const channels = given.channels ?? learnedChannels(masker)?.handle;
    return masker.kind === 'double_sparsity' ? { ...masker, channels } : masker;
  });
}

/**
 * Refuses files that do not fit a layer.
 *
 * @throws {TypeError} `ERR_CONFIG`, naming the file and the layer
 */
export function checkLearned({ maskers }: Chain, shape: LayerShape): void {
  for (const masker of maskers) {
    const learned = learnedHash(masker) ?? learnedChannels(masker);
    if (learned === undefined) continue;
    const { layer, nQHeads, nKvHeads, headDim } = shape;
    const found = learned.layers.get(layer);
    if (found?.headDim === headDim && [nQHeads, nKvHeads].includes(found.nHeads)) continue;
    const file = masker['hatWeightFile'] ?? masker['sortedChannelFile'];
    const actual = found === undefined ? 'nothing' : `${found.nHeads} heads of ${found.headDim}`;
    rejectConfig(
      `Expected ${nQHeads} or ${nKvHeads} heads of ${headDim} channels at layer ${layer} in ${String(file)} but it has ${actual}`,
    );
  }
}

function learnedHash(masker: MaskerConfig): Learned | undefined {
  const isGiven = masker.kind === 'hash_top_k' && masker['hatWeightFile'] !== undefined;
  return isGiven ? readHashWeights(masker) : undefined;
}

function learnedChannels(masker: MaskerConfig): Learned | undefined {
  const isGiven = masker.kind === 'double_sparsity' && masker['sortedChannelFile'] !== undefined;
  return isGiven ? readChannels(masker) : undefined;
}
