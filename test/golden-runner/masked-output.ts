import type { GoldenInput } from './manifest.js';

/**
 * Attention output under a mask of the hub, in double: softmax(scaling * q.k) with weights 1 / (m + 1e-6).
 *
 * Where of equal scores any may be chosen, an output can only be held against the mask that goes with it.
 */
export function maskedOutput(
  input: GoldenInput,
  queries: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  mask: Float32Array,
): Float32Array {
  const { heads_q, heads_kv, queries: nQ, keys: nKv, dim, scaling } = input;
  const output = new Float32Array(queries.length);
  for (let row = 0; row < queries.length / dim; row++) {
    const head = Math.floor(row / nQ / (heads_q / heads_kv));
    const rowOf = (array: Float32Array, j: number) =>
      array.subarray((head * nKv + j) * dim, (head * nKv + j + 1) * dim);
    const query = queries.subarray(row * dim, (row + 1) * dim);
    const scores = Array.from({ length: nKv }, (_, j) => scaling * dot(query, rowOf(keys, j)));
    const max = Math.max(...scores);
    const sums = new Float64Array(dim);
    let total = 0;
    for (const [j, score] of scores.entries()) {
      const kept = mask[row * nKv + j] ?? 0;
      const weight = kept === 0 ? 0 : Math.exp(score - max) / (kept + 1e-6);
      total += weight;
      for (const [i, x] of rowOf(values, j).entries()) sums[i] = (sums[i] ?? 0) + weight * x;
    }
    output.set(
      sums.map((sum) => sum / total),
      row * dim,
    );
  }
  return output;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
}
