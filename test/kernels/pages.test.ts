import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { largestDifference, normals, orderPairs, row } from '../helpers/arrays.js';
import { fastIsas, isas } from '../helpers/isas.js';

const { pageScores, toHalf, fromHalf } = loadAddon().kernels;

function reference(queries: Float32Array, bounds: Float32Array, headDim: number): number[] {
  const nPages = bounds.length / (2 * headDim);
  return Array.from({ length: (queries.length / headDim) * nPages }, (_, at) => {
    const query = row(queries, Math.floor(at / nPages), headDim);
    const low = row(bounds, 2 * (at % nPages), headDim);
    const high = row(bounds, 2 * (at % nPages) + 1, headDim);
    return query.reduce((sum, q, i) => sum + Math.max(q * (low[i] ?? 0), q * (high[i] ?? 0)), 0);
  });
}

/** Of each page and channel the smaller number first. */
function boundsOf(nPages: number, headDim: number, seed: number): Float32Array {
  const bounds = normals(2 * nPages * headDim, seed);
  orderPairs(bounds, headDim);
  return bounds;
}

const sizes = [1, 7, 8, 9, 15, 16, 17, 64, 100] as const;

for (const headDim of sizes) {
  for (const isa of isas) {
    test(`pageScores ${isa} gives the bound at head_dim=${headDim}`, (t) => {
      for (const nPages of [0, 1, 5, 33]) {
        const queries = normals(3 * headDim, 1);
        const bounds = boundsOf(nPages, headDim, 2);
        const expected = reference(queries, bounds, headDim);
        // Float sums of headDim terms of size about 1.
        t.true(
          largestDifference(pageScores({ headDim, queries, bounds, isa }), expected) <=
            headDim * 2e-6,
        );
        const halves = toHalf(bounds);
        const ofHalves = pageScores({ headDim, queries, bounds: halves, isa });
        const exact = reference(queries, fromHalf(halves), headDim);
        t.true(largestDifference(ofHalves, exact) <= headDim * 2e-6);
      }
    });
  }
}

for (const isa of fastIsas) {
  test(`pageScores ${isa} does not depend on the other pages`, (t) => {
    const headDim = 40;
    const queries = normals(2 * headDim, 3);
    const bounds = boundsOf(9, headDim, 4);
    const all = pageScores({ headDim, queries, bounds, isa });
    const one = pageScores({ headDim, queries, bounds: row(bounds, 5, 2 * headDim), isa });
    t.deepEqual([...one], [all[5], all[9 + 5]]);
  });
}
