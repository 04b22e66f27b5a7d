import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, normals, row, unaligned } from '../helpers/arrays.js';
import { fastIsas } from '../helpers/isas.js';
import { quantized, quantizedScore } from '../helpers/reference-maskers.js';

const { quantizedScores } = loadAddon().kernels;

const dims = [1, 3, 4, 5, 8, 17, 64, 100, 128, 512];
const counts = [1, 15, 16, 17, 63, 64, 65, 200];
const groups = [1, 2, 3, 4, 5, 8, 9];

/** Each instruction set, and AVX-512 without its dot products of bytes. */
const versions = [
  ...fastIsas.map((isa) => ({ isa, name: isa })),
  ...fastIsas
    .filter((isa) => isa === 'avx512')
    .map((isa) => ({ isa, name: 'avx512 without VNNI', vnni: false })),
];

for (const headDim of dims) {
  test(`quantizedScores scalar is the sum of integers times the key's scale at headDim=${headDim}`, (t) => {
    for (const n of [1, 64, 67]) {
      const queries = normals(2 * headDim, 1);
      const keys = normals(n * headDim, 2).map((x, i) => (i % headDim === 0 ? 9 * x : x));
      const actual = quantizedScores({ headDim, queries, keys, isa: 'scalar' });
      const expected = [0, 1].flatMap((g) =>
        Array.from({ length: n }, (_, i) =>
          quantizedScore(row(queries, g, headDim), row(keys, i, headDim)),
        ),
      );
      t.deepEqual([...actual], expected);
    }
  });

  for (const { name, ...version } of versions) {
    test(`quantizedScores ${name} equals the scalar version at headDim=${headDim}`, (t) => {
      for (const n of counts) {
        for (const group of groups) {
          const queries = unaligned(normals(group * headDim, n));
          const keys = unaligned(normals(n * headDim, group));
          const args = { headDim, queries, keys };
          const scalar = quantizedScores({ ...args, isa: 'scalar' });
          t.deepEqual(quantizedScores({ ...args, ...version }), scalar, `n=${n} group=${group}`);
        }
      }
    });
  }
}

for (const { name, ...version } of [{ name: 'scalar', isa: 'scalar' as const }, ...versions]) {
  test(`quantizedScores ${name} holds the largest sums, zero and tiny vectors`, (t) => {
    const headDim = 512;
    const largest = new Float32Array(headDim).fill(3);
    const keys = new Float32Array(4 * headDim);
    keys.set(largest, 0);
    keys.set(
      largest.map((x) => -x),
      headDim,
    );
    keys.set(
      largest.map(() => 1e-35),
      2 * headDim,
    );
    const scores = quantizedScores({ headDim, queries: largest, keys, ...version });
    const full = Math.fround(127 * 127 * headDim * Math.fround(3 / 127));
    t.deepEqual([...scores], [full, -full, 0, 0]);
    const zeros = quantizedScores({
      headDim,
      queries: new Float32Array(headDim),
      keys,
      ...version,
    });
    t.true(zeros.every((x) => x === 0));
  });
}

test('a quantised score is off by half a step of query and key, summed', (t) => {
  const headDim = 96;
  const queries = normals(headDim, 3);
  const keys = normals(300 * headDim, 4);
  const scores = quantizedScores({ headDim, queries, keys, isa: 'scalar' });
  const { scale: queryScale } = quantized(queries);
  for (let i = 0; i < 300; i++) {
    const key = row(keys, i, headDim);
    const { scale } = quantized(key);
    const sum = (vector: Float32Array) => vector.reduce((total, x) => total + Math.abs(x), 0);
    const bound =
      (scale / 2) * sum(queries) + (queryScale / 2) * (sum(key) + (headDim * scale) / 2);
    t.true(Math.abs((scores[i] ?? Number.NaN) * queryScale - dot(queries, key)) <= bound);
  }
});
