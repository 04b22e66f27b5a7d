import {
  BLOCK,
  choleskyInPlace,
  inverseOfFactor,
  solveLower,
  solveLowerBlock,
  solveUpper,
} from './cholesky.js';
import { matern52, maternSlope } from './matern.js';

/** What a Gaussian process is conditioned on. */
export interface GpData {
  /** One feature vector per observation. */
  readonly features: readonly Float64Array[];
  /** Length-scale that each feature shares, counted from 0: the columns of one parameter have the same. */
  readonly groups: readonly number[];
  readonly targets: Float64Array;
  /** Noise variance of each observation as a multiple of the fitted one. */
  readonly noise: Float64Array;
}

/** Logarithms of a kernel's parameters. */
export interface GpParams {
  /** One per group. */
  readonly logLengths: Float64Array;
  readonly logAmplitude: number;
  readonly logNoise: number;
}

export interface Prediction {
  readonly mean: number;
  readonly sd: number;
}

/** Added to the diagonal, relative to unit variance, for numerical safety. */
export const JITTER = 1e-6;

/**
 * A Gaussian process with zero mean and a Matern-5/2 kernel whose length-scales are per group (ARD).
 *
 * Cost: n^3 / 3 multiplications to condition, n * columns + n^2 / 2 per prediction.
 *
 * @see Rasmussen and Williams, "Gaussian processes for machine learning", algorithm 2.1 and section 5.4.2
 */
export class GaussianProcess {
  readonly data: GpData;
  readonly params: GpParams;
  readonly #factor: Float64Array;
  /** (K + noise)^-1 y */
  readonly #weights: Float64Array;
  /** The features in length-scales, [columns, n]. */
  readonly #columns: Float64Array;
  readonly #inverseLengths: Float64Array;

