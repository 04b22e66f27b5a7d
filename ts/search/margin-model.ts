import { normalCdf } from '../space/normal.js';
import { isConvincing } from './evidence.js';
import { spread } from './feasibility-model.js';
import type { FitCache } from './fit-cache.js';
import { GaussianProcess, type GpData } from './gaussian-process.js';
import type { GpPriors } from './gp-fit.js';
import { median } from './observations.js';

/** Margins that a model uses at most. */
const MAX_MARGINS = 100;

/** By how much one constraint was missed in each of some evaluations; negative where it held with room to spare. */
export interface Margins {
  readonly features: readonly Float64Array[];
  readonly groups: readonly number[];
  readonly values: readonly number[];
  /** Noise variance of each as a multiple of that at the top rung. */
  readonly noise: Float64Array;
}

/**
 * The probability that a configuration holds one constraint, from a regression of the margin: how far from the bound
 * says more than on which side. Margins are seen through asinh in units of their median size, so that the bound stays
 * where it is and those far from it count little.
 *
 * @see Gardner et al., "Bayesian optimization with inequality constraints", ICML 2014
 */
export class MarginModel {
  readonly #gp: GaussianProcess;
  /** The bound on the scale of the process. */
  readonly #bound: number;

  private constructor(gp: GaussianProcess, bound: number) {
    this.#gp = gp;
    this.#bound = bound;
  }

  /**
   * Undefined where a margin is missing (NaN), or the regression does not predict what it was not told.
   *
   * @param earlier - what the kernel's parameters are fitted to; it changes less often
   */
  static fit(
    margins: Margins,
    earlier: Margins,
    { fits, priors }: { fits: FitCache; priors: GpPriors },
  ): MarginModel | undefined {
    if ([...earlier.values, ...margins.values].some(Number.isNaN)) return undefined;
    const { params, evidence } = fits.fit(toData(earlier).data, priors);
    if (!isConvincing(evidence)) return undefined;
    const { data, bound } = toData(spreadOut(margins));
    const gp = GaussianProcess.condition(data, params);
    return gp && new MarginModel(gp, bound);
  }

  probabilities(rows: readonly Float64Array[]): readonly number[] {
    const noise = Math.exp(this.#gp.params.logNoise);
    return this.#gp
      .predictAll(rows)
      .map(({ mean, sd }) => normalCdf((this.#bound - mean) / Math.sqrt(sd * sd + noise)));
  }
}

function spreadOut({ features, groups, values, noise }: Margins): Margins {
  const kept = spread([...values.keys()], MAX_MARGINS);
  return {
    features: kept.map((i) => features[i] as Float64Array),
    groups,
    values: kept.map((i) => values[i] ?? 0),
    noise: Float64Array.from(kept, (i) => noise[i] ?? 1),
  };
}

function toData({ features, groups, values, noise }: Margins): { data: GpData; bound: number } {
  const scale = median(values.map(Math.abs)) || 1;
  const seen = Float64Array.from(values, (value) => Math.asinh(value / scale));
  const mean = seen.reduce((sum, z) => sum + z, 0) / seen.length;
  const sd = Math.sqrt(seen.reduce((sum, z) => sum + (z - mean) ** 2, 0) / seen.length) + 1e-9;
  const targets = seen.map((z) => (z - mean) / sd);
  return { data: { features, groups, targets, noise }, bound: -mean / sd };
}
