import {
  cellBounds,
  cellCount,
  cellOf,
  type Distribution,
  unitMass,
  unitPrior,
} from '../space/distribution.js';
import { normalMass, truncatedQuantile } from '../space/normal.js';
import type { Dimension } from '../space/parse-space.js';
import type { UnitVector } from '../space/search-space.js';
import type { Rng } from './rng.js';

/** Finite ranges up to this size get the exact mass of each cell; finer ones count as continuous. */
const MAX_CELLS = 64;

const LOG_SQRT_TAU = 0.5 * Math.log(2 * Math.PI);

/** One dimension of a product-kernel density: one kernel per observation, and the prior's kernel last. */
export interface ParzenFactor {
  /** Adds the log density of each candidate under each kernel; `sums` is [candidates, kernels] row-major. */
  addTo(sums: Float64Array, candidates: readonly UnitVector[]): void;
  /** A coordinate drawn from one kernel. */
  draw(kernel: number, rng: Rng): number;
}

/**
 * The factor of a dimension. An observation that lacks the dimension (another alternative) has the prior's kernel, so
 * that each kernel stays a density over the whole conditional space.
 *
 * @param units - observations; NaN where the dimension is absent
 * @param nDims - dimensions a configuration has at most, which widens the kernels
 * @param bandwidth - overrides the rule, for numeric dimensions
 */
export function createFactor(
  dimension: Dimension,
  units: readonly UnitVector[],
  nDims: number,
  bandwidth?: number,
): ParzenFactor {
  const { distribution, index } = dimension;
  const means = Float64Array.from(units, (unit) => unit[index] ?? Number.NaN);
  const count = means.reduce((sum, mean) => sum + (Number.isNaN(mean) ? 0 : 1), 0);
  if (distribution.kind === 'categorical') {
    return new TableFactor(
      dimension,
      means,
      categoricalRow(distribution.weights, 1 / (1 + 0.25 * Math.sqrt(count))),
    );
  }
  const sd = bandwidth ?? scottBandwidth(count, nDims);
  const prior = unitPrior(distribution);
  return cellCount(distribution) <= MAX_CELLS
    ? new TableFactor(dimension, means, numericRow(distribution, sd, prior))
    : new NormalFactor(index, means, sd, prior);
}

/** Scott's rule on a unit range of spread 0.2, with a floor that keeps the search from collapsing onto its best point. */
export function scottBandwidth(count: number, nDims: number): number {
  return Math.max(0.2 * (count + 1) ** (-1 / (nDims + 4)), 1 / Math.min(100, count + 3));
}

/** Truncated normal kernels on the unit interval. */
class NormalFactor implements ParzenFactor {
  readonly #index: number;
  readonly #means: Float64Array;
  readonly #inverseSds: Float64Array;
  /** log(sd * sqrt(2 pi) * mass on the unit interval) of each kernel. */
  readonly #logNorms: Float64Array;

  constructor(index: number, means: Float64Array, sd: number, prior: { mean: number; sd: number }) {
    const n = means.length + 1;
    this.#index = index;
    this.#means = new Float64Array(n);
    this.#inverseSds = new Float64Array(n);
    this.#logNorms = new Float64Array(n);
    for (let k = 0; k < n; k++) {
      const observed = means[k] ?? Number.NaN;
      const [mean, width] = Number.isNaN(observed) ? [prior.mean, prior.sd] : [observed, sd];
      this.#means[k] = mean;
      this.#inverseSds[k] = 1 / width;
      this.#logNorms[k] = Math.log(width * unitMass(mean, width)) + LOG_SQRT_TAU;
    }
  }

