import test from 'ava';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { dot, normals, row, uniformSource } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const headDim = 8;

/** Keys of one head, a query, and exp(q.k) and a value per key; the scale is 1. */
interface Problem {
  readonly nKv: number;
  readonly query: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly weights: readonly number[];
}

/** A problem whose scores are those of `score`: the query is a unit vector, so they stand in the keys. */
function problemOf(nKv: number, score: (key: number) => number): Problem {
  const query = new Float32Array(headDim);
  query[0] = 1;
  const keys = normals(nKv * headDim, 2);
  for (let key = 0; key < nKv; key++) keys[key * headDim] = score(key);
  const weights = Array.from({ length: nKv }, (_, key) =>
    Math.exp(dot(query, row(keys, key, headDim))),
  );
  return { nKv, query, keys, values: normals(nKv * headDim, 3), weights };
}

interface Kept {
  readonly key: number;
  readonly p: number;
}

/** What each seed keeps. */
function sample({ nKv, query, keys, values }: Problem, maskers: MaskerConfig[], nSeeds: number) {
  const kv = new KvCache({ nKvHeads: 1, headDim, capacity: nKv });
  kv.append(keys, values);
  return Array.from({ length: nSeeds }, (_, seed): Kept[] => {
    const attention = new SparseAttention({ maskers }, { nQHeads: 1, scale: 1, seed });
    const { mask } = attention.forward(query, kv, { returnMask: true });
    return [...(mask?.indices ?? [])].map((key, i) => ({ key, p: mask?.probs[i] ?? 0 }));
  });
}

/** How many standard errors the mean of `draws` is from `truth`. */
function deviation(draws: readonly number[], truth: number): number {
  const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (draws.length - 1);
  return Math.abs(mean - truth) / Math.sqrt(variance / draws.length);
}

