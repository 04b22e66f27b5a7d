import test from 'ava';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, normals, row } from '../helpers/arrays.js';

const headDim = 16;
const nKv = 60;
const nSeeds = 4000;
const query = normals(headDim, 1).map((x) => x * 0.5);
const keys = normals(nKv * headDim, 2).map((x, i) => x * 0.7 + (i % headDim < 3 ? 1 : 0));
const values = normals(nKv * headDim, 3);

/** exp(q.k) of each key; the scale is 1. */
const weights = Array.from({ length: nKv }, (_, key) =>
  Math.exp(dot(query, row(keys, key, headDim))),
);

/** The bound that a normal deviate passes once in a million draws of `n`: two-sided. */
function bound(n: number): number {
  // 4.9 at n = 1; each tenfold of n costs about 0.45 more.
  return 4.9 + 0.45 * Math.log10(n);
}

interface Sampled {
  /** How often each key was kept. */
  readonly counts: number[];
  /** Its probability as recorded, the same for every seed. */
  readonly probs: Map<number, number>;
  /** Per seed, sum of exp(q.k) / p and of exp(q.k) / p * value over the kept keys. */
  readonly denominators: number[];
  readonly numerators: number[];
}

function sample(minMatches: 1 | 2, center: 'keys' | 'none'): Sampled {
  const kv = new KvCache({ nKvHeads: 1, headDim, capacity: nKv });
  kv.append(keys, values);
  const result: Sampled = {
    counts: Array(nKv).fill(0),
    probs: new Map(),
    denominators: [],
    numerators: [],
  };
  const config = { maskers: [{ kind: 'magic_pig', lshL: 12, lshK: 3, minMatches, center }] };
  for (let seed = 0; seed < nSeeds; seed++) {
    const attention = new SparseAttention(config, { nQHeads: 1, scale: 1, seed });
    const { mask } = attention.forward(query, kv, { returnMask: true });
    const kept = [...(mask?.indices ?? [])].map((key, i) => [key, mask?.probs[i] ?? 0] as const);
    let denominator = 0;
    let numerator = 0;
    for (const [key, p] of kept) {
      if (p === 1) continue; // its own last key, where nothing matched
      result.counts[key] = (result.counts[key] ?? 0) + 1;
      result.probs.set(key, p);
      denominator += (weights[key] ?? 0) / p;
      numerator += ((weights[key] ?? 0) / p) * (values[key * headDim] ?? 0);
    }
    result.denominators.push(denominator);
    result.numerators.push(numerator);
  }
  return result;
}

/** How many standard errors the mean of `draws` is from `truth`. */
function deviation(draws: readonly number[], truth: number): number {
  const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (draws.length - 1);
  return Math.abs(mean - truth) / Math.sqrt(variance / draws.length);
}

for (const minMatches of [1, 2] as const) {
  for (const center of ['keys', 'none'] as const) {
    const title = `minMatches=${minMatches} center=${center}`;
    test(`magic_pig keeps each key with the probability it states (${title})`, (t) => {
      const { counts, probs } = sample(minMatches, center);
      t.true(probs.size > nKv / 2);
      for (const [key, p] of probs) {
        const expected = nSeeds * p;
        const error = Math.abs((counts[key] ?? 0) - expected) / Math.sqrt(expected * (1 - p));
        // Rare keys are far from normal; those with 20 expected hits are close enough to it.
        if (expected < 20) continue;
        t.true(error < bound(nKv), `key ${key}: ${counts[key]} of ${nSeeds}, p=${p}`);
      }
    });

    test(`magic_pig estimates numerator and denominator without bias (${title})`, (t) => {
      const { denominators, numerators } = sample(minMatches, center);
      const denominator = weights.reduce((a, b) => a + b, 0);
      const numerator = weights.reduce((sum, w, key) => sum + w * (values[key * headDim] ?? 0), 0);
      t.true(deviation(denominators, denominator) < bound(1));
      t.true(deviation(numerators, numerator) < bound(1));
    });
  }
}

test('the stated probability is that of the angle to the centred key', (t) => {
  const { probs } = sample(2, 'keys');
  const mean = Float32Array.from({ length: headDim }, (_, i) => {
    const column = Array.from({ length: nKv }, (_row, key) => keys[key * headDim + i] ?? 0);
    return column.reduce((a, b) => a + b, 0) / nKv;
  });
  for (const [key, p] of probs) {
    const centred = row(keys, key, headDim).map((x, i) => x - (mean[i] ?? 0));
    const cosine = dot(query, centred) / Math.sqrt(dot(query, query) * dot(centred, centred));
    const expected = Math.exp(loadAddon().kernels.lshLogProbability(cosine, 12, 3, 2));
    t.true(Math.abs(p / expected - 1) < 1e-4);
  }
});
