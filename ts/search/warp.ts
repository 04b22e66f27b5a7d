/** Targets on the scale that a Gaussian process sees. */
export interface Warped {
  readonly targets: Float64Array;
  readonly warp: (value: number) => number;
}

/** Share of the targets, from the best, whose spread sets the scale. */
const GOOD_SHARE = 0.3;
/** Targets beyond this share are pulled in. */
const LONG_TAIL = 0.95;

/**
 * Warps targets so that differences among the good ones count and outliers do not: the logarithm of 1 plus the distance
 * from the best in units of the best third's spread (or twice the resolution, where that is more), capped a little above the 95th percentile, then standardised.
 */
export function warpTargets(values: readonly number[], resolution = 0): Warped {
  const sorted = [...values].sort((a, b) => a - b);
  const best = sorted[0] ?? 0;
  const spread = quantile(sorted, GOOD_SHARE) - best;
  const scale = Math.max(spread, 2 * resolution, 1e-12 * Math.max(1, Math.abs(best)));
  const log = (value: number) => Math.log1p(Math.max(0, value - best) / scale);
  const cap = log(sorted[Math.floor(LONG_TAIL * (sorted.length - 1))] ?? best) + 0.5;
  const raw = (value: number) => Math.min(log(value), cap);
  const logs = Float64Array.from(values, raw);
  const mean = logs.reduce((sum, z) => sum + z, 0) / logs.length;
  const variance = logs.reduce((sum, z) => sum + (z - mean) ** 2, 0) / logs.length;
  const sd = Math.sqrt(variance) + 1e-9;
  const warp = (value: number) => (raw(value) - mean) / sd;
  return { targets: Float64Array.from(values, warp), warp };
}

/** The quantile of a sorted list, interpolated. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(sorted.length - 1, below + 1)] ?? low;
  return low + (place - below) * (high - low);
}
