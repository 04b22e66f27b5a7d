import { type AnyPreset, METHOD, methodDefaults } from '../maskers/any-preset.js';
import { haltonPoint } from '../search/halton.js';
import { Rng } from '../search/rng.js';
import type { Params } from '../space/distribution.js';
import { SearchSpace } from '../space/search-space.js';

/** At most so many of a method's configurations before the search decides. */
const mostStarts = 3;
/** Points of a method's sequence that are looked at for one that can run. */
const attempts = 64;

/**
 * What a search over several methods tries first, so that none is judged by a single configuration: the untuned default
 * of each, then in turn one or two configurations spread over its space that can run on the contexts. At most half of
 * the trials, and never less than one for each method.
 *
 * @param trials - those of the search
 */
export function methodStarts(
  preset: AnyPreset,
  { trials, seed, nKv }: { readonly trials: number; readonly seed: number; readonly nKv: number },
): readonly Params[] {
  const { methods } = preset;
  const affordable = Math.floor(trials / 2 / methods.length);
  const rounds = Math.max(1, Math.min(mostStarts, affordable));
  const defaults = methodDefaults(preset).filter(
    (params) => preset.infeasibility(params, { nKv }) === undefined,
  );
  const points = methods.map(({ name, space }, stream) => {
    const hasDefault = defaults.some(({ [METHOD]: method }) => method === name);
    const own = SearchSpace.parse(space);
    const found: Params[] = [];
    for (let i = 0; found.length < rounds - Number(hasDefault) && i < attempts; i++) {
      const shifts = Rng.at(seed, stream);
      const unit = haltonPoint(own, i, shifts, Rng.at(seed, attempts * (stream + 1) + i));
      const params = { [METHOD]: name, ...own.decode(unit) };
      if (preset.infeasibility(params, { nKv }) === undefined) found.push(params);
    }
    return found;
  });
  const inTurn = Array.from({ length: rounds }, (_, round) =>
    points.flatMap((found) => found.slice(round, round + 1)),
  );
  return [...defaults, ...inTurn.flat()];
}
