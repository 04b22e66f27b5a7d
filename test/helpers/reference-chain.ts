import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, row } from './arrays.js';
import { hashed } from './hashed.js';
import {
  adaptively,
  hashScore,
  heaviestQuantized,
  inPages,
  labelScore,
  massive,
  ownPage,
  randomly,
} from './reference-maskers.js';
import { count, keyOf, largest, type ReferenceRow } from './reference-row.js';

const { lshPlanes, lshLogProbability } = loadAddon().kernels;

/** Kept keys and their probabilities, by the rules of exact semantics; slow and plain. */
export function referenceMask(
  maskers: readonly MaskerConfig[],
  input: ReferenceRow,
): Map<number, number> {
  const kept = new Map<number, number>();
  for (const masker of maskers) {
    for (const [key, p] of choose(masker, input, kept)) kept.set(key, p);
  }
  if (kept.size === 0) kept.set(input.nVisible - 1, 1);
  return new Map([...kept].sort(([a], [b]) => a - b));
}

function choose(
  masker: MaskerConfig,
  input: ReferenceRow,
  kept: ReadonlyMap<number, number>,
): [number, number][] {
  const visible = [...Array(input.nVisible).keys()];
  const free = visible.filter((key) => !kept.has(key));
  const certain = (keys: number[]): [number, number][] => keys.map((key) => [key, 1]);
  // Where such a masker leaves nothing out, nothing needs to be a sample any more.
  const isComplete = (keys: number[]) => keys.length === free.length;
  const added = (keys: number[]) => certain(isComplete(keys) ? visible : keys);
  switch (masker.kind) {
    case 'sink':
      return certain(visible.slice(0, count(masker, 'sink', input)));
    case 'local':
      return certain(visible.slice(-count(masker, 'window', input)));
    case 'top_k':
      return added(heaviest(masker, input, free));
    case 'top_p':
      return added(massive(input, free, Number(masker['topP'])));
    case 'quest':
      return [...added(inPages(masker, input, free)), ...certain(ownPage(masker, input))];
    case 'double_sparsity':
      return added(largest(free, count(masker, 'heavy', input), labelScore(masker, input)));
    case 'hash_top_k':
      return added(largest(free, count(masker, 'heavy', input), hashScore(masker, input)));
    case 'random_sampling':
      return randomly(masker, input, free);
    case 'adaptive_sampling':
      return adaptively(masker, input, kept, free);
    default:
      return matching(masker, input, free);
  }
}

function heaviest(masker: MaskerConfig, input: ReferenceRow, free: number[]): number[] {
  const k = count(masker, 'heavy', input);
  if (masker['scoreDtype'] === 'int8') return heaviestQuantized(input, free, k).kept;
  return largest(free, k, (key) => dot(input.query, keyOf(input, key)));
}

function matching(masker: MaskerConfig, input: ReferenceRow, free: number[]): [number, number][] {
  const { headDim, seed, layer, query } = input;
  const shape = { lshL: Number(masker['lshL']), lshK: Number(masker['lshK']), headDim };
  const planes = lshPlanes({ ...shape, seed, layer });
  const mean = masker['center'] === 'none' ? new Float32Array(headDim) : meanKey(input);
  const codes = (vectors: Float32Array) => hashed({ ...shape, vectors, planes, isa: 'scalar' });
  const queryCodes = codes(query);
  const minMatches = Number(masker['minMatches'] ?? 2);
  return free.flatMap((key): [number, number][] => {
    const centred = keyOf(input, key).map((x, i) => x - (mean[i] ?? 0));
    const equal = codes(centred).filter((code, t) => code === queryCodes[t]).length;
    if (equal < minMatches) return [];
    const cosine = dot(query, centred) / Math.sqrt(dot(query, query) * dot(centred, centred));
    return [[key, Math.exp(lshLogProbability(cosine, shape.lshL, shape.lshK, minMatches))]];
  });
}

function meanKey(input: ReferenceRow): Float32Array {
  const { headDim, nMean } = input;
  return Float32Array.from({ length: headDim }, (_, i) => {
    const column = Array.from({ length: nMean }, (_row, key) => keyOf(input, key)[i] ?? 0);
    return column.reduce((sum, x) => sum + x, 0) / nMean;
  });
}

/** softmax(scale * q.k - ln p) over the kept keys, times the values, in double. */
export function referenceOutput(
  kept: ReadonlyMap<number, number>,
  input: ReferenceRow,
  values: Float32Array,
  scale: number,
): number[] {
  const entries = [...kept].map(([key, p]) => ({
    exponent: scale * dot(input.query, keyOf(input, key)) - Math.log(p),
    value: row(values, key, input.headDim),
  }));
  const max = Math.max(...entries.map(({ exponent }) => exponent));
  const weights = entries.map(({ exponent }) => Math.exp(exponent - max));
  const sum = weights.reduce((a, b) => a + b, 0);
  return Array.from({ length: input.headDim }, (_, i) =>
    entries.reduce((out, { value }, at) => out + ((weights[at] ?? 0) / sum) * (value[i] ?? 0), 0),
  );
}
