import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, fromBf16, normals, row, toBf16, unaligned } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const { scores, toHalf, fromHalf } = loadAddon().kernels;

/** Largest error in units of the bound: headDim * 2^-24 * sum |q_i k_i| per score. */
function errorOfBound(
  headDim: number,
  queries: Float32Array,
  keys: Float32Array,
  actual: Float32Array,
): number {
  const n = keys.length / headDim;
  return actual.reduce((worst, score, at) => {
    const query = row(queries, Math.floor(at / n), headDim);
    const key = row(keys, at % n, headDim);
    const magnitude = dot(query.map(Math.abs), key.map(Math.abs));
    const error = Math.abs(score - dot(query, key)) / (headDim * 2 ** -24 * magnitude);
    return Math.max(error, worst);
  }, 0);
}

const dims = [1, 7, 8, 9, 15, 16, 17, 64, 100, 128, 256];
const groups = [1, 2, 3, 4, 5, 8];

for (const isa of isas) {
  for (const headDim of dims) {
    test(`scores ${isa} matches the sum in double at headDim=${headDim}`, (t) => {
      for (const n of [1, 3, 4, 5, 33, 39, 40, 73]) {
        for (const nQueries of groups) {
          const queries = unaligned(normals(nQueries * headDim, 1));
          const keys = unaligned(normals(n * headDim, 2));
          const actual = scores({ headDim, queries, keys, isa });
          t.is(actual.length, nQueries * n);
          t.true(errorOfBound(headDim, queries, keys, actual) <= 1, `n=${n} group=${nQueries}`);
        }
      }
    });

    test(`scores ${isa} reads binary16 as its floats at headDim=${headDim}`, (t) => {
      const halves = toHalf(normals(13 * headDim, 3));
      const queries = normals(3 * headDim, 4);
      const actual = scores({ headDim, queries, keys: halves, isa });
      t.true(errorOfBound(headDim, queries, fromHalf(halves), actual) <= 1);
    });

    test(`scores ${isa} reads bfloat16 as its floats at headDim=${headDim}`, (t) => {
      const halves = toBf16(normals(13 * headDim, 3));
      const queries = normals(3 * headDim, 4);
      const actual = scores({ headDim, queries, keys: halves, dtype: 'bf16', isa });
      t.true(errorOfBound(headDim, queries, fromBf16(halves), actual) <= 1);
    });
  }

  test(`scores ${isa} of listed rows are those of all rows`, (t) => {
    const headDim = 24;
    const keys = normals(1000 * headDim, 5);
    const queries = normals(2 * headDim, 6);
    const all = scores({ headDim, queries, keys, isa });
    for (const n of [1, 5, 63, 64, 65, 71, 72, 73, 137]) {
      const indices = Uint32Array.from({ length: n }, (_, r) => 999 - ((r * 619) % 1000));
      const listed = scores({ headDim, queries, keys, indices, isa });
      t.deepEqual(
        [...listed],
        [0, 1].flatMap((g) => [...indices].map((index) => all[g * 1000 + index])),
        `n=${n}`,
      );
    }
  });

  test(`a score of ${isa} does not depend on its neighbours`, (t) => {
    const headDim = 40;
    const keys = normals(9 * headDim, 7);
    const queries = normals(5 * headDim, 8);
    const all = scores({ headDim, queries, keys, isa });
    for (let g = 0; g < 5; g++) {
      for (let r = 0; r < 9; r++) {
        const alone = scores({
          headDim,
          queries: row(queries, g, headDim),
          keys: row(keys, r, headDim),
          isa,
        });
        t.is(alone[0], all[g * 9 + r]);
      }
    }
  });

  test(`scores ${isa} takes no rows`, (t) => {
    const args = { headDim: 4, queries: normals(4, 1), keys: new Float32Array(0), isa };
    t.is(scores(args).length, 0);
  });
}
