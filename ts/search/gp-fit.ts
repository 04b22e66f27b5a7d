import { GaussianProcess, type GpData, type GpParams } from './gaussian-process.js';
import { minimise, type Slope } from './minimise.js';

/** Log-normal prior of a positive kernel parameter. */
export interface LogNormal {
  readonly mean: number;
  readonly sd: number;
}

export interface GpPriors {
  /** One per group. */
  readonly lengths: readonly LogNormal[];
  readonly amplitude: LogNormal;
  readonly noise: LogNormal;
}

const LOG_LENGTH_BOUNDS = [Math.log(0.03), Math.log(20)] as const;
const LOG_AMPLITUDE_BOUNDS = [-3, 4] as const;
const LOG_NOISE_BOUNDS = [Math.log(1e-6), 0] as const;
/** A start where all is noise and one where nearly nothing is; they lead to the two usual optima. */
const NOISE_STARTS = [1e-3, 0.2].map(Math.log);

/**
 * The kernel parameters of the highest posterior density: marginal likelihood times weak log-normal priors.
 *
 * @see Rasmussen and Williams, "Gaussian processes for machine learning", section 5.4.1
 */
export function fitGp(data: GpData, priors: GpPriors): GpParams {
  const all = [...priors.lengths, priors.amplitude, priors.noise];
  const nLengths = priors.lengths.length;
  const bounds = all.map((_, i) => {
    if (i < nLengths) return LOG_LENGTH_BOUNDS;
    return i === nLengths ? LOG_AMPLITUDE_BOUNDS : LOG_NOISE_BOUNDS;
  });
  const low = Float64Array.from(bounds, ([bound]) => bound);
  const high = Float64Array.from(bounds, ([, bound]) => bound);
  const negative = (x: Float64Array): Slope => negativePosterior(data, all, x);
  const fits = NOISE_STARTS.map((noise) => {
    const start = Float64Array.from(all, ({ mean }) => mean);
    start[start.length - 1] = noise;
    return minimise(negative, start, { low, high });
  });
  const best = fits.reduce((a, b) => (b.value < a.value ? b : a));
  return toParams(best.x);
}

/** Minus log posterior and its gradient; not finite where the kernel matrix is singular. */
export function negativePosterior(
  data: GpData,
  priors: readonly LogNormal[],
  x: Float64Array,
): Slope {
  const gp = GaussianProcess.condition(data, toParams(x));
  if (gp === undefined) return { value: Number.POSITIVE_INFINITY, gradient: x };
  let value = -gp.logLikelihood;
  const gradient = gp.gradient().map((slope, i) => {
    const { mean = 0, sd = 1 } = priors[i] ?? {};
    const z = ((x[i] as number) - mean) / sd;
    value += 0.5 * z * z;
    return z / sd - slope;
  });
  return { value, gradient };
}

function toParams(x: Float64Array): GpParams {
  return {
    logLengths: x.slice(0, -2),
    logAmplitude: x[x.length - 2] as number,
    logNoise: x[x.length - 1] as number,
  };
}
