import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import type { HashLayer } from '../../ts/native/attention-addon.js';
import { dot } from './arrays.js';
import { referenceSample } from './draws.js';
import { count, keyOf, largest, type ReferenceRow } from './reference-row.js';

const { studentQuantile } = loadAddon().kernels;

const randomDomain = 2;
const baseDomain = 3;
const adaptiveDomain = 4;
const minBase = 16;

/** A vector of integers of 8 bits and what each stands for, rounded as floats are. */
export function quantized(vector: Float32Array): { codes: number[]; scale: number } {
  const largest = vector.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  if (largest <= Math.fround(1e-30)) return { codes: [...vector].fill(0), scale: 0 };
  const factor = Math.fround(127 / largest);
  const codes = [...vector].map((x) => roundHalfToEven(Math.fround(x * factor)));
  return { codes, scale: Math.fround(largest / 127) };
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** What a key scores by integers of 8 bits, without the scale of the query. */
export function quantizedScore(query: Float32Array, key: Float32Array): number {
  const { codes } = quantized(query);
  const { codes: elements, scale } = quantized(key);
  const sum = codes.reduce((total, code, i) => total + code * (elements[i] ?? 0), 0);
  return Math.fround(sum * scale);
}

/** top_k by int8 scores: what is well above the cut, and of what is near it the best by its own elements. */
export function heaviestQuantized(
  input: ReferenceRow,
  free: number[],
  k: number,
): { kept: number[]; ranked: number[] } {
  const margin = Math.floor(k / 8) + 16;
  const nSure = Math.max(0, k - margin);
  const score = (key: number) => quantizedScore(input.query, keyOf(input, key));
  const near = largest(free, k + margin, score);
  const ranked = near.slice(nSure);
  const own = (key: number) => dot(input.query, keyOf(input, key));
  return { kept: [...near.slice(0, nSure), ...largest(ranked, k - nSure, own)], ranked };
}

/** top_p: the heaviest keys that hold the share of what is free. */
export function massive(input: ReferenceRow, free: number[], share: number): number[] {
  const weights = new Map(free.map((key) => [key, weight(input, key)]));
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  let sum = 0;
  const order = largest(free, free.length, (key) => dot(input.query, keyOf(input, key)));
  const last = order.findIndex((key) => {
    sum += weights.get(key) ?? 0;
    return sum >= share * total;
  });
  return order.slice(0, last === -1 ? order.length : last + 1);
}

/** quest: the visible keys of the query's own page, kept whatever else is. */
export function ownPage(masker: MaskerConfig, { nVisible }: ReferenceRow): number[] {
  const pageSize = Number(masker['pageSize']);
  const first = Math.floor((nVisible - 1) / pageSize) * pageSize;
  return Array.from({ length: nVisible - first }, (_, i) => first + i);
}

/** quest: the own page, and the best whole pages by the bound of their keys. */
export function inPages(masker: MaskerConfig, input: ReferenceRow, free: number[]): number[] {
  const pageSize = Number(masker['pageSize']);
  const page = (key: number) => Math.floor(key / pageSize);
  const own = page(input.nVisible - 1);
  const open = [...new Set(free.map(page))].filter((p) => p !== own);
  const k = Math.max(1, Math.floor(count(masker, 'heavy', input) / pageSize));
  const bound = (p: number) => {
    const keys = Array.from({ length: pageSize }, (_, i) => keyOf(input, p * pageSize + i));
    return input.query.reduce(
      (sum, q, c) => sum + Math.max(...keys.map((key) => q * (key[c] ?? 0))),
      0,
    );
  };
  const chosen = new Set([own, ...largest(open, k, bound)]);
  return free.filter((key) => chosen.has(page(key)));
}

/** double_sparsity: the product on the first channels of the head's list (`order` holds the lists). */
export function labelScore(masker: MaskerConfig, input: ReferenceRow): (key: number) => number {
  const order = masker['order'] as readonly (readonly number[])[];
  const n = Math.max(1, Math.floor(input.headDim / Number(masker['groupFactor'])));
  const channels = (order.length === 1 ? order[0] : order[input.head])?.slice(0, n) ?? [];
  return (key) =>
    channels.reduce((sum, c) => sum + (input.query[c] ?? 0) * (keyOf(input, key)[c] ?? 0), 0);
}

/** hash_top_k: bits in which the signatures agree (`hash` holds the networks). */
export function hashScore(masker: MaskerConfig, input: ReferenceRow): (key: number) => number {
  const hash = masker['hash'] as {
    nHeads: number;
    query: readonly HashLayer[];
    key: readonly HashLayer[];
  };
  const head = hash.nHeads === 1 ? 0 : input.head;
  const query = signature(hash.query, head, input.query);
  return (key) =>
    signature(hash.key, head, keyOf(input, key)).filter((bit, i) => bit === query[i]).length;
}

function signature(
  network: readonly HashLayer[],
  head: number,
  vector: Float32Array,
): readonly boolean[] {
  let values = [...vector];
  for (const [l, { nIn, nOut, matrix, bias }] of network.entries()) {
    values = Array.from({ length: nOut }, (_, o) => {
      const sum = values.reduce(
        (total, x, i) => total + x * (matrix[(head * nIn + i) * nOut + o] ?? 0),
        bias[head * nOut + o] ?? 0,
      );
      return l + 1 === network.length ? sum : sum / (1 + Math.exp(-sum));
    });
  }
  return values.map((x) => x > 0);
}

/** random_sampling: n of the free keys, each with probability n / R. */
export function randomly(
  masker: MaskerConfig,
  input: ReferenceRow,
  free: number[],
): [number, number][] {
  if (free.length === 0) return [];
  const n = Math.max(1, Math.floor(Number(masker['samplingRate']) * free.length));
  return draw(input, randomDomain, free, n).map((key) => [key, n / free.length]);
}

/** adaptive_sampling: a first sample for certain, then as many of the rest as it says. */
export function adaptively(
  masker: MaskerConfig,
  input: ReferenceRow,
  kept: ReadonlyMap<number, number>,
  free: number[],
): [number, number][] {
  if (free.length === 0) return [];
  const nBase = Math.max(minBase, count(masker, 'base', { ...input, nVisible: free.length }));
  if (nBase >= free.length) return free.map((key) => [key, 1]);
  const base = draw(input, baseDomain, free, nBase);
  const rest = free.filter((key) => !base.includes(key));
  const weights = base.map((key) => weight(input, key));
  const mean = weights.reduce((a, b) => a + b, 0) / nBase;
  const squares = weights.reduce((sum, w) => sum + (w - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (nBase - 1));
  const known = [...kept].reduce((sum, [key, p]) => sum + weight(input, key) / p, mean * nBase);
  const low = known + rest.length * Math.max(0, mean - deviation / Math.sqrt(nBase));
  const quantile = studentQuantile(1 - Number(masker['delta']) / 2, nBase - 1);
  const ratio = (Number(masker['epsilon']) * low) / (quantile * deviation * rest.length);
  const n = Math.min(rest.length, Math.ceil(1 / (1 / rest.length + ratio ** 2)));
  const second = draw(input, adaptiveDomain, rest, n);
  return [
    ...base.map((key): [number, number] => [key, 1]),
    ...second.map((key): [number, number] => [key, n / rest.length]),
  ];
}

function draw(
  { seed, layer, head, nVisible }: ReferenceRow,
  domain: number,
  from: readonly number[],
  n: number,
): number[] {
  const key = { seed, layer, domain, qHead: head, position: nVisible - 1 };
  return referenceSample(key, from.length, n).map((rank) => from[rank] ?? -1);
}

function weight(input: ReferenceRow, key: number): number {
  return Math.exp(input.scale * dot(input.query, keyOf(input, key)));
}