/** A normal deviate passes it once in a million draws of `n`: two-sided. */
function bound(n: number): number {
  return 4.9 + 0.45 * Math.log10(n);
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

const small = problemOf(90, (key) => normals(1, key + 10)[0] ?? 0);
const sink: MaskerConfig = { kind: 'sink', sinkSize: 4 };
const topK: MaskerConfig = { kind: 'top_k', heavySize: 6 };
const samplers: readonly [string, MaskerConfig[]][] = [
  ['random_sampling', [{ kind: 'random_sampling', samplingRate: 0.15 }]],
  ['random_sampling after others', [sink, topK, { kind: 'random_sampling', samplingRate: 0.3 }]],
  ['adaptive_sampling', [{ kind: 'adaptive_sampling', baseSize: 16, epsilon: 0.4, delta: 0.3 }]],
  [
    'adaptive_sampling after others',
    [sink, topK, { kind: 'adaptive_sampling', baseSize: 17, epsilon: 0.2, delta: 0.2 }],
  ],
];

for (const [title, maskers] of samplers) {
  test(`${title}: numerator, denominator and each key's weight are unbiased`, (t) => {
    const { nKv, weights, values } = small;
    const draws = sample(small, maskers, 4000);
    const value = (key: number) => values[key * headDim] ?? 0;
    const weight = (key: number) => weights[key] ?? 0;
    const denominators = draws.map((kept) => sum(kept.map(({ key, p }) => weight(key) / p)));
    const numerators = draws.map((kept) =>
      sum(kept.map(({ key, p }) => (weight(key) / p) * value(key))),
    );
    t.true(deviation(denominators, sum(weights)) < bound(1));
    t.true(deviation(numerators, sum(weights.map((w, key) => w * value(key)))) < bound(1));
    for (let key = 0; key < nKv; key++) {
      const inverse = draws.map((kept) => 1 / (kept.find((one) => one.key === key)?.p ?? Infinity));
      // A key that is always kept for certain has no variance and no error.
      if (inverse.every((x) => x === 1)) continue;
      t.true(deviation(inverse, 1) < bound(nKv), `key ${key}`);
    }
  });
}

test('random_sampling keeps each key as often as its probability says', (t) => {
  const nSeeds = 6000;
  const draws = sample(small, [sink, { kind: 'random_sampling', samplingRate: 0.2 }], nSeeds);
  const p = 17 / 86;
  for (const kept of draws) {
    t.deepEqual([...new Set(kept.map((one) => one.p))].sort(), [Math.fround(p), 1].sort());
    t.is(kept.length, 4 + 17);
  }
  for (let key = 4; key < small.nKv; key++) {
    const count = draws.filter((kept) => kept.some((one) => one.key === key)).length;
    const error = Math.abs(count - nSeeds * p) / Math.sqrt(nSeeds * p * (1 - p));
    t.true(error < bound(small.nKv), `key ${key}: ${count}`);
  }
});

/** Share of seeds whose denominator is off by more than epsilon, and the keys they keep on average. */
function failureRate(problem: Problem, masker: MaskerConfig, others: MaskerConfig[], n: number) {
  const truth = sum(problem.weights);
  const draws = sample(problem, [...others, masker], n);
  const failures = draws.filter((kept) => {
    const estimate = sum(kept.map(({ key, p }) => (problem.weights[key] ?? 0) / p));
    return Math.abs(estimate - truth) > Number(masker['epsilon']) * truth;
  });
  return { rate: failures.length / n, kept: sum(draws.map((kept) => kept.length)) / n };
}

const uniform = uniformSource(5);
const light: readonly [string, Problem][] = [
  ['bounded weights', problemOf(3000, () => Math.log(0.2 + uniform()))],
  ['exponential weights', problemOf(3000, () => Math.log(1e-6 - Math.log(1 - uniform())))],
  ['normal scores of deviation 0.5', problemOf(3000, (key) => (normals(1, key)[0] ?? 0) / 2)],
];

for (const [title, problem] of light) {
  for (const [epsilon, delta, baseSize] of [
    [0.1, 0.1, 32],
    [0.05, 0.2, 64],
    [0.15, 0.05, 16],
    [0.25, 0.25, 30],
  ] as const) {
    test(`adaptive_sampling keeps its promise for ${title} (epsilon ${epsilon}, delta ${delta}, base ${baseSize})`, (t) => {
      const masker = { kind: 'adaptive_sampling', baseSize, epsilon, delta };
      const n = 1000;
      const { rate, kept } = failureRate(problem, masker, [sink], n);
      t.log(`failure rate ${rate}, ${kept} of ${problem.nKv} keys`);
      t.true(rate <= delta + bound(1) * Math.sqrt((delta * (1 - delta)) / n));
      t.true(kept < problem.nKv / 2 || epsilon < 0.1);
    });
  }
}

test('adaptive_sampling on heavy tails: its failure rate is reported', (t) => {
  const tail = uniformSource(9);
  const problem = problemOf(3000, () => -Math.log(1 - tail()) * 0.9);
  const masker = { kind: 'adaptive_sampling', baseSize: 64, epsilon: 0.1, delta: 0.1 };
  const { rate, kept } = failureRate(problem, masker, [], 500);
  t.log(`Pareto weights of index 1.1: failure rate ${rate}, ${kept} of ${problem.nKv} keys`);
  t.pass();
});

test('samples are the same on every instruction set, other ones for other seeds, heads and positions', (t) => {
  const nQHeads = 2;
  const nQ = 2;
  const kv = new KvCache({ nKvHeads: 1, headDim, capacity: 90 });
  kv.append(small.keys, small.values);
  // Every query the same, so that only the draws differ.
  const queries = Float32Array.from({ length: nQHeads * nQ * headDim }, (_, i) =>
    i % headDim === 0 ? 1 : 0,
  );
  for (const masker of [
    { kind: 'random_sampling', samplingRate: 0.2 },
    { kind: 'adaptive_sampling', baseSize: 16, epsilon: 0.4, delta: 0.3 },
  ]) {
    const run = (seed: number, isa = isas[0]) => {
      const options = { nQHeads, scale: 1, seed, ...(isa !== undefined && { isa }) };
      const attention = new SparseAttention({ maskers: [masker] }, options);
      return attention.forward(queries, kv, { returnMask: true }).mask;
    };
    const first = run(1);
    for (const isa of isas) t.deepEqual(run(1, isa)?.indices, first?.indices);
    t.notDeepEqual(run(2)?.indices, first?.indices);
    const rows = [0, 1, 2, 3].map((r) =>
      first?.indices.subarray(first.indptr[r], first.indptr[r + 1]).join(),
    );
    t.is(new Set(rows).size, 4);
  }
});
