/** Roundings that benchmarks publish their numbers with. */

/** Python's `round(x, digits)`: of the exact value of the double; ties go to the even digit. */
export function roundHalfEven(x: number, digits: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 1e21) return x;
  // toFixed is exact and takes ties upwards (in size); thirty more digits show whether this is a tie.
  const isTie = /50{29}$/.test(x.toFixed(digits + 30));
  const rounded = x.toFixed(digits);
  if (!isTie || /[02468]$/.test(rounded)) return Number(rounded);
  return Number(x.toFixed(digits + 1).slice(0, -1));
}

/** NumPy's `round(x, digits)`: scaled, rounded half to even, scaled back, each step in double. */
export function roundAsNumpy(x: number, digits: number): number {
  const scale = 10 ** digits;
  return roundHalfEven(x * scale, 0) / scale;
}

/** Sum in the order of the list. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Mean, summed in the order of the list; null of an empty list. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** `numpy.mean`, which sums pairwise; null of an empty list. */
export function meanAsNumpy(values: readonly number[]): number | null {
  return values.length === 0 ? null : pairwiseSum(values) / values.length;
}

function pairwiseSum(values: readonly number[]): number {
  const n = values.length;
  if (n < 8) return sum(values);
  if (n <= 128) return sumByEight(values);
  const half = Math.floor(n / 2);
  const split = half - (half % 8);
  return pairwiseSum(values.slice(0, split)) + pairwiseSum(values.slice(split));
}

function sumByEight(values: readonly number[]): number {
  const whole = values.length - (values.length % 8);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = Array.from(
    { length: 8 },
    (_, lane) => sum(values.slice(0, whole).filter((_, i) => i % 8 === lane)),
  );
  return values.slice(whole).reduce((x, y) => x + y, a + b + (c + d) + (e + f + (g + h)));
}
