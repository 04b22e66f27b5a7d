import { cellCount, type Distribution, fromPrior } from '../space/distribution.js';
import { normalQuantile } from '../space/normal.js';
import type { SearchSpace, UnitVector } from '../space/search-space.js';
import type { Rng } from './rng.js';

/** A configuration drawn from the prior. */
export function priorPoint(space: SearchSpace, rng: Rng): UnitVector {
  return space.walk(({ distribution }) => fromPrior(distribution, rng.uniform()));
}

/**
 * A neighbour of a configuration: each coordinate changes with the given probability, a number by a normal step, a
 * choice to one drawn from the prior; what the neighbour has beyond the other is drawn from the prior.
 */
export function neighbour(
  space: SearchSpace,
  unit: UnitVector,
  { step, share }: { step: number; share: number },
  rng: Rng,
): UnitVector {
  return space.walk(({ index, distribution }) => {
    const u = unit[index] ?? Number.NaN;
    if (Number.isNaN(u)) return fromPrior(distribution, rng.uniform());
    return rng.uniform() < share ? moved(distribution, u, step, rng) : u;
  });
}

function moved(distribution: Distribution, u: number, step: number, rng: Rng): number {
  if (distribution.kind === 'categorical') return fromPrior(distribution, rng.uniform());
  // Quantiles of 0 and 1 are infinite; 53 random bits can give 0.
  const z = normalQuantile(Math.max(rng.uniform(), 1e-12));
  // A step below one cell would never arrive anywhere.
  const least = 1 / cellCount(distribution);
  return Math.min(1, Math.max(0, u + Math.max(step, least) * z));
}
