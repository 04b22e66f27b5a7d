/**
 * Dense linear algebra for small symmetric positive definite matrices, row-major in a Float64Array.
 *
 * @see Golub and Van Loan, "Matrix computations", 4th edition, sections 3.1 and 4.2
 */

/**
 * Overwrites the lower triangle of an n by n matrix with its Cholesky factor; the upper triangle is not read.
 *
 * @returns false where the matrix is not positive definite to working precision; it is then partly overwritten
 */
export function choleskyInPlace(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      const sum = (a[row + j] as number) - dot(a, row, a, other, j);
      if (j < i) a[row + j] = sum / (a[other + j] as number);
      else if (sum > 0) a[row + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Overwrites `b` with the solution of L x = b. */
export function solveLower(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    b[i] = ((b[i] as number) - dot(l, row, b, 0, i)) / (l[row + i] as number);
  }
}

/** Right-hand sides that `solveLowerBlock` takes at a time. */
export const BLOCK = 4;

/** As solveLower for four right-hand sides that stand side by side, [n, 4] row-major, so that L is read once. */
export function solveLowerBlock(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < i; j++) {
      const factor = l[row + j] as number;
      const at = j * BLOCK;
      s0 += factor * (b[at] as number);
      s1 += factor * (b[at + 1] as number);
      s2 += factor * (b[at + 2] as number);
      s3 += factor * (b[at + 3] as number);
    }
    const pivot = l[row + i] as number;
    const at = i * BLOCK;
    b[at] = ((b[at] as number) - s0) / pivot;
    b[at + 1] = ((b[at + 1] as number) - s1) / pivot;
    b[at + 2] = ((b[at + 2] as number) - s2) / pivot;
    b[at + 3] = ((b[at + 3] as number) - s3) / pivot;
  }
}

/** Overwrites `b` with the solution of L^T x = b. */
export function solveUpper(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n;
    const x = (b[i] as number) / (l[row + i] as number);
    b[i] = x;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (l[row + k] as number) * x;
  }
}

/** The inverse of L L^T, both triangles. */
export function inverseOfFactor(l: Float64Array, n: number): Float64Array {
  const w = transposedInverse(l, n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = dot(w, i * n + i, w, j * n + i, n - i);
      inverse[i * n + j] = sum;
      inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

/** Row i holds column i of L^-1, so that later products run along rows. */
function transposedInverse(l: Float64Array, n: number): Float64Array {
  const w = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const column = i * n;
    w[column + i] = 1 / (l[i * n + i] as number);
    for (let k = i + 1; k < n; k++) {
      const row = k * n;
      w[column + k] = -dot(l, row + i, w, column + i, k - i) / (l[row + k] as number);
    }
  }
  return w;
}

/** The inner product of two runs of numbers. Four sums at once: one alone would wait for each addition. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += (a[i + k] as number) * (b[j + k] as number);
    s1 += (a[i + k + 1] as number) * (b[j + k + 1] as number);
    s2 += (a[i + k + 2] as number) * (b[j + k + 2] as number);
    s3 += (a[i + k + 3] as number) * (b[j + k + 3] as number);
  }
  for (; k < n; k++) s0 += (a[i + k] as number) * (b[j + k] as number);
  return s0 + s1 + (s2 + s3);
}
