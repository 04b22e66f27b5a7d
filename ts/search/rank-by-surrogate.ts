import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { neighbour, priorPoint } from './candidates.js';
import type { Rng } from './rng.js';

const N_PRIOR = 96;
/** Steps around the incumbent, and how many neighbours of each. */
const STEPS = [0.15, 0.05, 0.015];
const N_NEIGHBOURS = 32;
/** Rounds that refine the most promising candidates. */
const REFINEMENTS = [0.05, 0.01];
const N_REFINED = 6;
const N_REFINEMENTS = 12;

/** What says how promising configurations are. */
export interface Acquisition {
  /** A configuration whose neighbours are looked at. */
  readonly incumbent: UnitVector;
  /** Higher is more promising. */
  scores(units: readonly UnitVector[]): readonly number[];
}

interface Scored {
  readonly unit: UnitVector;
  readonly score: number;
}

/**
 * Candidates by falling expected improvement: the given ones, some from the prior, neighbours of the incumbent, and
 * refinements of the best of all these.
 */
export function rankBySurrogate(
  space: SearchSpace,
  surrogate: Acquisition,
  given: readonly UnitVector[],
  rng: Rng,
): readonly UnitVector[] {
  const scored = (units: readonly UnitVector[]): readonly Scored[] => {
    const scores = surrogate.scores(units);
    return units.map((unit, i) => ({ unit, score: scores[i] ?? Number.NEGATIVE_INFINITY }));
  };
  const share = Math.max(0.35, 1.5 / Math.max(1, space.dimensions.length));
  const pool = [...given];
  for (let i = 0; i < N_PRIOR; i++) pool.push(priorPoint(space, rng));
  for (const step of STEPS) {
    for (let i = 0; i < N_NEIGHBOURS; i++) {
      pool.push(neighbour(space, surrogate.incumbent, { step, share }, rng));
    }
  }
  let ranked = sorted(scored(pool));
  for (const step of REFINEMENTS) {
    const refined = ranked
      .slice(0, N_REFINED)
      .flatMap(({ unit }) =>
        Array.from({ length: N_REFINEMENTS }, () =>
          neighbour(space, unit, { step, share: 0.5 }, rng),
        ),
      );
    ranked = sorted([...ranked, ...scored(refined)]);
  }
  return ranked.map(({ unit }) => unit);
}

function sorted(list: readonly Scored[]): readonly Scored[] {
  return [...list].sort((a, b) => b.score - a.score);
}