  addTo(sums: Float64Array, candidates: readonly UnitVector[]): void {
    const means = this.#means;
    const inverseSds = this.#inverseSds;
    const logNorms = this.#logNorms;
    const n = means.length;
    candidates.forEach((candidate, c) => {
      const x = candidate[this.#index] ?? Number.NaN;
      if (Number.isNaN(x)) return;
      const row = c * n;
      for (let k = 0; k < n; k++) {
        const z = (x - (means[k] as number)) * (inverseSds[k] as number);
        sums[row + k] = (sums[row + k] as number) - (0.5 * z * z + (logNorms[k] as number));
      }
    });
  }

  draw(kernel: number, rng: Rng): number {
    const sd = 1 / (this.#inverseSds[kernel] ?? 1);
    return truncatedQuantile(this.#means[kernel] ?? 0.5, sd, rng.uniform());
  }
}

/** Kernels over the cells of a finite range: a row of log masses per cell that holds an observation, and the prior's. */
class TableFactor implements ParzenFactor {
  readonly #dimension: Dimension;
  readonly #nCells: number;
  /** Row of each kernel: its cell, or `nCells` for the prior. */
  readonly #rows: Int32Array;
  readonly #table: (Float64Array | undefined)[];
  readonly #rowOf: (row: number) => Float64Array;

  constructor(dimension: Dimension, means: Float64Array, rowOf: (row: number) => Float64Array) {
    const nCells = cellCount(dimension.distribution);
    this.#dimension = dimension;
    this.#nCells = nCells;
    this.#rowOf = rowOf;
    this.#table = [];
    this.#rows = new Int32Array(means.length + 1).fill(nCells);
    means.forEach((mean, k) => {
      if (!Number.isNaN(mean)) this.#rows[k] = cellOf(dimension.distribution, mean);
    });
  }

  addTo(sums: Float64Array, candidates: readonly UnitVector[]): void {
    const n = this.#rows.length;
    const { index, distribution } = this.#dimension;
    candidates.forEach((candidate, c) => {
      const x = candidate[index] ?? Number.NaN;
      if (Number.isNaN(x)) return;
      const cell = cellOf(distribution, x);
      for (let k = 0; k < n; k++) {
        sums[c * n + k] =
          (sums[c * n + k] as number) + (this.#row(this.#rows[k] as number)[cell] as number);
      }
    });
  }

  draw(kernel: number, rng: Rng): number {
    const row = this.#row(this.#rows[kernel] ?? this.#nCells);
    let rest = rng.uniform();
    let cell = row.findIndex((logMass) => {
      rest -= Math.exp(logMass);
      return rest < 0;
    });
    if (cell < 0) cell = row.length - 1;
    const [begin, end] = cellBounds(this.#dimension.distribution, cell);
    return (begin + end) / 2;
  }

  #row(row: number): Float64Array {
    const known = this.#table[row];
    if (known !== undefined) return known;
    const made = this.#rowOf(row);
    this.#table[row] = made;
    return made;
  }
}

/** Keeps the observed choice with probability 1 - b, else draws from the prior. */
function categoricalRow(weights: readonly number[], b: number): (row: number) => Float64Array {
  return (row) =>
    Float64Array.from(weights, (weight, cell) => {
      if (row === weights.length) return Math.log(weight);
      return Math.log(b * weight + (cell === row ? 1 - b : 0));
    });
}

/** Mass of a truncated normal in each cell; the kernel of a cell stands at the cell's centre. */
function numericRow(
  distribution: Distribution,
  sd: number,
  prior: { mean: number; sd: number },
): (row: number) => Float64Array {
  const nCells = cellCount(distribution);
  const bounds = Array.from({ length: nCells }, (_, cell) => cellBounds(distribution, cell));
  return (row) => {
    const own = bounds[row];
    const mean = own === undefined ? prior.mean : (own[0] + own[1]) / 2;
    const width = own === undefined ? prior.sd : sd;
    const logTotal = Math.log(unitMass(mean, width));
    return Float64Array.from(bounds, ([begin, end]) => {
      const mass = normalMass((begin - mean) / width, (end - mean) / width);
      return Math.max(-700, Math.log(mass) - logTotal);
    });
  };
}
