/**
 * Chebyshev coefficients of log(erfc(x) / t) + x * x over t = 2 / (2 + x), x >= 0;
 * computed by interpolation at 64 nodes with 40 digits. Relative error of erfc below 1e-13.
 */
const ERFC = [
  -1.3026537197817094, 0.6419697923564902, 0.019476473204185836, -0.009561514786808632,
  -0.0009465953444820369, 0.00036683949785276145, 4.252332480690777e-5, -2.0278578112534242e-5,
  -1.6242900046470256e-6, 1.3036558355805232e-6, 1.5626441722066142e-8, -8.523809591492654e-8,
  6.5290544390988515e-9, 5.059343495551469e-9, -9.91364156493033e-10, -2.273651222931836e-10,
  9.646791102015527e-11, 2.3940380830391146e-12, -6.886027526497553e-12, 8.944879273090725e-13,
  3.130921399342958e-13, -1.1270822361367252e-13,
];

/** The complementary error function of x >= 0. */
function erfc(x: number): number {
  const t = 2 / (2 + x);
  const y = 4 * t - 2;
  let d = 0;
  let dd = 0;
  for (let j = ERFC.length - 1; j > 0; j--) {
    const next = y * d - dd + (ERFC[j] as number);
    dd = d;
    d = next;
  }
  return t * Math.exp(-x * x + 0.5 * ((ERFC[0] as number) + y * d) - dd);
}

/** Standard normal distribution function. */
export function normalCdf(z: number): number {
  const tail = 0.5 * erfc(Math.abs(z) * Math.SQRT1_2);
  return z < 0 ? tail : 1 - tail;
}

/** Inverse of normalCdf for p in (0, 1): a rational start, then two Newton-Halley steps. */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  const s = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const start =
    s -
    (2.515517 + s * (0.802853 + s * 0.010328)) /
      (1 + s * (1.432788 + s * (0.189269 + s * 0.001308)));
  let z = p < 0.5 ? -start : start;
  for (let step = 0; step < 2; step++) {
    // For the upper half the error is taken from the upper tail, which is exact where 1 - p is small.
    const error = p < 0.5 ? normalCdf(z) - p : 1 - p - normalCdf(-z);
    const u = error * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * z * z);
    z -= u / (1 + 0.5 * z * u);
  }
  return z;
}

/** The `u` quantile, u in [0, 1), of the normal (mean, sd) truncated to [0, 1]. */
export function truncatedQuantile(mean: number, sd: number, u: number): number {
  const low = normalCdf(-mean / sd);
  const high = normalCdf((1 - mean) / sd);
  const value = mean + sd * normalQuantile(low + (high - low) * u);
  return Math.min(1, Math.max(0, value));
}
