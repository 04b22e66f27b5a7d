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

type Input = readonly [string, (n: number) => Float32Array];

const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000];
const inputs: readonly Input[] = [
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

/** Where the kernel looks to bracket the k-th largest: multiples of the golden ratio. */
function sampledAt(n: number, count: number): Set<number> {
  const step = 0x9e3779b9n;
  return new Set(
    Array.from({ length: count }, (_, i) =>
      Number((((BigInt(i) * step) & 0xffffffffn) * BigInt(n)) >> 32n),
    ),
  );
}

/** Normal scores with other ones wherever the kernel samples, and in between. */
function misleading(n: number, seed: number, offset: number): Float32Array {
  const sampled = sampledAt(n, 1024);
  return normals(n, seed).map((x, i) => (sampled.has(i) ? x + offset : x));
}

/** Scores among which quickselect, whose pivot is of a rank among 16 of them, drops few each time. */
function againstPivots(n: number, k: number): Float32Array {
  const scores = new Float32Array(n).fill(n);
  let left = [...scores.keys()];
  for (let next = 0; left.length > k; ) {
    const rank = Math.floor((16 * k) / (left.length + 1)) + 1;
    const dropped = new Set<number | undefined>();
    for (let i = 0; i < 17 - rank; i++) dropped.add(left[Math.floor((i * left.length) / 16)]);
    left = left.filter((at) => !dropped.has(at));
    for (const at of dropped) if (at !== undefined) scores[at] = next++;
  }
  return scores;
}

// Enough scores for a sampled bracket.
const largeSizes = [1024, 1039, 5000, 20_001];
const largeInputs: readonly Input[] = [
  ...inputs,
  ['rising scores', (n) => Float32Array.from({ length: n }, (_, i) => i)],
  ['falling scores', (n) => Float32Array.from({ length: n }, (_, i) => -i)],
  ['two distinct scores', (n) => Float32Array.from({ length: n }, (_, i) => (i * 7) % 2)],
  ['scores that repeat', (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i % 64))],
  [
    'scores that rise to the end with a few far ahead',
    (n) => normals(n, 7).map((x, i) => (i < 4 ? 40 : x + 5 * Math.exp((i - n) / 200))),
  ],
  ['a sample that is too high', (n) => misleading(n, 8, 30)],
  ['a sample that is too low', (n) => misleading(n, 9, -30)],
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

  for (const [title, make] of largeInputs) {
    test(`topK ${isa} is exact on many scores: ${title}`, (t) => {
      for (const n of largeSizes) {
        const scores = make(n);
        for (const k of [1, Math.floor(n / 50), Math.floor(n / 10), Math.floor(n / 2), n - 1]) {
          const expected = Uint32Array.from(reference(scores, k));
          t.deepEqual(topK({ scores, k, isa }), expected, `n=${n} k=${k}`);
        }
      }
    });
  }

  test(`topK ${isa} is exact on scores made against its pivots`, (t) => {
    for (const n of [1000, 1023]) {
      for (const k of [n >> 1, (n >> 1) - 3, n >> 2]) {
        const scores = againstPivots(n, k);
        t.deepEqual([...topK({ scores, k, isa })], reference(scores, k), `n=${n} k=${k}`);
      }
    }
  });

  test(`topK ${isa} chooses in each row by itself`, (t) => {
    const rows = [normals(5000, 1), normals(5000, 2).map((x) => x - 9), normals(5000, 3)];
    const scores = Float32Array.from(rows.flatMap((row) => [...row]));
    for (const k of [0, 100, 2500, 5001]) {
      const expected = rows.flatMap((row) => reference(row, k));
      t.deepEqual([...topK({ scores, nRows: 3, k, isa })], expected, `k=${k}`);
    }
    t.throws(() => topK({ scores, nRows: 7, k: 1, isa }), { message: /rows of equal length/ });
    t.throws(() => topK({ scores, nRows: 0, k: 1, isa }), { message: /rows of equal length/ });
  });

  test(`topK ${isa} rejects NaN wherever it stands`, (t) => {
    for (const n of [1, 8, 16, 33, 5000]) {
      for (const at of [0, n - 1]) {
        for (const k of [0, 1, n >> 1, n]) {
          const scores = normals(n, 6);
          scores[at] = Number.NaN;
          t.throws(() => topK({ scores, k, isa }), { instanceOf: RangeError }, `n=${n} k=${k}`);
        }
      }
      const scores = new Float32Array(n).fill(Number.NaN);
      t.throws(() => topK({ scores, k: 1, isa }), { instanceOf: RangeError }, `n=${n}`);
    }
  });
}
