import type { MethodRank, ValidationRow } from '../cache/winner.js';
import { METHOD } from '../maskers/any-preset.js';
import { nonDominatedLayers } from '../search/pareto.js';
import { RungRanking } from '../search/rung-ranking.js';
import { latestResult, type Trial } from '../search/trial.js';

/**
 * The methods of a study over several, best first: by the validation of each one's best candidate, those that break the
 * constraint behind those that hold it, those that were not validated last.
 */
export function rankMethods(
  trials: readonly Trial[],
  rows: readonly ValidationRow[],
): readonly MethodRank[] {
  const methods = new Map<string, Trial[]>();
  for (const trial of trials) {
    const name = String(trial.params[METHOD]);
    methods.set(name, [...(methods.get(name) ?? []), trial]);
  }
  const ranks = [...methods].map(([config, own]): MethodRank => {
    const validated = rows.filter(({ params }) => params?.[METHOD] === config);
    const [best] = validated.toSorted(compareRows);
    return {
      config,
      trials: own.length,
      ...(best !== undefined && { best: best.label }),
      front: methodFront(own),
    };
  });
  const rowOf = ({ best }: MethodRank) => rows.find(({ label }) => label === best);
  return ranks.sort((a, b) => {
    const [first, second] = [rowOf(a), rowOf(b)];
    if (first === undefined || second === undefined)
      return Number(first === undefined) - Number(second === undefined);
    return compareRows(first, second);
  });
}

/** The best trial of each method, for validation. */
export function bestOfMethods(trials: readonly Trial[]): readonly Trial[] {
  const names = new Set(trials.map(({ params }) => params[METHOD]));
  return [...names].flatMap((name) =>
    RungRanking.of(trials.filter(({ params }) => params[METHOD] === name))
      .best()
      .slice(0, 1),
  );
}

/** What a method reaches at which density, by the trials at its highest rung none of which is better in both. */
function methodFront(trials: readonly Trial[]): MethodRank['front'] {
  const points = RungRanking.of(trials)
    .best()
    .flatMap((trial) => {
      const result = latestResult(trial);
      const density = result?.metrics['density'];
      if (result === undefined || density === undefined) return [];
      const { value, resource } = result;
      return [{ trial: trial.number, questions: resource, objective: value, density }];
    });
  const layers = nonDominatedLayers(
    points.map(({ objective, density }) => [objective, density] as const),
  );
  return points.filter((_, i) => layers[i] === 0).sort((a, b) => a.density - b.density);
}

function compareRows(a: ValidationRow, b: ValidationRow): number {
  return a.violation - b.violation || a.objective - b.objective;
}
