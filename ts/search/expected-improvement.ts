import { normalCdf } from '../space/normal.js';

const LOG_SQRT_TAU = 0.5 * Math.log(2 * Math.PI);

/**
 * log of the expected improvement below `best` of a normal variable, without underflow far from it.
 *
 * @see Jones et al., "Efficient global optimization of expensive black-box functions", 1998; arXiv:2310.20708, section 4
 */
export function logExpectedImprovement(mean: number, sd: number, best: number): number {
  const z = (best - mean) / sd;
  if (z > -6) {
    const density = Math.exp(-0.5 * z * z - LOG_SQRT_TAU);
    return Math.log(Math.max(z * normalCdf(z) + density, 1e-300)) + Math.log(sd);
  }
  // z cdf(z) + pdf(z) = pdf(z) / z^2 * (1 - 3 / z^2 + 15 / z^4 - ...)
  const tail = (15 / (z * z) - 3) / (z * z);
  return -0.5 * z * z - LOG_SQRT_TAU - 2 * Math.log(-z) + Math.log1p(tail) + Math.log(sd);
}

/** Expected value of max(0, bound - y) of a normal y. */
export function expectedExcess(mean: number, sd: number, bound: number): number {
  const z = (bound - mean) / sd;
  return (bound - mean) * normalCdf(z) + sd * Math.exp(-0.5 * z * z - LOG_SQRT_TAU);
}
