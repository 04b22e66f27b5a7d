import type { Evaluation } from '../search/trial.js';

/**
 * The index of the winner among candidates, or else of the one that breaks the constraint least: the lowest value among
 * those that hold the constraint; of values within `tie` of the lowest the lowest density. Values that are not finite
 * are no candidates.
 */
export function choose(
  candidates: readonly (Evaluation & { readonly density: number })[],
  { tie }: { readonly tie: number },
): [winner: number | undefined, nearest: number | undefined] {
  const ranked = candidates
    .map((candidate, index) => ({ ...candidate, index }))
    .filter(({ value, violation }) => Number.isFinite(value + violation))
    .sort((a, b) => a.violation - b.violation || a.value - b.value);
  const [best] = ranked;
  if (best === undefined || best.violation > 0) return [undefined, best?.index];
  const tied = ranked.filter(
    ({ violation, value }) => violation === 0 && value - best.value <= tie,
  );
  return [tied.sort((a, b) => a.density - b.density)[0]?.index, undefined];
}
