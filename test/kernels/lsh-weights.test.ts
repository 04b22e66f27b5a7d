import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, normals, row } from '../helpers/arrays.js';
import { fastIsas, isas } from '../helpers/isas.js';

const { lshLogWeights, lshLogProbability, lshCentre } = loadAddon().kernels;

/** Cosines that a float can hold: dense, and ever closer to -1, 0 and 1. */
const cosines = Float32Array.from([
  ...Array.from({ length: 4001 }, (_, i) => i / 2000 - 1),
  ...Array.from({ length: 400 }, (_, i) => 2 ** (-i / 16)).flatMap((x) => [x, -x, 1 - x, x - 1]),
  0,
]);

for (const isa of fastIsas) {
  for (const minMatches of [1, 2]) {
    for (const lshL of [1, 2, 3, 4, 5, 8, 30, 75, 150, 512].filter((l) => l >= minMatches)) {
      const title = `lshL=${lshL} minMatches=${minMatches}`;
      test(`lshLogWeights ${isa} is the double probability within its bound at ${title}`, (t) => {
        for (let lshK = 1; lshK <= 16; lshK++) {
          const norms = new Float32Array(cosines.length).fill(1);
          const shape = { scores: cosines, norms, norm: 1, dotMean: 0, lshL, lshK, minMatches };
          const weights = lshLogWeights({ ...shape, isa });
          for (const [i, cosine] of cosines.entries()) {
            const expected = -lshLogProbability(cosine, lshL, lshK, minMatches);
            const weight = weights[i] ?? Number.NaN;
            const bound = minMatches * lshK * 2 ** -21 + expected * 2 ** -21 + 2 ** -19;
            const label = `lshK=${lshK} cosine=${cosine}: ${weight} not ${expected}`;
            if (!(Math.abs(weight - expected) <= bound)) t.fail(label);
            if (weight < 0) t.fail(label);
          }
        }
        t.pass();
      });
    }
  }
}

for (const isa of isas) {
  test(`lshLogWeights ${isa} takes the cosine of the centred key`, (t) => {
    const headDim = 24;
    const query = normals(headDim, 1).map((x) => x * 3);
    const mean = normals(headDim, 2).map((x) => x * 5);
    const keys = normals(37 * headDim, 3).map((x, i) => x + (mean[i % headDim] ?? 0));
    const { norms } = lshCentre({ keys, mean, isa });
    for (const n of [0, 1, 7, 8, 9, 15, 16, 17, 37]) {
      const scores = Float32Array.from({ length: n }, (_, i) => dot(query, row(keys, i, headDim)));
      const weights = lshLogWeights({
        scores,
        norms: norms.subarray(0, n),
        norm: Math.sqrt(dot(query, query)),
        dotMean: dot(query, mean),
        lshL: 20,
        lshK: 5,
        minMatches: 2,
        isa,
      });
      t.is(weights.length, n);
      for (let i = 0; i < n; i++) {
        const centred = row(keys, i, headDim).map((x, j) => x - (mean[j] ?? 0));
        const cosine = dot(query, centred) / Math.sqrt(dot(query, query) * dot(centred, centred));
        const expected = -lshLogProbability(cosine, 20, 5, 2);
        t.true(Math.abs((weights[i] ?? Number.NaN) - expected) < 1e-4);
      }
    }
  });

  test(`a zero vector is at a right angle to others and always meets another (${isa})`, (t) => {
    const shape = { dotMean: 0, lshL: 8, lshK: 3, minMatches: 2, isa };
    const weights = (norm: number, scores: number[], norms: number[]) => [
      ...lshLogWeights({
        ...shape,
        norm,
        scores: Float32Array.from(scores),
        norms: Float32Array.from(norms),
      }),
    ];
    const square = -lshLogProbability(0, 8, 3, 2);
    const [zeroKey, aligned] = weights(2, [0, 6], [0, 3]);
    t.true(Math.abs((zeroKey ?? 0) - square) < 1e-5);
    t.is(aligned, 0);
    const [both, zeroQuery] = weights(0, [0, 0], [0, 3]);
    t.is(both, 0);
    t.true(Math.abs((zeroQuery ?? 0) - square) < 1e-5);
  });

  test(`cosines that rounding brings beyond 1, or that overflow, stay in range (${isa})`, (t) => {
    const weights = lshLogWeights({
      scores: Float32Array.of(1.0001, -1.0001, Number.MAX_VALUE, -Number.MAX_VALUE),
      norms: Float32Array.of(1, 1, 1, 1),
      norm: 1,
      dotMean: 0,
      lshL: 4,
      lshK: 16,
      minMatches: 2,
      isa,
    });
    t.true(weights.every(Number.isFinite));
    t.is(weights[0], 0);
    t.is(weights[2], 0);
    t.is(weights[1], weights[3]);
  });

  test(`a query of very small norm is weighed like any other (${isa})`, (t) => {
    const weight = (norm: number) =>
      lshLogWeights({
        scores: Float32Array.of(0.5 * norm),
        norms: Float32Array.of(1),
        norm,
        dotMean: 0,
        lshL: 4,
        lshK: 4,
        minMatches: 1,
        isa,
      })[0] ?? Number.NaN;
    t.true(Math.abs(weight(1e-35) - weight(1)) < 1e-5);
  });
}