  private constructor(data: GpData, params: GpParams, factor: Float64Array) {
    this.data = data;
    this.params = params;
    this.#factor = factor;
    this.#weights = data.targets.slice();
    solveLower(factor, this.size, this.#weights);
    solveUpper(factor, this.size, this.#weights);
    this.#inverseLengths = inverseLengths(data.groups, params);
    this.#columns = scaledColumns(data, this.#inverseLengths);
  }

  /** Conditions the process, or gives undefined where the kernel matrix is singular. */
  static condition(data: GpData, params: GpParams): GaussianProcess | undefined {
    const factor = covariance(data, params);
    if (!choleskyInPlace(factor, data.targets.length)) return undefined;
    return new GaussianProcess(data, params, factor);
  }

  get size(): number {
    return this.data.targets.length;
  }

  /** log p(y), without priors. */
  get logLikelihood(): number {
    const n = this.size;
    let sum = -0.5 * n * Math.log(2 * Math.PI);
    for (let i = 0; i < n; i++) {
      const y = this.data.targets[i] as number;
      sum -= 0.5 * y * (this.#weights[i] as number) + Math.log(this.#factor[i * n + i] as number);
    }
    return sum;
  }

  /** Mean and standard deviation of the noise-free value at a feature vector. */
  predict(features: Float64Array): Prediction {
    return this.predictAll([features])[0] as Prediction;
  }

  /** As predict, for many at once, which costs half as much each. */
  predictAll(rows: readonly Float64Array[]): readonly Prediction[] {
    const predictions: Prediction[] = [];
    const block = new Float64Array(this.size * BLOCK);
    for (let first = 0; first < rows.length; first += BLOCK) {
      const some = rows.slice(first, first + BLOCK);
      block.fill(0);
      const means = some.map((features, column) => this.#fillColumn(block, column, features));
      solveLowerBlock(this.#factor, this.size, block);
      for (const [column, mean] of means.entries()) {
        const variance = Math.exp(this.params.logAmplitude) - squaredNorm(block, column);
        predictions.push({ mean, sd: Math.sqrt(Math.max(variance, 1e-10)) });
      }
    }
    return predictions;
  }

  /** The mean alone, which costs less. */
  mean(features: Float64Array): number {
    const row = this.#kernelRow(features);
    let mean = 0;
    for (let i = 0; i < row.length; i++) mean += (row[i] as number) * (this.#weights[i] as number);
    return mean;
  }

  /** What each observation would be predicted to be from all others, with the noise of its own measurement. */
  leaveOneOut(): { readonly means: Float64Array; readonly variances: Float64Array } {
    const n = this.size;
    const inverse = inverseOfFactor(this.#factor, n);
    const variances = Float64Array.from(
      { length: n },
      (_, i) => 1 / (inverse[i * n + i] as number),
    );
    const means = this.data.targets.map(
      (y, i) => y - (this.#weights[i] as number) * (variances[i] as number),
    );
    return { means, variances };
  }

  /** d logLikelihood / d (logLengths, logAmplitude, logNoise). */
  gradient(): Float64Array {
    const n = this.size;
    const nGroups = this.params.logLengths.length;
    const inverse = inverseOfFactor(this.#factor, n);
    const amplitude = Math.exp(this.params.logAmplitude);
    const noise = Math.exp(this.params.logNoise);
    const gradient = new Float64Array(nGroups + 2);
    const parts = new Float64Array(nGroups);
    const { groups, features } = this.data;
    const rows = features.map((row) => scale(row, this.#inverseLengths));
    for (let i = 0; i < n; i++) {
      const a = rows[i] as Float64Array;
      const weight = this.#weights[i] as number;
      for (let j = 0; j < i; j++) {
        const q = weight * (this.#weights[j] as number) - (inverse[i * n + j] as number);
        const squared = partialDistances(a, rows[j] as Float64Array, groups, parts);
        // Off-diagonal entries stand twice in the trace, which cancels its factor 1/2.
        const slope = q * amplitude * maternSlope(squared);
        for (let g = 0; g < nGroups; g++) {
          gradient[g] = (gradient[g] as number) + slope * (parts[g] as number);
        }
        gradient[nGroups] = (gradient[nGroups] as number) + q * amplitude * matern52(squared);
      }
      const q = 0.5 * (weight * weight - (inverse[i * n + i] as number));
      gradient[nGroups] = (gradient[nGroups] as number) + q * amplitude;
      const own = noise * (this.data.noise[i] as number);
      gradient[nGroups + 1] = (gradient[nGroups + 1] as number) + q * own;
    }
    return gradient;
  }

  /** Writes the kernel row of a feature vector into a column of a block, and gives the mean there. */
  #fillColumn(block: Float64Array, column: number, features: Float64Array): number {
    const row = this.#kernelRow(features);
    let mean = 0;
    for (let i = 0; i < row.length; i++) {
      const entry = row[i] as number;
      block[i * BLOCK + column] = entry;
      mean += entry * (this.#weights[i] as number);
    }
    return mean;
  }

  #kernelRow(features: Float64Array): Float64Array {
    const n = this.size;
    const columns = this.#columns;
    const row = new Float64Array(n);
    for (let c = 0; c < features.length; c++) {
      const x = (features[c] as number) * (this.#inverseLengths[c] as number);
      for (let i = 0, at = c * n; i < n; i++, at++) {
        const gap = x - (columns[at] as number);
        row[i] = (row[i] as number) + gap * gap;
      }
    }
    const amplitude = Math.exp(this.params.logAmplitude);
    for (let i = 0; i < n; i++) row[i] = amplitude * matern52(row[i] as number);
    return row;
  }
}

/** The features in length-scales, [columns, n], so that distances to all observations run along rows. */
function scaledColumns({ features }: GpData, by: Float64Array): Float64Array {
  const n = features.length;
  const columns = new Float64Array(by.length * n);
  for (const [i, row] of features.entries()) {
    for (let c = 0; c < by.length; c++) columns[c * n + i] = (row[c] as number) * (by[c] as number);
  }
  return columns;
}

function squaredNorm(block: Float64Array, column: number): number {
  let sum = 0;
  for (let i = column; i < block.length; i += BLOCK) sum += (block[i] as number) ** 2;
  return sum;
}

/** The lower triangle of K + noise. */
function covariance(data: GpData, params: GpParams): Float64Array {
  const n = data.targets.length;
  const inverse = inverseLengths(data.groups, params);
  const rows = data.features.map((row) => scale(row, inverse));
  const amplitude = Math.exp(params.logAmplitude);
  const noise = Math.exp(params.logNoise);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const a = rows[i] as Float64Array;
    for (let j = 0; j < i; j++) {
      matrix[i * n + j] = amplitude * matern52(squaredDistance(a, rows[j] as Float64Array));
    }
    matrix[i * n + i] = amplitude + noise * (data.noise[i] as number) + JITTER;
  }
  return matrix;
}

function inverseLengths(groups: readonly number[], { logLengths }: GpParams): Float64Array {
  return Float64Array.from(groups, (group) => Math.exp(-(logLengths[group] ?? 0)));
}

function scale(row: Float64Array, by: Float64Array): Float64Array {
  return row.map((value, i) => value * (by[i] as number));
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = (a[i] as number) - (b[i] as number);
    sum += gap * gap;
  }
  return sum;
}

/** The squared distance, and each group's part of it. */
function partialDistances(
  a: Float64Array,
  b: Float64Array,
  groups: readonly number[],
  parts: Float64Array,
): number {
  parts.fill(0);
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = (a[i] as number) - (b[i] as number);
    const group = groups[i] as number;
    parts[group] = (parts[group] as number) + gap * gap;
    sum += gap * gap;
  }
  return sum;
}
