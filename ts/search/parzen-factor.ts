import {
  cellBounds,
  cellCount,
  cellOf,
  type Distribution,
  unitMass,
  unitPrior,
} from '../space/distribution.js';
import { normalCdf, truncatedQuantile } from '../space/normal.js';
import type { Dimension } from '../space/parse-space.js';
import type { UnitVector } from '../space/search-space.js';
import type { KernelWidths } from './kernel-widths.js';
import type { Rng } from './rng.js';

/** Finite ranges up to this size get the exact mass of each cell; finer ones count as continuous. */
const MAX_CELLS = 32;

const LOG_SQRT_TAU = 0.5 * Math.log(2 * Math.PI);

/** One dimension of a product-kernel density: one kernel per observation, and the prior's kernel last. */
export interface ParzenFactor {
  /** Adds the log density of a candidate under each kernel; nothing where it lacks the dimension. */
  addTo(sums: Float64Array, candidate: UnitVector): void;
  /** A coordinate drawn from one kernel. */
  draw(kernel: number, rng: Rng): number;
}

/**
 * The factor of a dimension. An observation that lacks the dimension (another alternative) has the prior's kernel, so
 * that each kernel stays a density over the whole conditional space.
 *
 * @param units - observations; NaN where the dimension is absent
 * @param widths - of the kernels of numeric dimensions
 */
export function createFactor(
  dimension: Dimension,
  units: readonly UnitVector[],
  widths: KernelWidths,
): ParzenFactor {
  const { distribution, index } = dimension;
  const means = new Float64Array(units.length);
  let count = 0;
  for (let k = 0; k < means.length; k++) {
    const mean = units[k]?.[index] ?? Number.NaN;
    means[k] = mean;
    if (!Number.isNaN(mean)) count += 1;
  }
  if (distribution.kind === 'categorical') {
    return new TableFactor(
      dimension,
      means,
      categoricalRow(distribution.weights, 1 / (1 + 0.25 * Math.sqrt(count))),
    );
  }
  const sd = widths.of(count);
  const prior = unitPrior(distribution);
  return cellCount(distribution) <= MAX_CELLS
    ? new TableFactor(dimension, means, numericRow(distribution, sd, prior))
    : new NormalFactor(index, means, { sd, prior, logMasses: widths.logMasses(means, sd) });
}

interface Normal {
  readonly mean: number;
  readonly sd: number;
}

/** Truncated normal kernels on the unit interval. */
class NormalFactor implements ParzenFactor {
  readonly #index: number;
  readonly #means: Float64Array;
  readonly #inverseSds: Float64Array;
  /** log(sd * sqrt(2 pi) * mass on the unit interval) of each kernel. */
  readonly #logNorms: Float64Array;

  constructor(
    index: number,
    observed: Float64Array,
    { sd, prior, logMasses }: { sd: number; prior: Normal; logMasses: Float64Array },
  ) {
    const n = observed.length + 1;
    this.#index = index;
    this.#means = new Float64Array(n).fill(prior.mean);
    this.#inverseSds = new Float64Array(n).fill(1 / prior.sd);
    const logNorm = Math.log(prior.sd * unitMass(prior.mean, prior.sd)) + LOG_SQRT_TAU;
    this.#logNorms = new Float64Array(n).fill(logNorm);
    const logWidth = Math.log(sd) + LOG_SQRT_TAU;
    for (let k = 0; k < observed.length; k++) {
      const mean = observed[k] as number;
      if (Number.isNaN(mean)) continue;
      // What lies outside the interval says the less about it the further off it is.
      const width = Math.max(sd, -mean, mean - 1);
      this.#means[k] = mean;
      this.#inverseSds[k] = 1 / width;
      this.#logNorms[k] =
        width === sd
          ? logWidth + (logMasses[k] as number)
          : Math.log(width * unitMass(mean, width)) + LOG_SQRT_TAU;
    }
  }

  addTo(sums: Float64Array, candidate: UnitVector): void {
    const x = candidate[this.#index] ?? Number.NaN;
    if (Number.isNaN(x)) return;
    const means = this.#means;
    const inverseSds = this.#inverseSds;
    const logNorms = this.#logNorms;
    for (let k = 0; k < means.length; k++) {
      const z = (x - (means[k] as number)) * (inverseSds[k] as number);
      sums[k] = (sums[k] as number) - (0.5 * z * z + (logNorms[k] as number));
    }
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
  readonly #table: (Float64Array | undefined)[] = [];
  readonly #columns: (Float64Array | undefined)[] = [];
  readonly #rowOf: (row: number) => Float64Array;

  constructor(dimension: Dimension, means: Float64Array, rowOf: (row: number) => Float64Array) {
    const nCells = cellCount(dimension.distribution);
    this.#dimension = dimension;
    this.#nCells = nCells;
    this.#rowOf = rowOf;
    this.#rows = new Int32Array(means.length + 1).fill(nCells);
    means.forEach((mean, k) => {
      if (!Number.isNaN(mean)) this.#rows[k] = cellOf(dimension.distribution, mean);
    });
  }

  addTo(sums: Float64Array, candidate: UnitVector): void {
    const x = candidate[this.#dimension.index] ?? Number.NaN;
    if (Number.isNaN(x)) return;
    const column = this.#column(cellOf(this.#dimension.distribution, x));
    for (let k = 0; k < column.length; k++) {
      sums[k] = (sums[k] as number) + (column[k] as number);
    }
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

  /** Log mass of one cell under each kernel. */
  #column(cell: number): Float64Array {
    const known = this.#columns[cell];
    if (known !== undefined) return known;
    const made = new Float64Array(this.#rows.length);
    for (let k = 0; k < made.length; k++) {
      made[k] = this.#row(this.#rows[k] as number)[cell] as number;
    }
    this.#columns[cell] = made;
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
  prior: Normal,
): (row: number) => Float64Array {
  const nCells = cellCount(distribution);
  const edges = Float64Array.from({ length: nCells + 1 }, (_, cell) =>
    cell === nCells ? 1 : cellBounds(distribution, cell)[0],
  );
  return (row) => {
    const isPrior = row === nCells;
    const mean = isPrior ? prior.mean : ((edges[row] as number) + (edges[row + 1] as number)) / 2;
    return cellLogMasses(edges, mean, isPrior ? prior.sd : sd);
  };
}

function cellLogMasses(edges: Float64Array, mean: number, sd: number): Float64Array {
  const zs = edges.map((edge) => (edge - mean) / sd);
  const tails = zs.map((z) => normalCdf(-Math.abs(z)));
  const total = 1 - (tails[0] as number) - (tails.at(-1) as number);
  const masses = new Float64Array(edges.length - 1);
  for (let cell = 0; cell < masses.length; cell++) {
    const low = tails[cell] as number;
    const high = tails[cell + 1] as number;
    const isAbove = (zs[cell] as number) >= 0;
    const isBelow = (zs[cell + 1] as number) <= 0;
    // Each difference is taken in the tail where it is exact; a mass that underflows stays comparable.
    const mass = isAbove ? low - high : isBelow ? high - low : 1 - low - high;
    masses[cell] = Math.max(-700, Math.log(mass / total));
  }
  return masses;
}
