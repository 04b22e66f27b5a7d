import { SearchSpace } from '../space/search-space.js';
import { type ParameterEffect, parameterEffects } from './importance.js';
import { IncumbentRanking } from './incumbent-ranking.js';
import { paretoFront, withParetoValues } from './pareto.js';
import { RungRanking } from './rung-ranking.js';
import type { SearchProgress, StudyState } from './study-state.js';
import { compareEvaluations, latestResult, type Trial } from './trial.js';

/** A study's records judged as the study itself judges them. */
export interface StudyView {
  /**
   * All trials: first those at the highest rung that has results, as `Study.best` ranks them; then the others, by rung
   * and by their own values; failures last.
   */
  readonly ranked: readonly Trial[];
  /** Only of two objectives. */
  readonly front?: readonly Trial[];
  readonly progress: SearchProgress;
}

/** What the parameters do to one objective. */
export interface ObjectiveEffects {
  readonly objective: string;
  /** Empty where too few trials have results. */
  readonly parameters: readonly ParameterEffect[];
}

/** Trials whose effects are computed within about a second. */
const MAX_TRIALS = 500;

/** Looks at a study that is not open; empty where nothing was recorded yet. */
export function viewStudy(state: StudyState): StudyView {
  const { header, trials } = state;
  if (header === undefined) return { ranked: [], progress: state.progress() };
  const isPareto = paretoNames(header.objective) !== undefined;
  const incumbents = new IncumbentRanking(SearchSpace.parse(header.space), header.scheduler.rungs);
  const best = rankTrials(trials, { incumbents, isPareto });
  const others = trials.filter((trial) => !best.includes(trial)).sort(byRungAndValue);
  return {
    ranked: [...best, ...others],
    progress: state.progress(best[0]),
    ...(isPareto && { front: topFront(trials) }),
  };
}

/**
 * Importance and marginal effects of a study's parameters, once for each objective. Where no trial holds the
 * constraints the effects are on how much they are broken. Of more than 500 trials evenly spaced ones are looked at,
 * since time grows with the square of their number.
 *
 * @param maxRows - of a marginal table. Default 8.
 */
export function studyEffects(
  { header, trials: all }: StudyState,
  maxRows?: number,
): readonly ObjectiveEffects[] {
  if (header === undefined) return [];
  const stride = Math.ceil(all.length / MAX_TRIALS);
  const trials = all.filter((_, i) => i % stride === 0);
  const options = {
    space: SearchSpace.parse(header.space),
    rungs: header.scheduler.rungs,
    ...(maxRows !== undefined && { maxRows }),
  };
  const isHeld = trials.some((trial) => latestResult(trial)?.violation === 0);
  const names = paretoNames(header.objective);
  if (!isHeld || names === undefined) {
    const [value = ''] = header.objective.split(' s.t. ');
    const objective = isHeld ? value : `violation of ${header.objective}`;
    return [{ objective, parameters: parameterEffects(trials, options) }];
  }
  return names.map((objective, i) => ({
    objective,
    parameters: parameterEffects(
      trials.map((trial) => withObjective(trial, i)),
      options,
    ),
  }));
}

/** All trials at the highest rung that has results, best first. */
function rankTrials(
  trials: readonly Trial[],
  { incumbents, isPareto }: { incumbents: IncumbentRanking; isPareto: boolean },
): readonly Trial[] {
  if (!isPareto) return incumbents.rank(trials, RungRanking.of(trials).best());
  return RungRanking.of(withParetoValues(trials))
    .best()
    .flatMap(({ number }) => trials[number] ?? []);
}

/** The front of the highest rung that has results. */
function topFront(trials: readonly Trial[]): readonly Trial[] {
  const resource = RungRanking.of(trials).best()[0]?.results.at(-1)?.resource;
  return resource === undefined ? [] : paretoFront(trials, resource);
}

function byRungAndValue(a: Trial, b: Trial): number {
  const [first, second] = [latestResult(a), latestResult(b)];
  const isFailed = Number(a.state === 'failed') - Number(b.state === 'failed');
  const rung = (second?.resource ?? 0) - (first?.resource ?? 0);
  const value = first && second ? compareEvaluations(first, second) : 0;
  return isFailed || rung || value || a.number - b.number;
}

/** The two metrics of `pareto(A,B)`; undefined for any other objective. */
function paretoNames(objective: string): readonly string[] | undefined {
  return /^pareto\(([^)]*)\)/.exec(objective)?.[1]?.split(',');
}

function withObjective(trial: Trial, index: number): Trial {
  const results = trial.results.map((result) => ({
    ...result,
    value: result.objectives?.[index] ?? result.value,
  }));
  return { ...trial, results };
}
