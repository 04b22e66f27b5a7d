import { fromPrior } from '../space/distribution.js';
import type { SearchSpace, UnitVector } from '../space/search-space.js';
import type { Rng } from './rng.js';

const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/**
 * The point of a Halton sequence, shifted at random and mapped to the prior: spreads the first trials evenly.
 *
 * Dimensions beyond the twelfth are drawn at random: high primes need more points than a start-up has.
 *
 * @param shifts - the same stream for all points of a study
 * @param own - the point's own stream
 */
export function haltonPoint(space: SearchSpace, index: number, shifts: Rng, own: Rng): UnitVector {
  const shift = Array.from(space.dimensions, () => shifts.uniform());
  return space.walk((dimension) => {
    const base = PRIMES[dimension.index];
    const u =
      base === undefined
        ? own.uniform()
        : (radicalInverse(index + 1, base) + (shift[dimension.index] ?? 0)) % 1;
    return fromPrior(dimension.distribution, u);
  });
}

/** The digits of `index` in a base, mirrored at the point. */
function radicalInverse(index: number, base: number): number {
  let share = 1;
  let result = 0;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    share /= base;
    result += share * (rest % base);
  }
  return result;
}
