import { adaptiveSampling } from './adaptive-sampling.js';
import { doubleSparsity } from './double-sparsity.js';
import { hashTopK } from './hash-top-k.js';
import { local } from './local.js';
import { magicPig } from './magic-pig.js';
import type { MaskerDefinition } from './masker.js';
import { quest } from './quest.js';
import { randomSampling } from './random-sampling.js';
import { sink } from './sink.js';
import { topK } from './top-k.js';
import { topP } from './top-p.js';

/** Every masker kind, in the order in which chains usually hold them. */
export const MASKERS: readonly MaskerDefinition[] = [
  sink,
  local,
  topK,
  topP,
  quest,
  doubleSparsity,
  hashTopK,
  randomSampling,
  adaptiveSampling,
  magicPig,
];

/** Names of all masker kinds. */
export const MASKER_KINDS: readonly string[] = MASKERS.map(({ kind }) => kind);

/** The definition of a kind under the given semantics, or undefined for an unknown kind. */
export function maskerOf(
  kind: string,
  semantics: 'exact' | 'hub' = 'exact',
): MaskerDefinition | undefined {
  const masker = MASKERS.find((definition) => definition.kind === kind);
  return semantics === 'hub' && masker !== undefined ? { ...masker, ...masker.hub } : masker;
}
