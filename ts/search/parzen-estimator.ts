import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { KernelWidths } from './kernel-widths.js';
import { createFactor, type ParzenFactor } from './parzen-factor.js';
import type { Rng } from './rng.js';

export interface ParzenOptions {
  /** Weight of the prior's kernel, where each observation weighs 1. Default 1. */
  readonly priorWeight?: number;
  /** Width of every numeric kernel in unit coordinates. Default: Scott's rule with a floor. */
  readonly bandwidth?: number;
}

/**
 * A density over a search space: the mean of one product kernel per observation and one of the prior.
 *
 * Numeric kernels are normals truncated to the unit interval, in cells where the range is finite; a categorical kernel
 * keeps its choice with probability 1 - b and draws from the prior else, b = 1 / (1 + sqrt(n) / 4).
 *
 * @see Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; arXiv:2304.11127
 */
export class ParzenEstimator {
  readonly #space: SearchSpace;
  readonly #factors: readonly ParzenFactor[];
  readonly #nKernels: number;
  readonly #logObserved: number;
  readonly #logPrior: number;

  constructor(
    space: SearchSpace,
    units: readonly UnitVector[],
    { priorWeight = 1, bandwidth }: ParzenOptions = {},
  ) {
    const nDims = units.reduce((most, unit) => Math.max(most, countPresent(unit)), 1);
    const widths = new KernelWidths(nDims, bandwidth);
    this.#space = space;
    this.#nKernels = units.length + 1;
    this.#factors = space.dimensions.map((dimension) => createFactor(dimension, units, widths));
    this.#logObserved = -Math.log(units.length + priorWeight);
    this.#logPrior = Math.log(priorWeight) + this.#logObserved;
  }

  /** A unit vector drawn from the density: all its dimensions from one kernel. */
  draw(rng: Rng): UnitVector {
    const u = rng.uniform() / Math.exp(this.#logObserved);
    const kernel = Math.min(this.#nKernels - 1, Math.floor(u));
    return this.#space.walk(({ index }) => this.#factors[index]?.draw(kernel, rng) ?? 0.5);
  }

  /** Log density of each candidate. */
  logDensities(candidates: readonly UnitVector[]): Float64Array {
    const terms = new Float64Array(this.#nKernels);
    const logs = new Float64Array(candidates.length);
    candidates.forEach((candidate, c) => {
      terms.fill(0);
      for (const factor of this.#factors) factor.addTo(terms, candidate);
      logs[c] = this.#logSum(terms);
    });
    return logs;
  }

  /** log of the weighted sum of exp(terms) of one candidate, the prior's kernel last. */
  #logSum(terms: Float64Array): number {
    const last = terms.length - 1;
    // Weights enter by shifting the prior's term, the common factor at the end.
    terms[last] = (terms[last] as number) + this.#logPrior - this.#logObserved;
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k <= last; k++) top = Math.max(top, terms[k] as number);
    let sum = 0;
    for (let k = 0; k <= last; k++) {
      const gap = (terms[k] as number) - top;
      if (gap > NEGLIGIBLE) sum += Math.exp(gap);
    }
    return top + Math.log(sum) + this.#logObserved;
  }
}

/** Kernels whose density is this much lower than the highest, as a logarithm, add less than a billionth in all. */
const NEGLIGIBLE = -27;

function countPresent(unit: UnitVector): number {
  let count = 0;
  for (const u of unit) if (!Number.isNaN(u)) count += 1;
  return count;
}
