import test from 'ava';
import {
  BLOCK,
  choleskyInPlace,
  inverseOfFactor,
  solveLower,
  solveLowerBlock,
  solveUpper,
} from '../../ts/search/cholesky.js';
import { Rng } from '../../ts/search/rng.js';

test('the factor of a matrix worked by hand', (t) => {
  // [[4, 2, -2], [2, 10, 2], [-2, 2, 6]] = L L^T with L = [[2, 0, 0], [1, 3, 0], [-1, 1, 2]]
  const a = Float64Array.of(4, 0, 0, 2, 10, 0, -2, 2, 6);
  t.true(choleskyInPlace(a, 3));
  t.deepEqual([a[0], a[3], a[4], a[6], a[7], a[8]], [2, 1, 3, -1, 1, 2]);
});

test('a matrix with a negative eigenvalue has no factor', (t) => {
  t.false(choleskyInPlace(Float64Array.of(1, 2, 2, 1), 2));
});

for (const n of [1, 2, 7, 40]) {
  test(`solving and inverting agree with multiplication at n=${n}`, (t) => {
    const a = positiveDefinite(n);
    const factor = a.slice();
    t.true(choleskyInPlace(factor, n));
    const inverse = inverseOfFactor(factor, n);
    const b = Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1));
    const x = b.slice();
    solveLower(factor, n, x);
    solveUpper(factor, n, x);
    for (let i = 0; i < n; i++) {
      t.true(Math.abs(dotRow(a, n, i, x) - (b[i] ?? 0)) < 1e-9);
      for (let j = 0; j < n; j++) {
        const column = Float64Array.from({ length: n }, (_, k) => inverse[k * n + j] ?? 0);
        t.true(Math.abs(dotRow(a, n, i, column) - Number(i === j)) < 1e-9);
      }
    }
  });
}

/** B B^T + I of a random B. */
function positiveDefinite(n: number): Float64Array {
  const rng = Rng.at(1, n);
  const b = Float64Array.from({ length: n * n }, () => rng.uniform() - 0.5);
  const row = (i: number) => b.subarray(i * n, (i + 1) * n);
  return Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return dotRow(row(i), n, 0, row(j)) + Number(i === j);
  });
}

function dotRow(a: Float64Array, n: number, i: number, x: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += (a[i * n + k] ?? 0) * (x[k] ?? 0);
  return sum;
}

test('four right-hand sides are solved as each alone', (t) => {
  const n = 7;
  const factor = Float64Array.from(
    { length: n * n },
    (_, i) => (i % 5) + (i % (n + 1) === 0 ? 9 : 0),
  );
  const block = Float64Array.from({ length: n * BLOCK }, (_, i) => Math.sin(i));
  const columns = Array.from({ length: BLOCK }, (_, column) =>
    Float64Array.from({ length: n }, (_, i) => block[i * BLOCK + column] ?? 0),
  );
  solveLowerBlock(factor, n, block);
  for (const [column, b] of columns.entries()) {
    solveLower(factor, n, b);
    for (let i = 0; i < n; i++)
      t.true(Math.abs((b[i] ?? 0) - (block[i * BLOCK + column] ?? 1)) < 1e-14);
  }
});
