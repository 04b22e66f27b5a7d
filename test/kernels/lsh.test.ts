import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { dot, normals, row, uniformSource } from '../helpers/arrays.js';
import { hashed } from '../helpers/hashed.js';
import { isas } from '../helpers/isas.js';

const { lshCodes, lshPanels, lshMatch, lshLogProbability } = loadAddon().kernels;

const shapes: readonly [number, number][] = [
  [1, 1],
  [3, 5],
  [8, 8],
  [10, 9],
  [75, 8],
  [7, 16],
  [512, 16],
];

for (const isa of isas) {
  for (const [lshL, lshK] of shapes) {
    test(`lshCodes ${isa} packs the signs of the projections at lshL=${lshL} lshK=${lshK}`, (t) => {
      const headDim = 20;
      const n = 6;
      const vectors = normals(n * headDim, 1);
      const planes = normals(lshL * lshK * headDim, 2);
      const codes = hashed({ headDim, vectors, planes, lshL, lshK, isa });
      for (let i = 0; i < n; i++) {
        for (let plane = 0; plane < lshL * lshK; plane++) {
          const a = row(vectors, i, headDim);
          const b = row(planes, plane, headDim);
          const projection = dot(a, b);
          // Within the bound of the header the sign may differ between instruction sets.
          const margin = headDim * 2 ** -23 * Math.sqrt(dot(a, a) * dot(b, b));
          if (Math.abs(projection) <= margin) continue;
          const code = codes[i * lshL + Math.floor(plane / lshK)] ?? 0;
          t.is((code >> (plane % lshK)) & 1, projection >= 0 ? 1 : 0);
        }
      }
    });
  }

  test(`a code of ${isa} does not depend on the other vectors`, (t) => {
    const shape = { headDim: 33, lshL: 9, lshK: 7, isa };
    const vectors = normals(7 * 33, 3);
    const planes = normals(9 * 7 * 33, 4);
    const all = hashed({ ...shape, vectors, planes });
    for (let i = 0; i < 7; i++) {
      const alone = hashed({ ...shape, vectors: row(vectors, i, 33), planes });
      t.deepEqual(alone, all.subarray(i * 9, (i + 1) * 9));
    }
  });

  test(`lshCodes ${isa} gives a zero vector the code of all ones`, (t) => {
    const args = { headDim: 5, vectors: new Float32Array(5), planes: normals(30, 5), isa };
    t.deepEqual([...hashed({ ...args, lshL: 2, lshK: 3 })], [7, 7]);
  });

  test(`lshCodes ${isa} refuses panels and codes of another shape`, (t) => {
    const shape = { headDim: 5, lshL: 2, lshK: 3, isa };
    const panels = lshPanels({ ...shape, planes: normals(30, 5) });
    const vectors = normals(10, 6);
    const args = { ...shape, vectors, panels, codes: new Uint16Array(4) };
    t.is(lshCodes(args), args.codes);
    t.throws(() => lshCodes({ ...args, panels: panels.subarray(1) }), { code: 'ERR_SHAPE' });
    t.throws(() => lshCodes({ ...args, codes: new Uint16Array(3) }), { code: 'ERR_SHAPE' });
    t.throws(() => lshPanels({ ...shape, planes: normals(29, 5) }), { code: 'ERR_SHAPE' });
  });

  for (const lshK of [2, 8, 9, 12]) {
    test(`lshMatch ${isa} counts equal tables at lshK=${lshK}`, (t) => {
      const lshL = 6;
      const uniform = uniformSource(lshK);
      const code = () => (Math.floor(uniform() * 3) * (lshK > 8 ? 257 : 1)) % 2 ** lshK;
      for (const n of [1, 63, 64, 65, 127, 128, 129, 1000]) {
        const keyCodes = Uint16Array.from({ length: n * lshL }, code);
        const queryCodes = Uint16Array.from({ length: 3 * lshL }, code);
        for (const minMatches of [1, 2]) {
          const expected = Array.from({ length: 3 * n }, (_, at) => {
            const query = queryCodes.subarray(Math.floor(at / n) * lshL).subarray(0, lshL);
            const key = keyCodes.subarray((at % n) * lshL);
            return query.filter((value, i) => value === key[i]).length >= minMatches ? 1 : 0;
          });
          const args = { keyCodes, queryCodes, lshL, lshK, minMatches, isa };
          t.deepEqual([...lshMatch(args)], expected, `n=${n} minMatches=${minMatches}`);
        }
      }
    });
  }
}

/** P(at least m of L tables), from the binomial distribution, by its positive terms. */
function probability(cosine: number, lshL: number, lshK: number, m: number): number {
  const x = (1 - Math.acos(cosine) / Math.PI) ** lshK;
  let choose = 1;
  let sum = 0;
  for (let i = 0; i <= lshL; i++) {
    if (i >= m) sum += choose * x ** i * (1 - x) ** (lshL - i);
    choose = (choose * (lshL - i)) / (i + 1);
  }
  return sum;
}

for (const m of [1, 2]) {
  test(`the probability of ${m} matches is the binomial tail, however small`, (t) => {
    for (const lshL of [2, 3, 10, 75, 300]) {
      for (const lshK of [1, 4, 10, 16]) {
        for (const cosine of [-0.999, -0.9, -0.5, 0, 0.3, 0.7, 0.9, 0.99]) {
          const expected = probability(cosine, lshL, lshK, m);
          const actual = Math.exp(lshLogProbability(cosine, lshL, lshK, m));
          const label = `L=${lshL} K=${lshK} cos=${cosine}: ${actual} not ${expected}`;
          t.true(Math.abs(actual / expected - 1) < 1e-10, label);
        }
      }
    }
  });
}

test('the probability is 1 at angle 0, clamps beyond it and stays above 0 at the other end', (t) => {
  t.is(lshLogProbability(1, 10, 4, 2), 0);
  t.is(lshLogProbability(1.0000001, 10, 4, 2), 0);
  t.true(Number.isFinite(lshLogProbability(-1, 10, 16, 2)));
  t.is(lshLogProbability(0.5, 1, 4, 2), -Infinity);
});
