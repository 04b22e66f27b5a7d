import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, row } from './arrays.js';

const { lshPlanes, lshCodes, lshLogProbability } = loadAddon().kernels;

/** One query of one head, and the keys it may see. */
export interface ReferenceRow {
  readonly query: Float32Array;
  /** `[nKv, headDim]`, all keys of the head. */
  readonly keys: Float32Array;
  readonly headDim: number;
  /** Keys that causality allows. */
  readonly nVisible: number;
  readonly seed: number;
  readonly layer: number;
  /** Keys whose mean centres all of them. */
  readonly nMean: number;
}

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
  switch (masker.kind) {
    case 'sink':
      return certain(visible.slice(0, count(masker, 'sink', input)));
    case 'local':
      return certain(visible.slice(-count(masker, 'window', input)));
    case 'top_k':
      return certain(heaviest(input, free, count(masker, 'heavy', input)));
    default:
      return matching(masker, input, free);
  }
}

function count(masker: MaskerConfig, stem: string, { nVisible }: ReferenceRow): number {
  const fraction = masker[`${stem}Fraction`];
  if (typeof fraction === 'number') return Math.max(1, Math.floor(fraction * nVisible));
  return Number(masker[`${stem}Size`]);
}

function keyOf({ keys, headDim }: ReferenceRow, key: number): Float32Array {
  return row(keys, key, headDim);
}

function heaviest(input: ReferenceRow, free: number[], k: number): number[] {
  const score = (key: number) => dot(input.query, keyOf(input, key));
  return free.sort((a, b) => score(b) - score(a) || a - b).slice(0, k);
}

function matching(masker: MaskerConfig, input: ReferenceRow, free: number[]): [number, number][] {
  const { headDim, seed, layer, query } = input;
  const shape = { lshL: Number(masker['lshL']), lshK: Number(masker['lshK']), headDim };
  const planes = lshPlanes({ ...shape, seed, layer });
  const mean = masker['center'] === 'none' ? new Float32Array(headDim) : meanKey(input);
  const codes = (vectors: Float32Array) => lshCodes({ ...shape, vectors, planes, isa: 'scalar' });
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
