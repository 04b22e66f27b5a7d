import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { normals, unaligned } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const { topK } = loadAddon().kernels;

/** By sorting: larger first, of equal ones the lower index. */
function reference(scores: Float32Array, k: number): number[] {
  const value = (i: number) => scores[i] ?? Number.NaN;
  return [...scores.keys()]
    .sort((a, b) => (value(b) > value(a) ? 1 : value(b) < value(a) ? -1 : a - b))
    .slice(0, k)
    .sort((a, b) => a - b);
}

const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000];
const inputs: readonly [string, (n: number) => Float32Array][] = [
  ['normal scores', (n) => normals(n, 1)],
  ['few distinct scores', (n) => normals(n, 2).map((x) => Math.round(x))],
  ['all equal scores', (n) => new Float32Array(n).fill(-3)],
  ['mixed zeros', (n) => Float32Array.from({ length: n }, (_, i) => (i % 3 === 0 ? -0 : 0))],
  [
    'infinities',
    (n) => normals(n, 3).map((x, i) => (i % 4 === 0 ? -Infinity : i % 7 === 0 ? Infinity : x)),
  ],
  ['tiny and subnormal scores', (n) => normals(n, 4).map((x) => x * 1e-42)],
  ['an unaligned view', (n) => unaligned(normals(n, 5))],
];

for (const isa of isas) {
  for (const [title, make] of inputs) {
    test(`topK ${isa} is exact on ${title}`, (t) => {
      for (const n of sizes) {
        const scores = make(n);
        for (const k of [0, 1, 2, Math.floor(n / 2), Math.max(n - 1, 0), n, n + 1]) {
          t.deepEqual([...topK({ scores, k, isa })], reference(scores, k), `n=${n} k=${k}`);
        }
      }
    });
  }

  test(`topK ${isa} rejects NaN wherever it stands`, (t) => {
    for (const n of [1, 8, 16, 33]) {
      for (const at of [0, n - 1]) {
        const scores = normals(n, 6);
        scores[at] = Number.NaN;
        t.throws(() => topK({ scores, k: 1, isa }), { instanceOf: RangeError });
      }
    }
  });
}
