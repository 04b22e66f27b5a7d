import { isAny } from '../maskers/any-preset.js';
import type { Preset } from '../maskers/presets.js';
import { compareEvaluations, latestResult, type Trial } from '../search/trial.js';
import type { FinishedStudy } from './finished-study.js';
import { spreadFront } from './front.js';
import { bestOfMethods } from './method-ranking.js';

const mostCandidates = 5;
const mostOfFront = 8;

/**
 * The trials of a study that go on to validation: the best five, and of several methods the best of each too; of two
 * objectives the front, thinned where it is long. Where none of the best holds the constraint the nearest of them, and
 * the best that hold it on fewer questions: a bound that was missed by a hair on the last ones is no reason to give up.
 */
export function candidatesOf(
  { best, trials }: Pick<FinishedStudy, 'best' | 'trials'>,
  { preset, isPareto }: { readonly preset: Preset; readonly isPareto: boolean },
): readonly Trial[] {
  const isAnyHeld = best.some(isHeld);
  if (isPareto && isAnyHeld) return spreadFront(best, mostOfFront);
  const chosen = isAnyHeld
    ? best.slice(0, mostCandidates)
    : [...best.slice(0, 1), ...holders(trials), ...best.slice(1)].slice(0, mostCandidates);
  const ofMethods = isAny(preset) ? bestOfMethods(trials) : [];
  const numbers = new Set(chosen.map(({ number }) => number));
  return [...chosen, ...ofMethods.filter(({ number }) => !numbers.has(number))];
}

/** The trials whose last result holds the constraints, the most questions first, then by value. */
function holders(trials: readonly Trial[]): readonly Trial[] {
  const reach = (trial: Trial) => latestResult(trial)?.resource ?? 0;
  return trials
    .filter((trial) => trial.state !== 'failed' && isHeld(trial))
    .toSorted((a, b) => {
      const [first, second] = [latestResult(a), latestResult(b)];
      const order = first && second ? compareEvaluations(first, second) : 0;
      return reach(b) - reach(a) || order;
    });
}

function isHeld(trial: Trial): boolean {
  return latestResult(trial)?.violation === 0;
}
